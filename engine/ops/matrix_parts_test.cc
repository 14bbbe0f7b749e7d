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
constexpr Tolerance kTolerance = {1e-6, 1e-6};

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

const Tensor kMatrix = F({3, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8});

TEST(MatrixPartsTest, TakesDiagonalsAndTriangles) {
  const auto part = [](const char* op, int64_t offset) {
    OpTester tester(op);
    tester.Attr("offset", offset).Input(kMatrix);
    return tester;
  };
  part("_linalg_extractdiag", 0).ExpectOutput(F({3}, {0, 4, 8}));
  part("_linalg_extractdiag", 1).ExpectOutput(F({2}, {1, 5}));
  part("_linalg_extractdiag", -2).ExpectOutput(F({1}, {6}));
  part("_linalg_extracttrian", 0).ExpectOutput(F({6}, {0, 3, 4, 6, 7, 8}));
  part("_linalg_extracttrian", -1).ExpectOutput(F({3}, {3, 6, 7}));
  // An offset decides which triangle it is.
  part("_linalg_extracttrian", 1).ExpectOutput(F({3}, {1, 2, 5}));
  part("_linalg_extracttrian", 0).Attr("lower", false).ExpectOutput(F({6}, {0, 1, 4, 2, 5, 8}));
}
TEST(MatrixPartsTest, PutsThemBackIntoZeros) {
  for (const char* part : {"diag", "trian"}) {
    for (int64_t offset : {-2, -1, 0, 1, 2}) {
      for (bool lower : {true, false}) {
        const std::string extract = std::string("_linalg_extract") + part, make = std::string("_linalg_make") + part;
        OpTester taken(extract), put(make), again(extract);
        for (OpTester* tester : {&taken, &put, &again}) {
          tester->Attr("offset", offset);
          if (part[0] == 't') tester->Attr("lower", lower);
        }
        ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> vector, taken.Input({2, 4, 4}, Distinct()).Run());
        ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> matrix, put.Input(vector[0]).Run());
        EXPECT_EQ(matrix[0].shape(), Shape({2, 4, 4}));
        again.Input(matrix[0]).ExpectOutput(vector[0]);
      }
    }
  }
  OpTester("_linalg_makediag").Attr("offset", 1).Input(F({1}, {7})).ExpectOutput(F({2, 2}, {0, 7, 0, 0}));
}
TEST(MatrixPartsTest, AddsUpLogarithms) {
  OpTester("_linalg_sumlogdiag")
      .Input(F({2, 2, 2}, {1, 9, 9, 2, 2, 0, 0, 4}))
      .ExpectOutput(F({2}, {0.69314718f, 2.0794415f}), kTolerance);
}
TEST(MatrixPartsTest, RefusesWhatHasNoSuchPart) {
  EXPECT_THAT(OpTester("_linalg_extractdiag").Attr("offset", 3).Input(kMatrix).Infer(),
              StatusIs(kInvalid, HasSubstr("offset")));
  EXPECT_THAT(OpTester("_linalg_extracttrian").Input({2, 3}).Infer(), StatusIs(kInvalid, HasSubstr("square")));
  EXPECT_THAT(OpTester("_linalg_maketrian").Input({4}).Infer(), StatusIs(kInvalid, HasSubstr("1, 3, 6")));
  EXPECT_THAT(OpTester("_linalg_makediag").Attr("offset", int64_t{1} << 40).Input({4}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
