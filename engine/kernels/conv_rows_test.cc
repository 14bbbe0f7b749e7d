#include "engine/kernels/conv_rows.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/kernels/indirect_conv.h"
#include "engine/kernels/strip_conv.h"
#include "engine/kernels/testing/conv_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kMostRows = 5;

// The whole convolution by rows: `count` at a time, from the last ones back, each written apart from its neighbours.
class ByRows : public ConvPlan {
 public:
  ByRows(const TestConv& conv, int64_t count)
      : geometry_(conv.geometry),
        count_(count),
        rows_(MakeConvRowsPlan(conv.geometry, conv.channels_first_input, kMostRows)) {}

  std::string ToString() const override { return rows_->ToString(); }
  std::string PackedForm() const override { return rows_->PackedForm(); }
  int64_t packed_size() const override { return rows_->packed_size(); }
  void Pack(const float* weight, const WeightStrides& /*channels last*/, float* packed) const override {
    rows_->Pack(weight, packed);
  }
  int64_t num_multiplications() const override { return geometry_.num_multiplications(); }
  int num_tasks() const override { return static_cast<int>(geometry_.batch); }
  int64_t workspace_bytes() const override { return rows_->workspace_bytes(); }

  void RunTask(int image, const ConvOperands& operands, char* workspace) const override {
    constexpr float kUntouched = 12345;
    const int64_t row_size = geometry_.out[2] * geometry_.filters;
    ConvOperands without_out = operands;
    without_out.out = nullptr;
    for (int64_t end = geometry_.out[1]; end > 0; end -= std::min(end, count_)) {
      const int64_t count = std::min(end, count_), first = end - count;
      std::vector<float> places((2 * count + 1) * row_size, kUntouched);
      std::vector<float*> rows;
      for (int64_t i = count - 1; i >= 0; --i) rows.push_back(places.data() + (2 * i + 1) * row_size);
      rows_->RunRows(image, first, rows, without_out, workspace);
      for (int64_t i = 0; i < count; ++i) {
        std::copy_n(rows[i], row_size, operands.out + (image * geometry_.out[1] + first + i) * row_size);
        std::fill_n(rows[i], row_size, kUntouched);
      }
      EXPECT_EQ(places, std::vector<float>(places.size(), kUntouched)) << "beside the rows";
    }
  }

 private:
  const ConvGeometry geometry_;
  const int64_t count_;
  const std::unique_ptr<const ConvRowsPlan> rows_;
};

void Check(TestConv conv) {
  conv.geometry.batch = 2;
  conv.activation.kind = Activation::kRelu;
  for (bool channels_first : {false, true}) {
    conv.channels_first_input = channels_first;
    const std::vector<float> whole =
        channels_first ? conv.Compute(StripConvPlan(conv.geometry, conv.Options(), /*channels_first=*/true))
                       : conv.Compute(IndirectConvPlan(conv.geometry, conv.Options()));
    for (int64_t count = 1; count <= kMostRows; ++count) {
      EXPECT_EQ(conv.Compute(ByRows(conv, count)), whole) << conv.Name() << ", " << count << " rows at a time";
    }
  }
}

TEST(ConvRowsTest, RowsArePartsOfPointwiseConvolutions) {
  ForEachCpuTarget([] {
    for (int64_t filters : {7, 64, 70}) Check(TestConv::Square(12, filters, 9, 1).Finish());
  });
}

TEST(ConvRowsTest, RowsArePartsOfConvolutionsOfFewChannels) {
  ForEachCpuTarget([] {
    for (int64_t channels : {3, 4}) {  // of others than three there is no kernel for rows
      Check(TestConv::Square(channels, 33, 29, 3, 2).Finish());
      Check(TestConv::Square(channels, 16, 15, 5).Finish());
      Check(TestConv::Square(channels, 8, 3, 3).Finish());
    }
  });
}

}  // namespace
}  // namespace baryon::kernels
