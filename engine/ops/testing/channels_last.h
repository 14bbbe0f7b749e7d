// Tests of OpSpec::to_channels_last.
#ifndef BARYON_ENGINE_OPS_TESTING_CHANNELS_LAST_H_
#define BARYON_ENGINE_OPS_TESTING_CHANNELS_LAST_H_

#include <string>
#include <vector>

#include "engine/graph/attrs.h"
#include "engine/ops/testing/op_tester.h"
#include "engine/tensor/tensor.h"

namespace baryon {

// [N, C, ...] with the channels at the end, and back. Tensors of rank 2 and less stay as they are.
Tensor ToChannelsLast(const Tensor& tensor);
Tensor ToChannelsFirst(const Tensor& tensor);

// Expects `op` with the attributes of its channels-last form to give on channels-last inputs what it gives with `attrs`
// on `inputs`: inputs and outputs of the largest rank among the inputs are permuted, the others are not.
void ExpectSameChannelsLast(const std::string& op, const Attrs& attrs, const std::vector<Tensor>& inputs,
                            Tolerance tolerance = Exactly());

// Whether `op` with `attrs` has a channels-last form for data of `rank` axes.
bool HasChannelsLast(const std::string& op, const Attrs& attrs, int rank);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_TESTING_CHANNELS_LAST_H_
