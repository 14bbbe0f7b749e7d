#include "engine/gluon/sequential.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "engine/base/logging.h"

namespace baryon::nn {

NoBlock::NoBlock(int64_t index, int64_t size) : HybridBlock({.hint = "noblock", .prefix = ""}) {
  Fail(absl::OutOfRangeError(absl::StrCat("list index out of range: ", index, " of ", size, " blocks")));
}

Sequential::Sequential(SequentialOptions options) : Sequential("sequential", std::move(options)) {}

void Sequential::Hybridize(bool active, const gluon::HybridizeOptions& options) {
  const bool all_hybrid = std::all_of(children().begin(), children().end(), [](const auto& child) {
    return dynamic_cast<const HybridBlock*>(child.second.get()) != nullptr;
  });
  if (active && size() > 0 && all_hybrid) {
    LogWarning(absl::StrCat("All children of this Sequential layer '", ToString(),
                            "'\n are HybridBlocks. Consider using HybridSequential for the best performance."));
  }
  Block::Hybridize(active, options);
}

HybridSequential::HybridSequential(SequentialOptions options)
    : HybridSequential("hybridsequential", std::move(options)) {}

}  // namespace baryon::nn
