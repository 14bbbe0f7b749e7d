#include "server/models/cost_cache.h"

#include <filesystem>
#include <fstream>

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/temp_folder.h"

namespace baryon {
namespace {

CostTable OneCost() {
  CostTable table;
  table.Set(2, 3, {absl::Milliseconds(5), absl::Milliseconds(6)});
  return table;
}

TEST(CostCacheTest, KeepsATableUnderItsKey) {
  TempFolder files;
  const CostCache cache(files.path("costs"));
  EXPECT_FALSE(cache.Load("key").has_value());
  ASSERT_OK(cache.Store("key", OneCost()));
  const std::optional<CostTable> table = CostCache(files.path("costs")).Load("key");
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->Find(2, 3)->p50, absl::Milliseconds(5));
  EXPECT_FALSE(cache.Load("other key").has_value());
}

TEST(CostCacheTest, ADamagedFileIsAsGoodAsNone) {
  TempFolder files;
  const CostCache cache(files.path());
  ASSERT_OK(cache.Store("key", OneCost()));
  for (const auto& file : std::filesystem::directory_iterator(files.path())) {
    std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) - 5);
  }
  EXPECT_FALSE(cache.Load("key").has_value());
  ASSERT_OK(cache.Store("key", OneCost()));
  EXPECT_TRUE(cache.Load("key").has_value());
}

TEST(CostCacheTest, AFileOfAnotherKeyIsAsGoodAsNone) {
  TempFolder files;
  const CostCache cache(files.path());
  ASSERT_OK(cache.Store("key", OneCost()));
  ASSERT_OK(cache.Store("other", OneCost()));
  std::filesystem::path first;
  for (const auto& file : std::filesystem::directory_iterator(files.path())) {
    if (!first.empty()) {
      std::filesystem::copy_file(first, file.path(), std::filesystem::copy_options::overwrite_existing);
    }
    first = file.path();
  }
  EXPECT_NE(cache.Load("key").has_value(), cache.Load("other").has_value());
}

TEST(CostCacheTest, KeepsNothingWithoutAFolder) {
  const CostCache cache("");
  EXPECT_OK(cache.Store("key", OneCost()));
  EXPECT_FALSE(cache.Load("key").has_value());
}

TEST(CostCacheTest, SaysWhyItCannotStore) {
  TempFolder files;
  files.Write("file", "");
  EXPECT_FALSE(CostCache(files.path("file/costs")).Store("key", OneCost()).ok());
}

}  // namespace
}  // namespace baryon
