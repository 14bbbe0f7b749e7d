// Blocks that run one after another: mxnet.gluon.nn.Sequential.
//
//   nn::Sequential net;
//   net.Add(nn::Dense(5, {.activation = "relu"}), nn::Dense(25, {.activation = "relu"}), nn::Dense(2));
//   std::cout << net << net[1];
#ifndef BARYON_ENGINE_GLUON_SEQUENTIAL_H_
#define BARYON_ENGINE_GLUON_SEQUENTIAL_H_

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "engine/gluon/block.h"
#include "engine/gluon/hybrid_block.h"

namespace baryon::nn {

using gluon::Block;
using gluon::HybridBlock;

struct SequentialOptions {
  std::optional<std::string> prefix = std::nullopt;
};

// What stands at an index that is none: calls answer with an error (OUT_OF_RANGE), and so does status().
class NoBlock : public HybridBlock {
 public:
  NoBlock(int64_t index, int64_t size);
};

// What Sequential and HybridSequential have in common. Self is the one of them, Base the class of its blocks.
template <typename Self, typename Base>
class Container : public Base {
 public:
  // Appends blocks, given by value or as handles (Child) that others have too.
  template <typename... Blocks>
  void Add(Blocks&&... blocks) {
    (AddOne(std::forward<Blocks>(blocks)), ...);
  }

  int64_t size() const { return static_cast<int64_t>(this->children().size()); }
  // The block at `index`; negative from the end.
  Base& operator[](int64_t index) {
    const int64_t place = index < 0 ? index + size() : index;
    if (place >= 0 && place < size()) return static_cast<Base&>(*this->children()[place].second);
    none_ = std::make_shared<NoBlock>(index, size());
    return *none_;
  }
  // The same as what it is: net.Get<nn::Dense>(1)->weight(). nullptr for another class or beyond the end.
  template <typename B>
  B* Get(int64_t index) {
    return dynamic_cast<B*>(&(*this)[index]);
  }
  // A new container of the blocks in [begin, end), which both own; bounds as Python slices them.
  Self Slice(int64_t begin, std::optional<int64_t> end = std::nullopt) const {
    const auto place = [this](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + size() : i, 0, size()); };
    Self part({.prefix = this->prefix()});
    for (int64_t i = place(begin); i < place(end.value_or(size())); ++i) part.RegisterChild(this->children()[i].second);
    return part;
  }

  // for (Block& block : net)
  class Iterator {
   public:
    Iterator(const Container* container, int64_t index) : container_(container), index_(index) {}
    Base& operator*() const { return static_cast<Base&>(*container_->children()[index_].second); }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    friend bool operator!=(const Iterator& a, const Iterator& b) { return a.index_ != b.index_; }

   private:
    const Container* container_;
    int64_t index_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

  // The outputs of each block are the inputs of the next.
  NDArrays ForwardMany(absl::Span<const NDArray> inputs) override {
    NDArrays values(inputs.begin(), inputs.end());
    for (const auto& [name, block] : this->children()) values = block->Call(values);
    return values;
  }

 protected:
  using Base::Base;

 private:
  template <typename B>
  requires std::is_base_of_v<gluon::Block, B>
  void AddOne(B block) { this->RegisterChild(std::make_shared<B>(std::move(block))); }
  template <typename B>
  void AddOne(const gluon::Child<B>& block) {
    this->RegisterChild(block.shared());
  }

  std::shared_ptr<NoBlock> none_;
};

class Sequential : public Container<Sequential, Block> {
 public:
  explicit Sequential(SequentialOptions options = {});
  // Warns when everything could be compiled: use HybridSequential.
  void Hybridize(bool active = true, const gluon::HybridizeOptions& options = {}) override;

 protected:
  // For classes derived from it: what their names start with.
  Sequential(std::string hint, SequentialOptions options)
      : Container({.hint = std::move(hint), .prefix = std::move(options.prefix)}) {}
};

// The same as a HybridBlock: children are HybridBlocks, and Hybridize compiles all of it.
class HybridSequential : public Container<HybridSequential, HybridBlock> {
 public:
  explicit HybridSequential(SequentialOptions options = {});

 protected:
  HybridSequential(std::string hint, SequentialOptions options)
      : Container({.hint = std::move(hint), .prefix = std::move(options.prefix)}) {}
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_SEQUENTIAL_H_
