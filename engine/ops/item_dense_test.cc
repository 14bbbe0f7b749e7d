#include "engine/ops/item_dense.h"

#include <string>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

// What a layer of `k` to `n` columns over data [time, items, k] is computed with; "" for an ordinary product.
std::string Algorithm(int64_t time, int64_t items, int64_t k, int64_t n, Numerics numerics = Numerics::kFast,
                      bool constant = true) {
  const ItemDense dense = {ItemRows({time, items, k}, 1), k, n, false, false, {}};
  const TensorTypes inputs = {{DType::kFloat32, {time, items, k}}, {DType::kFloat32, {n, k}}};
  const TensorTypes outputs = {{DType::kFloat32, {time, items, n}}};
  const auto weight = constant ? Constant::Literal(Tensor::Zeros(inputs[1])) : nullptr;
  PreparedCache cache;
  PrepareContext context(inputs, outputs, {nullptr, weight}, 1, numerics, cache);
  absl::StatusOr<std::unique_ptr<Kernel>> kernel = MakeItemDenseKernel(dense, context);
  EXPECT_OK(kernel);
  return kernel.ok() && *kernel != nullptr ? (*kernel)->algorithm() : "";
}

TEST(ItemRowsTest, TheRowsOfAnItemAreApartByTheItemsBetweenThem) {
  const ItemRows inner({2, 3, 4, 8}, 1);  // two groups of four rows for each of three items
  EXPECT_EQ(inner.items, 3);
  EXPECT_EQ(inner.rows_per_item, 8);
  std::vector<int64_t> rows;
  for (int64_t r = 0; r < inner.rows_per_item; ++r) rows.push_back(inner.row(2, r));
  EXPECT_THAT(rows, testing::ElementsAre(8, 9, 10, 11, 20, 21, 22, 23));
}

TEST(ItemRowsTest, RowsBehindTheBatchAreNeighbours) {
  const ItemRows first({3, 4, 8}, 0);
  EXPECT_EQ(first.row(0, 3), 3);
  EXPECT_EQ(first.row(2, 1), 9);
}

TEST(ItemDenseTest, LargeLayersOverLongSequencesSaveMultiplications) {
  EXPECT_THAT(Algorithm(128, 1, 768, 768), HasSubstr("strassen"));
}

TEST(ItemDenseTest, TheNumberOfItemsDoesNotDecide) {
  for (int64_t time : {1, 2, 3, 8, 31, 32, 64, 200}) {
    const bool alone = Algorithm(time, 1, 512, 256).empty();
    for (int64_t items : {2, 64, 300}) EXPECT_EQ(Algorithm(time, items, 512, 256).empty(), alone) << time;
  }
}

TEST(ItemDenseTest, SingleRowsSmallLayersAndOddSizesAreOrdinaryProducts) {
  EXPECT_EQ(Algorithm(1, 128, 768, 768), "");
  EXPECT_EQ(Algorithm(128, 1, 32, 32), "");
  EXPECT_EQ(Algorithm(128, 1, 769, 768), "");
}

TEST(ItemDenseTest, StrictNumericsAndWeightsOfTheRequestAreOrdinaryProducts) {
  EXPECT_EQ(Algorithm(128, 1, 768, 768, Numerics::kStrict), "");
  EXPECT_EQ(Algorithm(128, 1, 768, 768, Numerics::kFast, /*constant=*/false), "");
}

}  // namespace
}  // namespace baryon
