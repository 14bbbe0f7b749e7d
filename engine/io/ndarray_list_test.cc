// Lists byte by byte; params_file_test.cc has those that MXNet wrote.
#include "engine/io/ndarray_list.h"

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename... T>
std::string Bytes(T... numbers) {
  std::string bytes;
  (bytes.append(reinterpret_cast<const char*>(&numbers), sizeof(numbers)), ...);
  return bytes;
}

std::string ListOf(uint64_t num_arrays, const std::string& arrays) {
  return Bytes(kNdarrayListMagic, uint64_t{0}, num_arrays) + arrays;
}

constexpr uint32_t kVersion2 = 0xF993FAC9;
constexpr int32_t kFloat32 = 0, kInt64 = 6, kRowSparse = 1;
const std::string kContext = Bytes(int32_t{1}, int32_t{0});  // NOLINT: the first processor

class NdarrayListTest : public testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const ParamsFile>> Open(const std::string& bytes) {
    EXPECT_OK(WriteFileAtomically(path_, bytes));
    return OpenNdarrayList(*FileReader::Open(path_));
  }

  const std::string path_ = absl::StrCat(testing::TempDir(), "/list.params");
};

TEST_F(NdarrayListTest, WritesWhatTheFormatSays) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<AtomicFile> file, AtomicFile::Create(path_));
  ASSERT_OK(WriteNdarrayList(*file, {{"arg:w", Tensor::FromData<float>({2}, {1, 2})}}));
  ASSERT_OK(file->Commit());
  const std::string array = Bytes(kVersion2, int32_t{0}, int32_t{1}, int64_t{2}) + kContext + Bytes(kFloat32, 1.f, 2.f);
  EXPECT_EQ(*ReadFile(path_), ListOf(1, array) + Bytes(uint64_t{1}, uint64_t{5}) + "arg:w");
}

TEST_F(NdarrayListTest, NamesAreLeftOutWhenThereAreNone) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<AtomicFile> file, AtomicFile::Create(path_));
  ASSERT_OK(WriteNdarrayList(*file, {{"", Tensor::FromData<float>({1}, {1})}}));
  ASSERT_OK(file->Commit());
  const std::string bytes = *ReadFile(path_);
  EXPECT_EQ(bytes.substr(bytes.size() - sizeof(uint64_t)), Bytes(uint64_t{0}));
}

TEST_F(NdarrayListTest, ReadsAnArrayOfTheTimeBeforeVersions) {
  const std::string array = Bytes(uint32_t{2}, uint32_t{1}, uint32_t{2}) + kContext + Bytes(kFloat32, 3.f, 4.f);
  ASSERT_OK_AND_ASSIGN(const auto file, Open(ListOf(1, array) + Bytes(uint64_t{0})));
  EXPECT_EQ(file->entries()[0].type, (TensorType{DType::kFloat32, {1, 2}}));
  ASSERT_OK_AND_ASSIGN(const Tensor tensor, file->Read(0));
  EXPECT_THAT(tensor.span<float>(), ElementsAre(3, 4));
}

TEST_F(NdarrayListTest, SparseRowsComeToTheirPlaces) {
  const std::string array = Bytes(kVersion2, kRowSparse, int32_t{2}, int64_t{1}, int64_t{2},  // as stored,
                                  int32_t{2}, int64_t{3}, int64_t{2}) +                       // and as meant
                            kContext +
                            Bytes(kFloat32, kInt64, int32_t{1}, int64_t{1}, 5.f, 6.f);
  const auto with_row = [&](int64_t row) { return ListOf(1, array + Bytes(row)) + Bytes(uint64_t{0}); };
  ASSERT_OK_AND_ASSIGN(const auto file, Open(with_row(2)));
  ASSERT_OK_AND_ASSIGN(const Tensor tensor, file->Read(0));
  EXPECT_THAT(tensor.span<float>(), ElementsAre(0, 0, 0, 0, 5, 6));
  ASSERT_OK_AND_ASSIGN(const auto outside, Open(with_row(3)));
  EXPECT_THAT(outside->Read(0), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("row in [0, 3), got 3")));
}

TEST_F(NdarrayListTest, CountsAreBelievedAsFarAsTheFileReaches) {
  EXPECT_THAT(Open(ListOf(uint64_t{1} << 40, "")), StatusIs(absl::StatusCode::kDataLoss));
  const std::string huge = Bytes(kVersion2, int32_t{0}, int32_t{1}, int64_t{1} << 60) + kContext + Bytes(kFloat32);
  EXPECT_THAT(Open(ListOf(1, huge)), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("array 0")));
}

TEST_F(NdarrayListTest, RefusesToWriteANameTwice) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<AtomicFile> file, AtomicFile::Create(path_));
  const Tensor tensor = Tensor::FromData<float>({1}, {1});
  EXPECT_THAT(WriteNdarrayList(*file, {{"a", tensor}, {"a", tensor}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"a\" twice")));
}

}  // namespace
}  // namespace baryon
