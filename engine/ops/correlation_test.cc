#include <cmath>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

struct Setting {
  int64_t kernel, displacement, stride1, stride2, pad;
  bool multiply;
};

OpTester Correlate(const Setting& s) {
  return OpTester("Correlation")
      .Attr("kernel_size", s.kernel)
      .Attr("max_displacement", s.displacement)
      .Attr("stride1", s.stride1)
      .Attr("stride2", s.stride2)
      .Attr("pad_size", s.pad)
      .Attr("is_multiply", s.multiply);
}

// Place by place on padded maps.
Reference PlaceByPlace(const Setting& s) {
  return [s](const std::vector<Tensor>& inputs) {
    const Shape& shape = inputs[0].shape();
    const auto at = [&](const Tensor& map, int64_t n, int64_t c, int64_t y, int64_t x) {
      y -= s.pad, x -= s.pad;
      if (y < 0 || y >= shape[2] || x < 0 || x >= shape[3]) return 0.0f;
      return map.data<float>()[((n * shape[1] + c) * shape[2] + y) * shape[3] + x];
    };
    const int64_t border = s.displacement + (s.kernel - 1) / 2, reach = s.displacement / s.stride2;
    const int64_t height = (shape[2] + 2 * s.pad - 2 * border + s.stride1 - 1) / s.stride1;
    const int64_t width = (shape[3] + 2 * s.pad - 2 * border + s.stride1 - 1) / s.stride1;
    std::vector<float> values;
    for (int64_t n = 0; n < shape[0]; ++n) {
      for (int64_t dy = -reach; dy <= reach; ++dy) {
        for (int64_t dx = -reach; dx <= reach; ++dx) {
          for (int64_t i = 0; i < height * width; ++i) {
            const int64_t y = i / width * s.stride1 + s.displacement, x = i % width * s.stride1 + s.displacement;
            double sum = 0;
            for (int64_t k = 0; k < s.kernel * s.kernel * shape[1]; ++k) {
              const int64_t c = k % shape[1], row = y + k / shape[1] / s.kernel, column = x + k / shape[1] % s.kernel;
              const double a = at(inputs[0], n, c, row, column);
              const double b = at(inputs[1], n, c, row + dy * s.stride2, column + dx * s.stride2);
              sum += s.multiply ? a * b : std::abs(a - b);
            }
            values.push_back(static_cast<float>(sum / static_cast<double>(s.kernel * s.kernel * shape[1])));
          }
        }
      }
    }
    const int64_t shifts = (2 * reach + 1) * (2 * reach + 1);
    return std::vector<Tensor>{Tensor::FromData<float>({shape[0], shifts, height, width}, values)};
  };
}

TEST(CorrelationTest, AgreesWithSinglePlaces) {
  for (const Setting& s :
       {Setting{1, 1, 1, 1, 0, true}, {3, 2, 2, 1, 4, true}, {1, 4, 1, 2, 4, false}, {3, 1, 3, 1, 6, false}}) {
    Correlate(s)
        .Input({2, 3, 7, 9}, Uniform(-1, 1))
        .Input({2, 3, 7, 9}, Uniform(-1, 1))
        .ExpectNear(PlaceByPlace(s), {1e-5, 1e-6});
  }
}

TEST(CorrelationTest, RefusesMapsWithoutRoomAndEvenWindows) {
  EXPECT_THAT(Correlate({1, 4, 1, 1, 0, true}).Input({1, 1, 8, 9}).Input({1, 1, 8, 9}).Infer(),
              StatusIs(kInvalid, HasSubstr("more than 8")));
  EXPECT_THAT(Correlate({2, 1, 1, 1, 0, true}).Input({1, 1, 8, 9}).Input({1, 1, 8, 9}).Infer(),
              StatusIs(kInvalid, HasSubstr("odd")));
  EXPECT_THAT(Correlate({1, 1, 1, 1, 0, true}).Input({1, 1, 8, 9}).Input({1, 2, 8, 9}).Infer(),
              StatusIs(kInvalid, HasSubstr("data2")));
}

}  // namespace
}  // namespace baryon
