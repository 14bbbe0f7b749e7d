#include <algorithm>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// Rows of class, score, left, top, right, bottom. The second overlaps the first by 9/11, the fourth the third by 1/3.
const Tensor& Rows() {
  static const Tensor* const rows = new Tensor(Tensor::FromData<float>({4, 6}, {0, 0.5f, 0,  0, 10, 1,  //
                                                                                1, 0.9f, 1,  0, 11, 1,  //
                                                                                0, 0.3f, 20, 0, 22, 1,  //
                                                                                0, 0.7f, 21, 0, 23, 1}));
  return *rows;
}

OpTester Nms() { return OpTester("_contrib_box_nms"); }

// The scores of the rows of the result; -1 for rows that are nothing.
std::vector<float> Scores(const OpTester& tester, int64_t column = 1) {
  const absl::StatusOr<std::vector<Tensor>> outputs = tester.Run();
  EXPECT_OK(outputs);
  std::vector<float> scores;
  const Tensor& result = (*outputs)[0];
  const int64_t width = result.shape().back();
  for (int64_t i = 0; i < result.num_elements() / width; ++i)
    scores.push_back(result.data<float>()[i * width + column]);
  return scores;
}

TEST(BoxNmsTest, TheBestOfOverlappingBoxesStayInOrder) {
  Nms().Input(Rows()).ExpectOutput(Tensor::FromData<float>({4, 6}, {1,  0.9f, 1,  0,  11, 1,  //
                                                                    0,  0.7f, 21, 0,  23, 1,  //
                                                                    0,  0.3f, 20, 0,  22, 1,  //
                                                                    -1, -1,   -1, -1, -1, -1}));
  EXPECT_THAT(Scores(Nms().Attr("overlap_thresh", 0.3).Input(Rows())), testing::ElementsAre(0.9f, 0.7f, -1, -1));
}

TEST(BoxNmsTest, ClassesLeaveEachOtherAloneUnlessForced) {
  EXPECT_THAT(Scores(Nms().Attr("id_index", 0).Input(Rows())), testing::ElementsAre(0.9f, 0.7f, 0.5f, 0.3f));
  EXPECT_THAT(Scores(Nms().Attr("id_index", 0).Attr("force_suppress", true).Input(Rows())),
              testing::ElementsAre(0.9f, 0.7f, 0.3f, -1));
}

TEST(BoxNmsTest, ThresholdBackgroundAndTopkDropRows) {
  EXPECT_THAT(Scores(Nms().Attr("valid_thresh", 0.5).Input(Rows())), testing::ElementsAre(0.9f, 0.7f, -1, -1));
  EXPECT_THAT(Scores(Nms().Attr("id_index", 0).Attr("background_id", 1).Input(Rows())),
              testing::ElementsAre(0.7f, 0.5f, 0.3f, -1));
  EXPECT_THAT(Scores(Nms().Attr("topk", 2).Input(Rows())), testing::ElementsAre(0.9f, 0.7f, -1, -1));
  Nms().Attr("topk", 0).Input(Rows()).ExpectOutput(Rows());
}

TEST(BoxNmsTest, FormatsAreReadAndWritten) {
  const Tensor center = Tensor::FromData<float>({1, 5}, {0.5f, 2, 3, 4, 2});
  const Tensor corners = Tensor::FromData<float>({1, 5}, {0.5f, 0, 2, 4, 4});
  const auto tester = [] { return Nms().Attr("coord_start", 1).Attr("score_index", 0); };
  tester().Attr("in_format", "center").Input(center).ExpectOutput(corners);
  tester().Attr("out_format", "center").Input(corners).ExpectOutput(center);
}

TEST(BoxNmsTest, EqualScoresKeepTheirOrderAndNanDropsOut) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor rows = Tensor::FromData<float>({3, 5}, {0.5f, 0, 0, 1, 1, nan, 4, 4, 5, 5, 0.5f, 8, 8, 9, 9});
  Nms()
      .Attr("coord_start", 1)
      .Attr("score_index", 0)
      .Input(rows)
      .ExpectOutput(Tensor::FromData<float>({3, 5}, {0.5f, 0, 0, 1, 1, 0.5f, 8, 8, 9, 9, -1, -1, -1, -1, -1}));
}

// Many images of many boxes in several types, against all pairs. Threads cut them differently.
TEST(BoxNmsTest, AgreesWithAllPairsOnAnyNumberOfThreads) {
  const auto all_pairs = [](const std::vector<Tensor>& inputs) {
    const Tensor data = inputs[0].Cast(DType::kFloat64);
    const int64_t images = data.shape()[0], boxes = data.shape()[1];
    Tensor result = Tensor::Allocate(data.type());
    std::fill_n(result.mutable_data<double>(), result.num_elements(), -1);
    for (int64_t image = 0; image < images; ++image) {
      const double* rows = data.data<double>() + image * boxes * 6;
      std::vector<int64_t> order;
      for (int64_t i = 0; i < boxes; ++i) {
        if (rows[i * 6 + 1] > 0.25f) order.push_back(i);
      }
      std::stable_sort(order.begin(), order.end(),
                       [rows](int64_t a, int64_t b) { return rows[a * 6 + 1] > rows[b * 6 + 1]; });
      double* to = result.mutable_data<double>() + image * boxes * 6;
      std::vector<const double*> kept;
      for (int64_t i : order) {
        const double* b = rows + i * 6;
        const bool goes = std::any_of(kept.begin(), kept.end(), [b](const double* a) {
          const double width = std::min(a[4], b[4]) - std::max(a[2], b[2]);
          const double height = std::min(a[5], b[5]) - std::max(a[3], b[3]);
          const double shared = std::max(width, 0.0) * std::max(height, 0.0);
          const auto area = [](const double* p) { return std::max(p[4] - p[2], 0.0) * std::max(p[5] - p[3], 0.0); };
          return a[0] == b[0] && shared / (area(a) + area(b) - shared) > 0.5;
        });
        if (goes) continue;
        kept.push_back(b);
        to = std::copy_n(b, 6, to);
      }
    }
    return std::vector<Tensor>{result.Cast(inputs[0].dtype())};
  };
  for (DType dtype : {DType::kFloat32, DType::kFloat64, DType::kFloat16}) {
    Tensor data = Tensor::Allocate({DType::kFloat32, {3, 300, 6}});
    for (int64_t i = 0; i < 900; ++i) {  // on a grid of eighths, which every type holds
      float* row = data.mutable_data<float>() + i * 6;
      const auto number = [i](int64_t factor, int64_t most) {
        return static_cast<float>((i * factor + 11) % most) / 8;
      };
      row[0] = static_cast<float>(i % 3);
      row[1] = number(37, 64);
      row[2] = number(53, 71);
      row[3] = number(29, 67);
      row[4] = row[2] + number(19, 31);
      row[5] = row[3] + number(23, 37);
    }
    Nms().Attr("id_index", 0).Attr("valid_thresh", 0.25).Input(data.Cast(dtype)).ExpectNear(all_pairs, Exactly());
  }
}

TEST(BoxNmsTest, ManyRowsOfOneImageAreCutIntoParts) {
  constexpr int64_t kRows = 40000;
  Tensor data = Tensor::Zeros({DType::kFloat32, {kRows, 6}});
  for (int64_t i = 0; i < kRows; ++i) {
    float* row = data.mutable_data<float>() + i * 6;
    row[1] = i % 1000 == 7 ? 1 + static_cast<float>(i) : 0;
    row[2] = row[3] = static_cast<float>(i);
    row[4] = row[5] = static_cast<float>(i + 1);
  }
  Tensor want = Tensor::Allocate(data.type());
  std::fill_n(want.mutable_data<float>(), want.num_elements(), -1.0f);
  for (int64_t k = 0; k < 40; ++k) {
    std::copy_n(data.data<float>() + ((39 - k) * 1000 + 7) * 6, 6, want.mutable_data<float>() + k * 6);
  }
  Nms().Input(data).ExpectOutput(want);
}

TEST(BoxNmsTest, RefusesRowsWithoutRoom) {
  EXPECT_THAT(Nms().Input({4, 5}).Infer(), StatusIs(kInvalid, HasSubstr("begins at column 2")));
  EXPECT_THAT(Nms().Attr("score_index", 3).Input({4, 6}).Infer(), StatusIs(kInvalid, HasSubstr("score_index")));
  EXPECT_THAT(Nms().Attr("score_index", 6).Input({4, 6}).Infer(), StatusIs(kInvalid, HasSubstr("score_index")));
  EXPECT_THAT(Nms().Attr("id_index", 1).Input({4, 6}).Infer(), StatusIs(kInvalid, HasSubstr("id_index")));
  EXPECT_THAT(Nms().Attr("coord_start", -1).Input({4, 6}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Nms().Input({6}).Infer(), StatusIs(kInvalid, HasSubstr("rank 2")));
}

TEST(BoxNmsTest, NoBoxesAreNoProblem) {
  Nms().Input({2, 0, 6}).ExpectOutput(Tensor::Zeros({DType::kFloat32, {2, 0, 6}}));
}

}  // namespace
}  // namespace baryon
