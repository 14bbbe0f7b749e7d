#include "engine/ops/packed_weight.h"

#include "absl/strings/str_cat.h"

namespace baryon {

using kernels::AlignedBuffer;

absl::StatusOr<std::shared_ptr<const AlignedBuffer>> PackedWeight(
    PrepareContext& context, size_t input, const std::string& form, int64_t size,
    absl::FunctionRef<void(const float* weight, float* packed)> pack) {
  using Result = absl::StatusOr<std::shared_ptr<const AlignedBuffer>>;
  if (context.constant(input) == nullptr) return std::shared_ptr<const AlignedBuffer>();
  return context.Prepared<AlignedBuffer>(input, form, [&](const Tensor& weight) -> Result {
    // Small models need no page of two megabytes: hundreds of them, or versions on their way out, would add up.
    constexpr int64_t kLeastElementsInLargePages = 1 << 16;
    const bool large = size >= kLeastElementsInLargePages;
    auto packed = std::make_shared<AlignedBuffer>(size, large ? context.memory() : nullptr);
    if (packed->data() == nullptr) {
      return absl::ResourceExhaustedError(absl::StrCat("no memory for packing ", weight.type().ToString()));
    }
    pack(weight.data<float>(), packed->data());
    return packed;
  });
}

}  // namespace baryon
