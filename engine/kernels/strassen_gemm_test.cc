#include "engine/kernels/strassen_gemm.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/reference.h"
#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// A product with all its operands. B comes transposed, as weights do.
struct Product {
  int64_t items, rows, k, n;
  int threads = 1;
  bool bias = true, residual = false;
  ActivationSpec activation = {};

  int64_t m() const { return items * rows; }
  StrassenShape Shape() const {
    StrassenShape shape;
    shape.items = items;
    shape.rows_per_item = rows;
    shape.run_length = k;
    shape.columns = n;
    return shape;
  }
  std::vector<float> A() const { return RandomFloats(m() * k, 1); }
  std::vector<float> B() const { return RandomFloats(k * n, 2); }
  std::vector<float> Bias() const { return RandomFloats(n, 3); }
  std::vector<float> Residual() const { return RandomFloats(m() * n, 4); }

  std::vector<float> Compute(int levels) const {
    const StrassenGemmPlan plan(Shape(), levels, ActiveGemmTarget(), threads);
    const std::vector<float> a = A(), b = B(), bias_values = Bias(), residual_values = Residual();
    std::vector<float> transposed(n * k);
    for (int64_t i = 0; i < k; ++i) {
      for (int64_t j = 0; j < n; ++j) transposed[j * k + i] = b[i * n + j];
    }
    std::vector<int64_t> row_offsets(k);
    for (int64_t i = 0; i < k; ++i) row_offsets[i] = i;
    AlignedBuffer packed(plan.packed_size()), workspace(plan.workspace_bytes() / 4 + 1);
    plan.Pack(transposed.data(), row_offsets, k, packed.data());
    Epilogue epilogue;
    epilogue.bias = bias ? bias_values.data() : nullptr;
    epilogue.has_residual = residual;
    epilogue.activation = activation;
    std::vector<float> c(m() * n, -1e30f);
    const MatrixRows rows = {a.data(), k, c.data(), n, residual_values.data(), n};
    for (int task = plan.num_tasks() - 1; task >= 0; --task) {
      plan.RunTask(task, packed.data(), epilogue, rows, reinterpret_cast<char*>(workspace.data()));
    }
    return c;
  }

  void Check(int levels) const {
    std::vector<double> want = reference::MatMul(A(), B(), m(), k, n);
    const std::vector<float> bias_values = Bias(), residual_values = Residual();
    for (int64_t i = 0; i < m() * n; ++i) {
      if (bias) want[i] += bias_values[i % n];
      if (residual) want[i] += residual_values[i];
      want[i] = reference::Activate(activation, want[i]);
    }
    ExpectClose(Compute(levels), want, 1e-6 * std::sqrt(static_cast<double>(k) + 4),
                absl::StrCat(items, " x ", rows, " x ", k, " x ", n, ", ", levels, " levels"));
  }
};

TEST(StrassenGemmTest, MatchesReferenceOverSizes) {
  ForEachCpuTarget([] {
    for (int levels : {1, 2}) {
      for (int64_t rows : {1, 3, 4, 30}) {
        for (int64_t k : {4, 64, 76}) {
          for (int64_t n : {4, 60, 260, 288}) Product{2, rows, k, n}.Check(levels);
        }
      }
    }
  });
}

TEST(StrassenGemmTest, AddsResidualAndActivates) {
  for (int levels : {1, 2}) {
    for (Activation kind : {Activation::kNone, Activation::kRelu, Activation::kSigmoid}) {
      Product product{1, 10, 32, 72};
      product.residual = true;
      product.activation.kind = kind;
      product.Check(levels);
    }
  }
}

TEST(StrassenGemmTest, BitsDependOnNeitherThreadsNorTheOtherItems) {
  for (int levels : {1, 2}) {
    Product product{5, 29, 64, 512};
    const std::vector<float> want = product.Compute(levels);
    for (int threads : {2, 3, 8}) {
      product.threads = threads;
      EXPECT_EQ(product.Compute(levels), want) << threads;
    }
    product.items = 1;
    const std::vector<float> first = product.Compute(levels);
    EXPECT_EQ(first, std::vector<float>(want.begin(), want.begin() + static_cast<int64_t>(first.size())));
  }
}

// The bound that results must keep by default is 1e-4 of the largest one.
TEST(StrassenGemmTest, KeepsFiveDigits) {
  for (int levels : {1, 2}) {
    const Product product{1, 64, 1024, 256};
    ExpectClose(
        Product{product}.Compute(levels),
        [&] {
          std::vector<double> want = reference::MatMul(product.A(), product.B(), 64, 1024, 256);
          for (size_t i = 0; i < want.size(); ++i) want[i] += product.Bias()[i % 256];
          return want;
        }(),
        1e-5, absl::StrCat(levels));
  }
}

TEST(StrassenGemmTest, IsTakenWhereItPays) {
  const auto best = [](int64_t rows, int64_t k, int64_t n, int most = 2) {
    return StrassenGemmPlan::BestLevels(Product{1, rows, k, n}.Shape(), most);
  };
  EXPECT_EQ(best(196, 512, 512), 2);
  EXPECT_EQ(best(196, 512, 512, 1), 1);
  EXPECT_EQ(best(196, 512, 512, 0), 0);
  EXPECT_EQ(best(98, 512, 1024), 1);  // a weight of three times the size for few rows
  EXPECT_EQ(best(49, 512, 1024), 0);  // megabytes more for a few percent
  EXPECT_EQ(best(784, 128, 512), 1);  // products too small for two levels
  EXPECT_EQ(best(196, 514, 512), 1);  // cannot be cut in four
  EXPECT_EQ(best(196, 513, 512), 0);
  EXPECT_EQ(best(3136, 64, 64), 0);
  EXPECT_EQ(best(1, 1024, 1024), 0);
}

TEST(StrassenGemmTest, IsTakenForAnyNumberOfItemsAlike) {
  for (int64_t rows : {49, 196}) {
    const int levels = StrassenGemmPlan::BestLevels(Product{1, rows, 1024, 256}.Shape(), 2);
    EXPECT_EQ(StrassenGemmPlan::BestLevels(Product{8, rows, 1024, 256}.Shape(), 2), levels) << rows;
  }
}

TEST(StrassenGemmTest, NoItemsAreNoTasks) {
  EXPECT_EQ(StrassenGemmPlan(Product{0, 9, 64, 64}.Shape(), 2, ActiveGemmTarget(), 2).num_tasks(), 0);
}

}  // namespace
}  // namespace baryon::kernels
