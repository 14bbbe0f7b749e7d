#include "engine/io/npz.h"

#include <string>

#include "absl/strings/str_replace.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/testing/mutations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string TempNpz() { return testing::TempDir() + "/arrays.npz"; }

NamedTensors SomeTensors() {
  return {{"dense0_fwd_output", Tensor::FromData<float>({2, 2}, {1, 2, 3, 4})},
          {"a/b", Tensor::FromData<int32_t>({3}, {5, 6, 7})},
          {"scalar", Tensor::FromData<double>({1}, {0.5}).Reshaped(Shape())}};
}

TEST(NpzTest, ArraysComeBackInTheirOrder) {
  ASSERT_OK(WriteNpz(TempNpz(), SomeTensors()));
  ASSERT_OK_AND_ASSIGN(const NamedTensors read, ReadNpz(TempNpz()));
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0].first, "dense0_fwd_output");
  EXPECT_THAT(read[0].second.span<float>(), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(read[1].first, "a/b");
  EXPECT_EQ(read[2].second.type(), (TensorType{DType::kFloat64, Shape{}}));
}

TEST(NpzTest, ArraysAreReadOneByOneAndInAnyOrder) {
  ASSERT_OK(WriteNpz(TempNpz(), SomeTensors()));
  ASSERT_OK_AND_ASSIGN(const auto npz, NpzFile::Open(TempNpz()));
  EXPECT_EQ(npz->arrays()[1].header.type, (TensorType{DType::kInt32, Shape{3}}));
  ASSERT_OK_AND_ASSIGN(const Tensor last, npz->Read(2));
  EXPECT_THAT(last.span<double>(), ElementsAre(0.5));
  ASSERT_OK_AND_ASSIGN(const Tensor middle, npz->Read(1));
  EXPECT_THAT(middle.span<int32_t>(), ElementsAre(5, 6, 7));
}

TEST(NpzTest, NoArraysMakeAnEmptyFile) {
  ASSERT_OK(WriteNpz(TempNpz(), {}));
  ASSERT_OK_AND_ASSIGN(const NamedTensors read, ReadNpz(TempNpz()));
  EXPECT_TRUE(read.empty());
}

TEST(NpzTest, ErrorsNameFileAndMember) {
  const Tensor tensor = Tensor::FromData<float>({1}, {1});
  EXPECT_THAT(WriteNpz(TempNpz(), {{"twice", tensor}, {"twice", tensor}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("names of their own")));
  ASSERT_OK(WriteNpz(TempNpz(), {{"once0", tensor}, {"twice", tensor}}));
  ASSERT_OK_AND_ASSIGN(const std::string file, ReadFile(TempNpz()));
  EXPECT_THAT(ReadNpz(MemoryFile(absl::StrReplaceAll(file, {{"once0", "twice"}})).path()),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("member \"twice.npy\""), HasSubstr("its own"))));
  EXPECT_THAT(ReadNpz(TempNpz() + "x"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(WriteNpz(testing::TempDir() + "/no/such/folder.npz", {}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no/such/folder")));
}

TEST(NpzTest, DamagedFilesNeverCrash) {
  ASSERT_OK(
      WriteNpz(TempNpz(), {{"a", Tensor::FromData<float>({2}, {1, 2})}, {"b", Tensor::FromData<bool>({1}, {true})}}));
  ASSERT_OK_AND_ASSIGN(const std::string good, ReadFile(TempNpz()));
  ForEachMutation(good, [](const std::string& bytes) { ReadNpz(MemoryFile(bytes).path()).IgnoreError(); });
}

}  // namespace
}  // namespace baryon
