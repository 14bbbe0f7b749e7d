#include "engine/io/npy.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/testing/mutations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A .npy with this header text and these elements.
std::string Npy(absl::string_view header, const std::string& elements, int version = 1) {
  std::string bytes = absl::StrCat("\x93NUMPY", std::string{static_cast<char>(version), '\0'},
                                   std::string{static_cast<char>(header.size()), '\0'});
  if (version > 1) bytes += std::string(2, '\0');
  return absl::StrCat(bytes, header, elements);
}

std::string Floats(const std::vector<float>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

TEST(NpyTest, EveryDtypeAndRankComesBack) {
  for (int code = 0; code <= 12; ++code) {
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{0, 3}, Shape{1, 2, 3, 4, 5, 6}}) {
      const TensorType type = {*DTypeFromCode(code), shape};
      const Tensor tensor = Tensor::Zeros(type);
      ASSERT_OK_AND_ASSIGN(const Tensor read, ParseNpy(FormatNpy(tensor), "test"));
      EXPECT_EQ(read.type(), type);
    }
  }
}

TEST(NpyTest, WritesWhatNumpyWrites) {
  const std::string bytes = FormatNpy(Tensor::FromData<float>({2}, {1, 2}));
  EXPECT_EQ(bytes, Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }" + std::string(60, ' ') + "\n",
                       Floats({1, 2})));
  EXPECT_EQ(FormatNpyHeader({DType::kFloat32, Shape{2}}).size() % 64, 0u);
}

TEST(NpyTest, ReadsFortranOrder) {
  const std::string bytes = Npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3)}", Floats({0, 3, 1, 4, 2, 5}));
  ASSERT_OK_AND_ASSIGN(const Tensor tensor, ParseNpy(bytes, "test"));
  EXPECT_EQ(tensor.shape(), (Shape{2, 3}));
  EXPECT_THAT(tensor.span<float>(), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(NpyTest, ReadsLaterVersionsAndOtherSpellings) {
  for (const char* header : {"{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}\n",
                             "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2L,), }",
                             "{ 'descr':'=f4','fortran_order':False ,'shape':(2,) , }"}) {
    for (const int version : {1, 2, 3}) {
      ASSERT_OK_AND_ASSIGN(const Tensor tensor, ParseNpy(Npy(header, Floats({1, 2}), version), "test"));
      EXPECT_THAT(tensor.span<float>(), ElementsAre(1, 2));
    }
  }
}

TEST(NpyTest, RefusesOtherDtypes) {
  const auto parse = [](absl::string_view descr) {
    return ParseNpy(Npy(absl::StrCat("{'descr': ", descr, ", 'fortran_order': False, 'shape': (1,)}"), "12345678"),
                    "x");
  };
  EXPECT_THAT(parse("'|O'"), StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("pickled Python objects")));
  EXPECT_THAT(parse("'>f8'"), StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("little-endian")));
  EXPECT_THAT(parse("'<q9'"), StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("<q9")));
  EXPECT_THAT(parse("[('a', '<f4'), ('b', '<f4')]"), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST(NpyTest, RefusesBrokenHeaders) {
  for (const char* header : {"", "{}", "[]", "{'descr': '<f4'", "{'descr' '<f4'}", "{'descr': '<f4', 'shape': (1,)}",
                             "{'descr': '<f4', 'fortran_order': None, 'shape': (1,)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': 1}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': "
                             "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)}"}) {
    EXPECT_THAT(
        ParseNpy(Npy(header, Floats({1})), "\"x.npy\""),
        StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("\"x.npy\": npy header: expected"), HasSubstr("got"))))
        << header;
  }
}

TEST(NpyTest, ElementsMustBeThereExactly) {
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}";
  EXPECT_THAT(ParseNpy(Npy(header, Floats({1, 2, 3})), "x"),
              StatusIs(absl::StatusCode::kDataLoss, "x: float32 [2, 3]: byte 67: expected 24 bytes, got 12"));
  EXPECT_THAT(ParseNpy(Npy(header, Floats({1, 2, 3, 4, 5, 6, 7})), "x"),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("4 bytes more")));
}

TEST(NpyTest, NeverAllocatesWhatAHeaderClaims) {
  const std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,)}";
  EXPECT_THAT(ParseNpy(Npy(header, "abc"), "x"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(NpyTest, FilesAreWrittenAndRead) {
  const std::string path = testing::TempDir() + "/array.npy";
  const Tensor tensor = Tensor::FromData<int64_t>({2, 2}, {1, -2, 3, -4});
  ASSERT_OK(WriteNpy(path, tensor));
  ASSERT_OK_AND_ASSIGN(const Tensor read, ReadNpy(path));
  EXPECT_EQ(read.type(), tensor.type());
  EXPECT_THAT(read.span<int64_t>(), ElementsAre(1, -2, 3, -4));
  EXPECT_THAT(ReadNpy(path + "x"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("array.npyx")));
}

TEST(NpyTest, DamagedFilesNeverCrash) {
  ForEachMutation(FormatNpy(Tensor::FromData<bool>({2, 3}, {true, false, true, true, false, false})),
                  [](const std::string& bytes) { ParseNpy(bytes, "x").IgnoreError(); });
}

}  // namespace
}  // namespace baryon
