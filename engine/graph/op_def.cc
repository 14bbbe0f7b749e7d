#include "engine/graph/op_def.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace baryon {

bool IsHiddenAttr(absl::string_view name) {
  return name.size() > 4 && absl::StartsWith(name, "__") && absl::EndsWith(name, "__");
}

void OpContext::ParallelRanges(int64_t count, int64_t grain, absl::FunctionRef<void(int64_t begin, int64_t end)> fn) {
  const int64_t most = std::max<int64_t>(count / std::max<int64_t>(grain, 1), 1);
  const int tasks = static_cast<int>(std::min<int64_t>(most, num_threads()));
  if (tasks == 1) {
    if (count > 0) fn(0, count);
    return;
  }
  ParallelFor(tasks, [&](int task, int) { fn(count * task / tasks, count * (task + 1) / tasks); });
}

absl::StatusOr<std::shared_ptr<const void>> PreparedCache::GetOrMake(
    const std::string& key, absl::FunctionRef<absl::StatusOr<std::shared_ptr<const void>>()> make) {
  {
    absl::MutexLock lock(&mutex_);
    if (const auto it = values_.find(key); it != values_.end()) return it->second;
  }
  // Made without the lock: packing is long, and two plans that make the same value at once are rare and harmless.
  BARYON_ASSIGN_OR_RETURN(std::shared_ptr<const void> value, make());
  absl::MutexLock lock(&mutex_);
  return values_.emplace(key, std::move(value)).first->second;
}

bool PreparedCache::Contains(const std::string& key) const {
  absl::MutexLock lock(&mutex_);
  return values_.count(key) > 0;
}

std::string OpDef::output_name(int index, int num_outputs) const {
  if (index < static_cast<int>(outputs.size()) && !outputs[index].empty()) {
    if (num_outputs <= static_cast<int>(outputs.size())) return outputs[index];
  }
  return absl::StrCat("output", index);
}

std::string OpDef::input_name(int index) const {
  if (variadic && index + 1 >= static_cast<int>(inputs.size())) return absl::StrCat("arg", index);
  return index < static_cast<int>(inputs.size()) ? inputs[index].name : absl::StrCat("input", index);
}

InputRole OpDef::input_role(int index) const {
  if (inputs.empty()) return InputRole::kData;
  return inputs[std::min<size_t>(index, inputs.size() - 1)].role;
}

}  // namespace baryon
