// The names that MXNet 1.x gives: what exported files call parameters and operators.
//
// A block has a prefix: its hint (the class in lower case: "dense") and a counter, behind the prefix of the scope that
// was open when it was made: "dense0_", "resnetv10_stage1_conv0_". Its parameters are prefix + "weight", the operators
// of a layer prefix + "fwd", other operators prefix + hint + counter: "_plus0". Counters belong to the enclosing scope,
// or to the thread when none is open. (The other name, by structure, is the path of attributes: "features.0.weight".)
//
//   NameManager fresh;                 // counts from 0, whatever the thread made before
//   Net() { NameScope scope(*this); dense = Register("dense", nn::Dense(5)); }    // net0_dense0_weight
//
// Python counts blocks when they are made. C++ does not say in which order the arguments of a call are made, as in
// net.Add(nn::Dense(5), nn::Dense(2)); so here blocks are counted when the name of one is needed, first the block, then
// its children in the order in which they were added. The same numbers come out unless a program makes blocks in one
// order and adds them in another. Everything here is per thread.
#ifndef BARYON_ENGINE_GLUON_NAMING_H_
#define BARYON_ENGINE_GLUON_NAMING_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace baryon::gluon {

// How often each hint was used in one scope.
class NameCounters {
 public:
  // "dense0", then "dense1".
  std::string Next(absl::string_view hint);

 private:
  std::map<std::string, int> counts_;
};

class BlockNames;

// While it lives, blocks that this thread makes are counted from 0, outside of all scopes; afterwards as before.
class NameManager {
 public:
  NameManager();
  ~NameManager();
  NameManager(const NameManager&) = delete;
  NameManager& operator=(const NameManager&) = delete;

 private:
  std::shared_ptr<NameCounters> outer_counters_;
  std::shared_ptr<BlockNames> outer_scope_;
};

// The place of one block among the names: taken when it is made, counted when its prefix is asked for.
class BlockNames {
 public:
  // With a `prefix`, exactly that behind the prefix of the scope; else `hint` and a counter. An empty hint may be set
  // later, until Prefix is called.
  BlockNames(std::string hint, const std::optional<std::string>& prefix);

  const std::string& hint() const { return hint_; }
  void set_hint(std::string hint) { hint_ = std::move(hint); }
  // The prefix with those of the enclosing scopes: "net0_dense0_".
  const std::string& Prefix();
  // True for a block made with the prefix "": its scope is the one around it.
  bool transparent() const { return own_prefix_.has_value() && own_prefix_->empty(); }

 private:
  friend class OpenNameScope;

  std::string hint_;
  const std::optional<std::string> own_prefix_;
  const std::shared_ptr<BlockNames> scope_;       // around it; nullptr for none
  const std::shared_ptr<NameCounters> counters_;  // in which this block is counted
  const std::shared_ptr<NameCounters> child_counters_ = std::make_shared<NameCounters>();
  std::optional<std::string> prefix_;  // once it is known
};

// While it lives, blocks that this thread makes are named in the scope of `names`, whose hint is known. A scope may be
// opened again and goes on counting. See NameScope in block.h, which is what blocks use.
class OpenNameScope {
 public:
  explicit OpenNameScope(std::shared_ptr<BlockNames> names);
  ~OpenNameScope();
  OpenNameScope(const OpenNameScope&) = delete;
  OpenNameScope& operator=(const OpenNameScope&) = delete;

 private:
  const bool opened_;
  std::shared_ptr<BlockNames> outer_;
};

// While it lives, operators that are written outside of layers are counted from 0 behind `prefix`. A block opens one
// for each of its calls while it is traced.
class OperatorScope {
 public:
  explicit OperatorScope(std::string prefix);
  ~OperatorScope();
  OperatorScope(const OperatorScope&) = delete;
  OperatorScope& operator=(const OperatorScope&) = delete;

  // The name of an operator: prefix and `name`, or without a name the next for `hint`. Of the innermost scope; without
  // any the name alone.
  static std::string NameOf(absl::string_view name, absl::string_view hint);

 private:
  const std::string prefix_;
  NameCounters counters_;
  OperatorScope* const outer_;
};

}  // namespace baryon::gluon

#endif  // BARYON_ENGINE_GLUON_NAMING_H_
