#include "engine/kernels/packed_gemm.h"

#include <cstring>
#include <limits>
#include <numeric>

#include "engine/base/testing/looks_for_others.h"
#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/reference.h"
#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// A product with all its operands. C has a border of columns that nobody may write.
struct Product {
  int64_t m, k, n;
  int threads = 1;
  bool bias = false, residual = false;
  ActivationSpec activation = {};
  int64_t groups = 1;

  std::vector<float> a = {}, b = {}, bias_values = {}, residual_values = {};

  void Draw(uint32_t seed) {
    a = RandomFloats(m * k * groups, seed);
    b = RandomFloats(k * n * groups, seed + 1);
    bias_values = RandomFloats(n * groups, seed + 2);
    residual_values = RandomFloats(m * n * groups, seed + 3);
  }

  std::vector<float> Compute() const {
    constexpr int64_t kBorder = 3;
    constexpr float kUntouched = 12345;
    const int64_t columns = n * groups, c_stride = columns + kBorder;
    GemmShape shape = GemmShape::Matrix(m, k, n);
    shape.groups = groups;
    shape.group_stride = k;
    const GemmPlan plan(shape, ActiveGemmTarget(), threads, GemmPlan::LeastTask::kAwake);
    AlignedBuffer packed(plan.packed_size());
    std::vector<int64_t> row_offsets(k);
    for (int64_t i = 0; i < k; ++i) row_offsets[i] = i * n;
    for (int64_t g = 0; g < groups; ++g) {
      PackPanels(plan.layout(), b.data() + g * k * n, row_offsets, 1, 0, plan.layout().num_panels(),
                 packed.data() + g * plan.layout().num_elements());
    }
    AlignedBuffer workspace(plan.workspace_bytes() / 4 + 1);
    std::vector<float> c(m * c_stride, kUntouched);
    Epilogue epilogue;
    epilogue.bias = bias ? bias_values.data() : nullptr;
    epilogue.has_residual = residual;
    epilogue.activation = activation;
    const MatrixRows rows = {a.data(), k * groups, c.data(), c_stride, residual_values.data(), columns};
    for (int task = 0; task < plan.num_tasks(); ++task) {
      plan.RunTask(task, packed.data(), epilogue, rows, reinterpret_cast<char*>(workspace.data()));
    }
    std::vector<float> dense;
    for (int64_t i = 0; i < m; ++i) {
      dense.insert(dense.end(), c.begin() + i * c_stride, c.begin() + i * c_stride + columns);
      for (int64_t j = columns; j < c_stride; ++j) EXPECT_EQ(c[i * c_stride + j], kUntouched) << "column " << j;
    }
    return dense;
  }

  std::vector<double> Reference() const {
    std::vector<double> c(m * n * groups);
    for (int64_t g = 0; g < groups; ++g) {
      std::vector<float> group_a;
      for (int64_t i = 0; i < m; ++i) {
        const auto row = a.begin() + (i * groups + g) * k;
        group_a.insert(group_a.end(), row, row + k);
      }
      const std::vector<float> group_b(b.begin() + g * k * n, b.begin() + (g + 1) * k * n);
      const std::vector<double> group_c = reference::MatMul(group_a, group_b, m, k, n);
      for (int64_t i = 0; i < m; ++i) {
        for (int64_t j = 0; j < n; ++j) {
          const int64_t at = (i * groups + g) * n + j;
          double sum = group_c[i * n + j];
          if (bias) sum += bias_values[g * n + j];
          if (residual) sum += residual_values[at];
          c[at] = reference::Activate(activation, sum);
        }
      }
    }
    return c;
  }

  std::string Name() const {
    return std::to_string(m) + "x" + std::to_string(k) + "x" + std::to_string(n) + " groups " + std::to_string(groups) +
           " threads " + std::to_string(threads);
  }
  // Errors of a running sum grow with the root of its length.
  void Check() const { ExpectClose(Compute(), Reference(), 5e-7 * std::sqrt(k + 4.0), Name()); }
};

TEST(PackedGemmTest, MatchesReferenceForEveryTileShape) {
  ForEachCpuTarget([] {
    const int width = ActiveGemmTarget().panel_width;
    for (int64_t m : {1, 2, 3, 4, 5, 6, 7, 11, 13}) {
      for (int64_t n : {1, 2, width - 1, width, width + 1, 2 * width + 3, 5 * width}) {
        Product product{m, 17, n};
        product.Draw(static_cast<uint32_t>(m * 100 + n));
        product.Check();
      }
    }
  });
}

TEST(PackedGemmTest, AppliesBiasResidualAndActivation) {
  const ActivationSpec activations[] = {{Activation::kNone},
                                        {Activation::kRelu},
                                        {Activation::kClip, -0.5f, 0.75f},
                                        {Activation::kClip, 0.5f, -0.5f},
                                        {Activation::kSigmoid},
                                        {Activation::kLeaky, 0.25f},
                                        {Activation::kGelu}};
  ForEachCpuTarget([&] {
    for (const ActivationSpec& activation : activations) {
      for (int variant = 0; variant < 4; ++variant) {
        Product product{9, 5, 83, 1, (variant & 1) != 0, (variant & 2) != 0, activation};
        product.Draw(7);
        product.Check();
      }
    }
  });
}

TEST(PackedGemmTest, MultipliesLongSumsInPieces) {
  ForEachCpuTarget([] {
    Product product{20, 9001, 70, 1, true, true, {Activation::kRelu}};
    product.Draw(3);
    product.Check();
  });
}

TEST(PackedGemmTest, KeepsGroupsApart) {
  ForEachCpuTarget([] {
    for (int64_t n : {1, 4, 65}) {
      Product product{8, 6, n, 1, true, true, {Activation::kNone}, 5};
      product.Draw(11);
      product.Check();
    }
  });
}

TEST(PackedGemmTest, TakesEmptySums) {
  ForEachCpuTarget([] {
    Product product{3, 0, 20, 1, true, true};
    product.Draw(5);
    product.Check();
  });
}

TEST(PackedGemmTest, ResultsDoNotDependOnThreads) {
  ForEachCpuTarget([] {
    for (auto [m, n] : {std::pair<int64_t, int64_t>{700, 130}, {30, 1500}, {1, 9000}, {1, 300}}) {
      Product product{m, 300, n, 1, true};
      product.Draw(1);
      const std::vector<float> alone = product.Compute();
      for (int threads : {2, 3, 8}) {
        product.threads = threads;
        EXPECT_EQ(product.Compute(), alone) << product.Name();
      }
    }
  });
}

TEST(PackedGemmTest, CutsTinyProductsOnlyForThreadsThatAreAwake) {
  using LeastTask = GemmPlan::LeastTask;
  ForEachCpuTarget([] {
    const GemmTarget& target = ActiveGemmTarget();
    const GemmShape tiny = GemmShape::Matrix(1, 512, 256), large = GemmShape::Matrix(1, 2048, 2048);
    EXPECT_EQ(GemmPlan(tiny, target, 2).num_tasks(), 1);
    EXPECT_FALSE(GemmPlan(tiny, target, 2).has_brief_tasks());
    EXPECT_EQ(GemmPlan(tiny, target, 2, LeastTask::kAwake).num_tasks(), 2);
    EXPECT_TRUE(GemmPlan(tiny, target, 2, LeastTask::kAwake).has_brief_tasks());
    EXPECT_EQ(GemmPlan(tiny, target, 1, LeastTask::kAwake).num_tasks(), 1);
    EXPECT_GT(GemmPlan(large, target, 2, LeastTask::kAwake).num_tasks(), 1);
    EXPECT_FALSE(GemmPlan(large, target, 2, LeastTask::kAwake).has_brief_tasks());
  });
}

TEST(PackedGemmTest, EveryRowGivesTheBitsItGivesAlone) {
  ForEachCpuTarget([] {
    Product batch{23, 5000, 100, 1, true, true, {Activation::kTanh}};
    batch.Draw(2);
    const std::vector<float> together = batch.Compute();
    for (int64_t row : {0, 5, 22}) {
      Product one = batch;
      one.m = 1;
      one.a.assign(batch.a.begin() + row * batch.k, batch.a.begin() + (row + 1) * batch.k);
      one.residual_values.assign(batch.residual_values.begin() + row * batch.n,
                                 batch.residual_values.begin() + (row + 1) * batch.n);
      const std::vector<float> alone = one.Compute();
      EXPECT_EQ(alone, std::vector<float>(together.begin() + row * batch.n, together.begin() + (row + 1) * batch.n));
    }
  });
}

TEST(PackedGemmTest, PackingGivesWay) {
  const PackedLayout layout{&ActiveGemmTarget(), 64, 1000};
  const std::vector<float> weight(layout.k * layout.n);
  std::vector<int64_t> row_offsets(layout.k);
  std::iota(row_offsets.begin(), row_offsets.end(), 0);
  AlignedBuffer packed(layout.num_elements());
  const LooksForOthers looks;
  PackPanels(layout, weight.data(), row_offsets, layout.k, 0, layout.num_panels(), packed.data());
  EXPECT_GE(looks.count(), layout.num_panels());
}

TEST(PackedGemmTest, PassesNanThroughLimits) {
  ForEachCpuTarget([] {
    for (const ActivationSpec& activation : {ActivationSpec{Activation::kNone}, {Activation::kClip, -1, 1}}) {
      Product product{7, 3, 70, 1, false, false, activation};
      product.Draw(4);
      product.a[0] = std::numeric_limits<float>::quiet_NaN();
      const std::vector<float> c = product.Compute();
      for (int64_t j = 0; j < product.n; ++j) EXPECT_TRUE(std::isnan(c[j])) << j;
      for (size_t i = product.n; i < c.size(); ++i) EXPECT_FALSE(std::isnan(c[i])) << i;
    }
  });
}

}  // namespace
}  // namespace baryon::kernels
