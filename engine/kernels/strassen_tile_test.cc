#include "engine/kernels/strassen_tile.h"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/reference.h"
#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// A tile of n rows of C by way of the three transforms, compared with the definition of the product. Parts of K and of
// the columns have no whole number of vectors.
TEST(StrassenTileTest, TransformsTogetherAreAMatrixProduct) {
  constexpr int64_t kPart = 21, kColumns = 19, kStep = 32;
  ForEachCpuTarget([] {
    const StrassenTarget& target = ActiveStrassenTarget();
    for (int levels : {1, 2}) {
      const int64_t n = StrassenParts(levels), products = StrassenProducts(levels);
      const int64_t k = n * kPart, columns = n * kColumns;
      const std::vector<float> a = RandomFloats(n * k, 1), b = RandomFloats(k * columns, 2);
      std::vector<const float*> rows;
      for (int64_t i = 0; i < n; ++i) rows.push_back(a.data() + i * k);
      AlignedBuffer left(products * kStep), right(products * kPart * kStep), sums(products * kStep);
      target.input[levels - 1]({rows.data(), kPart, left.data(), kStep});
      std::vector<float> blocks(n * n * kStep);
      for (int64_t element = 0; element < kPart; ++element) {
        for (int64_t i = 0; i < n; ++i) {
          for (int64_t j = 0; j < n; ++j) {
            std::copy_n(b.data() + (i * kPart + element) * columns + j * kColumns, kColumns,
                        blocks.data() + (i * n + j) * kStep);
          }
        }
        target.weight[levels - 1]({blocks.data(), kStep, right.data() + element * kStep, kPart * kStep, kStep});
      }
      for (int64_t p = 0; p < products; ++p) {
        for (int64_t j = 0; j < kColumns; ++j) {
          double sum = 0;
          for (int64_t element = 0; element < kPart; ++element) {
            sum +=
                static_cast<double>(left.data()[p * kStep + element]) * right.data()[(p * kPart + element) * kStep + j];
          }
          sums.data()[p * kStep + j] = static_cast<float>(sum);
        }
      }
      const std::vector<float> bias = RandomFloats(columns, 3), residual = RandomFloats(n * columns, 4);
      std::vector<float> c(n * columns, -7);
      std::vector<float*> out;
      std::vector<const float*> residuals;
      for (int64_t i = 0; i < n; ++i) {
        out.push_back(i == 1 ? nullptr : c.data() + i * columns);  // a row that is not there
        residuals.push_back(residual.data() + i * columns);
      }
      target.output[levels - 1]({sums.data(), kStep, kColumns, kColumns, out.data(), residuals.data(), bias.data(),
                                 /*lower=*/-2, /*upper=*/3});

      std::vector<double> want = reference::MatMul(a, b, n, k, columns);
      for (int64_t i = 0; i < n * columns; ++i) {
        const double sum = want[i] + bias[i % columns] + residual[i];
        want[i] = i / columns == 1 ? -7 : std::clamp(sum, -2.0, 3.0);
      }
      ExpectClose(c, want, 3e-6, std::to_string(levels) + " levels");
    }
  });
}

}  // namespace
}  // namespace baryon::kernels
