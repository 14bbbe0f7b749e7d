#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(AddNTest, AddsAnyNumberOfArrays) {
  for (int count : {1, 2, 5}) {
    OpTester tester("add_n");
    tester.Attr("num_args", count);
    for (int i = 0; i < count; ++i) tester.Input({3, 30001});
    tester.ExpectNear(
        [](const std::vector<Tensor>& inputs) {
          Tensor y = Tensor::Zeros(inputs[0].type());
          for (const Tensor& x : inputs) {
            for (int64_t i = 0; i < x.num_elements(); ++i) y.mutable_data<float>()[i] += x.data<float>()[i];
          }
          return std::vector<Tensor>{y};
        },
        Exactly());
  }
}

TEST(AddNTest, RejectsArraysThatDifferAndAWrongCount) {
  EXPECT_THAT(OpTester("add_n").Input({2}).Input({3}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("add_n").Input({2}).Input({2}, Integers(0, 1).As(DType::kInt32)).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("add_n").Attr("num_args", 3).Input({2}).Input({2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
