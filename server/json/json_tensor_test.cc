#include "server/json/json_tensor.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

class TextInMemory {
 public:
  explicit TextInMemory(absl::string_view text) : padded_(absl::StrCat(text, std::string(kJsonPadding, ' '))) {
    EXPECT_OK(json_.Open(absl::string_view(padded_).substr(0, text.size())));
  }
  JsonText* operator->() { return &json_; }

 private:
  const std::string padded_;
  JsonText json_;
};

absl::StatusOr<Tensor> Read(absl::string_view text, TensorType type, JsonNumbers numbers = {}) {
  TextInMemory json(text);
  BARYON_ASSIGN_OR_RETURN(const JsonArray array, json->Array());
  Tensor tensor = Tensor::Allocate(std::move(type));
  BARYON_RETURN_IF_ERROR(ReadElements(array, "data", numbers, tensor));
  BARYON_RETURN_IF_ERROR(json->Finish());
  return tensor;
}

absl::StatusOr<Tensor> Build(absl::string_view text, DType dtype) {
  TextInMemory json(text);
  BARYON_ASSIGN_OR_RETURN(const JsonArray array, json->Array());
  JsonTensorBuilder builder(dtype, {true});
  BARYON_RETURN_IF_ERROR(builder.Add(array, "data"));
  return builder.Take();
}

std::string Nested(const Tensor& tensor) {
  std::string json;
  AppendNested(tensor, json);
  return json;
}

TEST(JsonTensorTest, ReadsNestedAndFlatArrays) {
  for (const char* text : {"[[1,2.5],[-3e2,0]]", "[1,2.5,-3e2,0]", " [ [ 1 , 2.5 ] , [ -300 , 0.0 ] ] "}) {
    ASSERT_OK_AND_ASSIGN(const Tensor tensor, Read(text, {DType::kFloat32, {2, 2}}));
    EXPECT_THAT(tensor.span<float>(), ElementsAre(1, 2.5, -300, 0)) << text;
  }
}

TEST(JsonTensorTest, RefusesArraysOfAnotherShape) {
  for (const char* text :
       {"[[1,2],[3]]", "[[1,2],[3,4],[5,6]]", "[1,2,3]", "[1,2,3,4,5]", "[]", "[[],[]]", "[[1,2,3,4]]",
        "[[1],[2],[3],[4]]", "[[[1,2],[3,4]]]", "[1,[2,3],4]", "[[1,2],3,4]", "[1,2,[3,4]]", "[[1,2],[[3],[4]]]"}) {
    EXPECT_THAT(Read(text, {DType::kFloat32, {2, 2}}), StatusIs(kInvalid)) << text;
  }
  EXPECT_THAT(Read("[[1,2],[3]]", {DType::kFloat32, {2, 2}}),
              StatusIs(kInvalid, "data: expected 2 values in each array of axis 1, got 1"));
  EXPECT_THAT(Read("[[1,2,3,4]]", {DType::kFloat32, {2, 2}}),
              StatusIs(kInvalid, HasSubstr("expected arrays of [2, 2], nested or flat, got [1, 4]")));
}

TEST(JsonTensorTest, RefusesElementsOfAnotherKind) {
  EXPECT_THAT(Read("[1,\"2\"]", {DType::kFloat32, {2}}),
              StatusIs(kInvalid, "data: expected float32, got \"\\\"2\\\"\""));
  EXPECT_THAT(Read("[1,null]", {DType::kFloat32, {2}}), StatusIs(kInvalid));
  EXPECT_THAT(Read("[1,true]", {DType::kFloat32, {2}}), StatusIs(kInvalid));
  EXPECT_THAT(Read("[1,{}]", {DType::kFloat32, {2}}), StatusIs(kInvalid));
  EXPECT_THAT(Read("[1,0]", {DType::kBool, {2}}), StatusIs(kInvalid));
  EXPECT_THAT(Read("[1,1.5]", {DType::kInt32, {2}}), StatusIs(kInvalid, "data: expected int32, got \"1.5\""));
  EXPECT_THAT(Read("[1,1.0]", {DType::kInt32, {2}}), StatusIs(kInvalid));
}

TEST(JsonTensorTest, RefusesNumbersOutOfRange) {
  EXPECT_THAT(Read("[1e400]", {DType::kFloat64, {1}}), StatusIs(kInvalid));
  EXPECT_THAT(Read("[1e39]", {DType::kFloat32, {1}}), StatusIs(kInvalid));
  EXPECT_THAT(Read("[70000]", {DType::kFloat16, {1}}), StatusIs(kInvalid));
  EXPECT_THAT(Read("[300]", {DType::kInt8, {1}}), StatusIs(kInvalid));
  EXPECT_THAT(Read("[-1]", {DType::kUInt8, {1}}), StatusIs(kInvalid));
  EXPECT_THAT(Read("[-1]", {DType::kUInt64, {1}}), StatusIs(kInvalid));
  EXPECT_THAT(Read("[9223372036854775808]", {DType::kInt64, {1}}), StatusIs(kInvalid));
  EXPECT_THAT(Read("[NaN]", {DType::kFloat32, {1}}), StatusIs(kInvalid));
}

TEST(JsonTensorTest, ReadsTheLimitsOfEveryType) {
  const auto expect_same = [](const char* text, DType dtype) {
    ASSERT_OK_AND_ASSIGN(const Tensor tensor, Read(text, {dtype, {2}}));
    EXPECT_EQ(Nested(tensor), text);
  };
  expect_same("[-128,127]", DType::kInt8);
  expect_same("[0,255]", DType::kUInt8);
  expect_same("[-32768,32767]", DType::kInt16);
  expect_same("[0,65535]", DType::kUInt16);
  expect_same("[-2147483648,2147483647]", DType::kInt32);
  expect_same("[0,4294967295]", DType::kUInt32);
  expect_same("[-9223372036854775808,9223372036854775807]", DType::kInt64);
  expect_same("[0,18446744073709551615]", DType::kUInt64);
  expect_same("[false,true]", DType::kBool);
  expect_same("[-0.0,65504.0]", DType::kFloat16);
  expect_same("[1.5,-2.0]", DType::kBFloat16);
  expect_same("[1e-45,3.4028235e+38]", DType::kFloat32);
  expect_same("[5e-324,1.7976931348623157e+308]", DType::kFloat64);
}

TEST(JsonTensorTest, WritesWhatReadsBackTheSame) {
  std::vector<float> values;
  uint32_t bits = 12345;
  while (values.size() < 10000) {
    bits = bits * 1664525 + 1013904223;
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    if (std::isfinite(value)) values.push_back(value);
  }
  const Tensor tensor = Tensor::FromData<float>({100, 100}, absl::MakeConstSpan(values));
  ASSERT_OK_AND_ASSIGN(const Tensor again, Read(Nested(tensor), tensor.type()));
  EXPECT_EQ(std::memcmp(again.raw_data(), tensor.raw_data(), tensor.size_bytes()), 0);
}

TEST(JsonTensorTest, TakesNotFiniteWordsWhenAllowed) {
  ASSERT_OK_AND_ASSIGN(const Tensor tensor,
                       Read("[NaN, Infinity ,-Infinity,1.0]", {DType::kFloat32, {4}}, {.allow_not_finite = true}));
  EXPECT_EQ(Nested(tensor), "[NaN,Infinity,-Infinity,1.0]");
  EXPECT_TRUE(HasNotFinite(tensor));
  EXPECT_FALSE(HasNotFinite(Tensor::FromData<float>({1}, {1})));
  EXPECT_FALSE(HasNotFinite(Tensor::FromData<int32_t>({1}, {1})));
  for (const char* text : {"[nan]", "[inf]", "[NaNs]", "[Infinit]", "[+Infinity]", "[\"NaN\"]", "[Infinity1]"}) {
    EXPECT_THAT(Read(text, {DType::kFloat32, {1}}, {.allow_not_finite = true}), StatusIs(kInvalid)) << text;
  }
}

TEST(JsonTensorTest, FindsTheShapeOut) {
  ASSERT_OK_AND_ASSIGN(const Tensor tensor, Build("[[[1],[2],[3]],[[4],[5],[6]]]", DType::kInt64));
  EXPECT_EQ(tensor.shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(Nested(tensor), "[[[1],[2],[3]],[[4],[5],[6]]]");
  ASSERT_OK_AND_ASSIGN(const Tensor flags, Build("[true,false]", DType::kBool));
  EXPECT_EQ(Nested(flags), "[true,false]");
  for (const char* text : {"[]", "[[]]", "[[],[]]", "[[1],[]]", "[[1],2]", "[1,[2]]", "[[[1]],[2]]"}) {
    EXPECT_THAT(Build(text, DType::kFloat32), StatusIs(kInvalid)) << text;
  }
}

TEST(JsonTensorTest, BuildsRowsOneByOne) {
  TextInMemory json("[[1,2],[3,4],[5]]");
  ASSERT_OK_AND_ASSIGN(const JsonArray array, json->Array());
  JsonTensorBuilder builder(DType::kFloat32, {});
  std::vector<absl::Status> added;
  ForEachElement(array, "rows", [&](size_t, JsonValue row) {
    added.push_back(builder.Add(row, "row"));
    return added.back();
  }).IgnoreError();
  ASSERT_EQ(added.size(), 3u);
  EXPECT_THAT(added[2], StatusIs(kInvalid, "row: expected a value of shape [2] as before, got [1]"));
}

TEST(JsonTensorTest, RowsOfScalarsAreOneAxis) {
  TextInMemory json("[1,2,3]");
  ASSERT_OK_AND_ASSIGN(const JsonArray array, json->Array());
  JsonTensorBuilder builder(DType::kFloat32, {});
  ASSERT_OK(ForEachElement(array, "rows", [&](size_t, JsonValue row) { return builder.Add(row, "row"); }));
  ASSERT_OK_AND_ASSIGN(const Tensor tensor, builder.TakeRows());
  EXPECT_EQ(tensor.shape(), (Shape{3}));
  EXPECT_THAT(tensor.span<float>(), ElementsAre(1, 2, 3));
}

TEST(JsonTensorTest, LimitsTheDepth) {
  EXPECT_THAT(Build(absl::StrCat(std::string(40, '['), "1", std::string(40, ']')), DType::kFloat32),
              StatusIs(kInvalid, HasSubstr("at most 32")));
}

TEST(JsonTensorTest, WritesFlat) {
  std::string json = "x";
  AppendFlat(Tensor::FromData<int8_t>({2, 2}, {1, -2, 3, 4}), json);
  EXPECT_EQ(json, "x[1,-2,3,4]");
  EXPECT_EQ(Nested(Tensor::FromData<float>({}, {1.25f})), "1.25");
  EXPECT_EQ(Nested(Tensor::Zeros({DType::kFloat32, {2, 0}})), "[[],[]]");
}

}  // namespace
}  // namespace baryon
