#include "engine/gluon/naming.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace baryon::gluon {
namespace {

// Counters of blocks made outside of scopes, and the scope that is open.
thread_local std::shared_ptr<NameCounters> thread_counters;
thread_local std::shared_ptr<BlockNames> thread_scope;
thread_local OperatorScope* operator_scope = nullptr;

const std::shared_ptr<NameCounters>& ThreadCounters() {
  if (thread_counters == nullptr) thread_counters = std::make_shared<NameCounters>();
  return thread_counters;
}

}  // namespace

std::string NameCounters::Next(absl::string_view hint) {
  std::string key(hint);
  const int count = counts_[key]++;
  return absl::StrCat(key, count);
}

NameManager::NameManager()
    : outer_counters_(std::exchange(thread_counters, std::make_shared<NameCounters>())),
      outer_scope_(std::exchange(thread_scope, nullptr)) {}

NameManager::~NameManager() {
  thread_counters = std::move(outer_counters_);
  thread_scope = std::move(outer_scope_);
}

BlockNames::BlockNames(std::string hint, const std::optional<std::string>& prefix)
    : hint_(std::move(hint)),
      own_prefix_(prefix),
      scope_(thread_scope),
      counters_(scope_ != nullptr ? scope_->child_counters_ : ThreadCounters()) {}

const std::string& BlockNames::Prefix() {
  if (!prefix_.has_value()) {
    const std::string outer = scope_ != nullptr ? scope_->Prefix() : "";
    prefix_ = own_prefix_.has_value() ? outer + *own_prefix_ : absl::StrCat(outer, counters_->Next(hint_), "_");
  }
  return *prefix_;
}

OpenNameScope::OpenNameScope(std::shared_ptr<BlockNames> names) : opened_(!names->transparent()) {
  if (opened_) outer_ = std::exchange(thread_scope, std::move(names));
}

OpenNameScope::~OpenNameScope() {
  if (opened_) thread_scope = std::move(outer_);
}

OperatorScope::OperatorScope(std::string prefix)
    : prefix_(std::move(prefix)), outer_(std::exchange(operator_scope, this)) {}

OperatorScope::~OperatorScope() { operator_scope = outer_; }

std::string OperatorScope::NameOf(absl::string_view name, absl::string_view hint) {
  if (operator_scope == nullptr) return std::string(name.empty() ? hint : name);
  return operator_scope->prefix_ + (name.empty() ? operator_scope->counters_.Next(hint) : std::string(name));
}

}  // namespace baryon::gluon
