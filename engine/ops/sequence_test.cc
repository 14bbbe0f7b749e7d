#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

// 0, 1, 2, ...
[[maybe_unused]] Tensor Count(Shape shape) {
  Tensor tensor = Tensor::Allocate({DType::kFloat32, std::move(shape)});
  for (int64_t i = 0; i < tensor.num_elements(); ++i) tensor.mutable_data<float>()[i] = static_cast<float>(i);
  return tensor;
}

const Tensor kLengths = F({2}, {1, 2});

TEST(SequenceTest, MaskLastAndReverseRespectLengths) {
  const Tensor steps = F({2, 2}, {1, 2, 3, 4});  // [time, batch]
  OpTester("SequenceMask")
      .Attr("use_sequence_length", true)
      .Attr("value", -1.0)
      .Input(steps)
      .Input(kLengths)
      .ExpectOutput(F({2, 2}, {1, 2, -1, 4}));
  OpTester("SequenceLast").Attr("use_sequence_length", true).Input(steps).Input(kLengths).ExpectOutput(F({2}, {1, 4}));
  OpTester("SequenceReverse")
      .Attr("use_sequence_length", true)
      .Input(steps)
      .Input(kLengths)
      .ExpectOutput(F({2, 2}, {1, 4, 3, 2}));
}
TEST(SequenceTest, OneSequenceIsStillTimeFirst) {
  OpTester("SequenceMask")
      .Attr("use_sequence_length", true)
      .Attr("value", 0.0)
      .Input(F({3, 1}, {1, 2, 3}))
      .Input(F({1}, {2}))
      .ExpectOutput(F({3, 1}, {1, 2, 0}));
}
TEST(SequenceTest, WithoutLengthsAllStepsCount) {
  OpTester("SequenceLast").Input(F({2, 1}, {1, 2})).ExpectOutput(F({1}, {2}));
  OpTester("SequenceReverse").Input(F({2, 1}, {1, 2})).ExpectOutput(F({2, 1}, {2, 1}));
}
TEST(SequenceTest, RefusesLengthsThatDoNotFit) {
  EXPECT_THAT(OpTester("SequenceMask").Attr("use_sequence_length", true).Input({2, 2}).Input({3}).Infer(),
              StatusIs(kInvalid));
  EXPECT_FALSE(OpTester("SequenceLast")
                   .Attr("use_sequence_length", true)
                   .Input(F({2, 1}, {1, 2}))
                   .Input(F({1}, {3}))
                   .Run()
                   .ok());
}

}  // namespace
}  // namespace baryon
