#include "server/services/tensor_codec.h"

#include <memory>

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/manual_executor.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

class InputBinderTest : public testing::Test {
 protected:
  static std::string GraphText() {
    return "input a: float32 [-1, 2]\ninput b: int32 [-1]\nx = _copy(a)\ny = _copy(b)\noutput x = x\noutput y = y\n";
  }

  // A model of inputs a: float32 [-1, 2] and b: int32 [-1], which takes pictures of one byte for a: "x" is [[x, x]].
  InputBinderTest() {
    OpenedModel opened;
    opened.executable = MakeExecutable(GraphText(), pool_);
    opened.pictures = {"a", [](absl::string_view file) -> absl::StatusOr<Tensor> {
                         if (file.empty()) return absl::InvalidArgumentError("no picture");
                         const float pixel = file[0];
                         if (file.size() == 2) return Tensor::FromData<float>({1, 3}, {pixel, pixel, pixel});
                         return Tensor::FromData<float>({1, 2}, {pixel, pixel});
                       }};
    model_ = std::make_unique<ServedModel>("m", 1, std::move(opened), Batcher::Options(), executor_,
                                           metrics_.ForModel("m", 1));
  }

  absl::Status Add(absl::string_view name, TensorType type, absl::string_view bytes) {
    return InputBinder(*model_).AddBytes(name, type, bytes);
  }
  absl::Status AddPictures(absl::string_view name, std::vector<absl::string_view> files) {
    return InputBinder(*model_).AddPictures(name, files);
  }

  ThreadPool pool_{1};
  ManualExecutor executor_;
  ServerMetrics metrics_{"1"};
  std::unique_ptr<const ServedModel> model_;
  alignas(64) const float floats_[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  alignas(64) const int32_t ints_[4] = {5, 6, 7, 8};

  absl::string_view Floats(size_t count) { return {reinterpret_cast<const char*>(floats_), count * sizeof(float)}; }
  absl::string_view Ints(size_t count) { return {reinterpret_cast<const char*>(ints_), count * sizeof(int32_t)}; }
};

TEST_F(InputBinderTest, PutsInputsIntoTheOrderOfTheSignature) {
  InputBinder binder(*model_);
  ASSERT_OK(binder.AddBytes("b", {DType::kInt32, {3}}, Ints(3)));
  ASSERT_OK(binder.AddBytes("a", {DType::kFloat32, {3, 2}}, Floats(6)));
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, binder.Finish());
  EXPECT_THAT(inputs[0].span<float>(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(inputs[1].span<int32_t>(), ElementsAre(5, 6, 7));
}

TEST_F(InputBinderTest, ViewsAlignedBytesAndCopiesOthers) {
  InputBinder binder(*model_);
  const std::string shifted = "x" + std::string(Floats(2));
  ASSERT_OK(binder.AddBytes("b", {DType::kInt32, {1}}, Ints(1)));
  ASSERT_OK(binder.AddBytes("a", {DType::kFloat32, {1, 2}}, absl::string_view(shifted).substr(1)));
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, binder.Finish());
  EXPECT_EQ(inputs[1].raw_data(), ints_);
  EXPECT_THAT(inputs[0].span<float>(), ElementsAre(1, 2));
}

TEST_F(InputBinderTest, RefusesUnknownAndRepeatedNames) {
  EXPECT_THAT(Add("c", {DType::kFloat32, {1, 2}}, Floats(2)),
              StatusIs(kInvalid, "no input is called \"c\", expected \"a\", \"b\""));
  InputBinder binder(*model_);
  ASSERT_OK(binder.AddBytes("a", {DType::kFloat32, {1, 2}}, Floats(2)));
  EXPECT_THAT(binder.AddBytes("a", {DType::kFloat32, {1, 2}}, Floats(2)),
              StatusIs(kInvalid, "input \"a\" is given twice"));
}

TEST_F(InputBinderTest, NamesWhatIsMissing) {
  InputBinder binder(*model_);
  ASSERT_OK(binder.AddBytes("a", {DType::kFloat32, {1, 2}}, Floats(2)));
  EXPECT_THAT(binder.Finish(), StatusIs(kInvalid, "input \"b\" is missing, expected int32 [-1]"));
}

TEST_F(InputBinderTest, RefusesAnotherDtypeOrShape) {
  EXPECT_THAT(Add("a", {DType::kInt32, {1, 2}}, Ints(2)),
              StatusIs(kInvalid, "input \"a\": expected float32 [-1, 2], got int32 [1, 2]"));
  EXPECT_THAT(Add("a", {DType::kFloat32, {1, 3}}, Floats(3)), StatusIs(kInvalid, HasSubstr("got float32 [1, 3]")));
  EXPECT_THAT(Add("a", {DType::kFloat32, {2}}, Floats(2)), StatusIs(kInvalid, HasSubstr("got float32 [2]")));
}

TEST_F(InputBinderTest, RefusesOneByteTooFewOrTooMany) {
  EXPECT_THAT(Add("a", {DType::kFloat32, {2, 2}}, Floats(4).substr(1)),
              StatusIs(kInvalid, "input \"a\": expected 16 bytes for float32 [2, 2], got 15"));
  EXPECT_THAT(Add("a", {DType::kFloat32, {2, 2}}, Floats(5)), StatusIs(kInvalid, HasSubstr("got 20")));
}

TEST_F(InputBinderTest, RefusesShapesThatCannotBe) {
  const int64_t huge = int64_t{1} << 32;
  for (const Shape& shape :
       {Shape{0, 2}, Shape{-1, 2}, Shape{huge, huge}, Shape{INT64_MAX, 2}, Shape::UnknownDims(64)}) {
    EXPECT_THAT(Add("a", {DType::kFloat32, shape}, ""), StatusIs(kInvalid)) << shape.ToString();
  }
}

TEST_F(InputBinderTest, RefusesBooleansThatAreNeitherTrueNorFalse) {
  OpenedModel opened;
  opened.executable = MakeExecutable(GraphOf("_copy", "bool [-1]"), pool_);
  const ServedModel model("m", 1, std::move(opened), Batcher::Options(), executor_, metrics_.ForModel("m", 1));
  EXPECT_OK(InputBinder(model).AddBytes("data", {DType::kBool, {2}}, absl::string_view("\0\1", 2)));
  EXPECT_THAT(InputBinder(model).AddBytes("data", {DType::kBool, {2}}, absl::string_view("\0\2", 2)),
              StatusIs(kInvalid, HasSubstr("expected bytes of 0 or 1")));
}

TEST_F(InputBinderTest, AllocatesForElementsThatAreThereOnly) {
  InputBinder binder(*model_);
  EXPECT_THAT(binder.AddElements("a", {DType::kFloat32, {1 << 30, 2}}, 4),
              StatusIs(kInvalid, HasSubstr("expected 2147483648 elements")));
  InputBinder other(*model_);
  ASSERT_OK_AND_ASSIGN(Tensor * tensor, other.AddElements("a", {DType::kFloat32, {2, 2}}, 4));
  EXPECT_EQ(tensor->shape(), (Shape{2, 2}));
}

TEST_F(InputBinderTest, DecodesPicturesToRows) {
  InputBinder binder(*model_);
  ASSERT_OK(binder.AddPictures("a", {"\1", "\2"}));
  ASSERT_OK(binder.AddBytes("b", {DType::kInt32, {2}}, Ints(2)));
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, binder.Finish());
  EXPECT_EQ(inputs[0].shape(), (Shape{2, 2}));
  EXPECT_THAT(inputs[0].span<float>(), ElementsAre(1, 1, 2, 2));
}

TEST_F(InputBinderTest, RefusesPicturesThatDoNotFit) {
  EXPECT_THAT(AddPictures("b", {"\1"}), StatusIs(kInvalid, HasSubstr("got pictures, which this input does not take")));
  EXPECT_THAT(AddPictures("a", {"\1", ""}), StatusIs(kInvalid, "input \"a\", picture 1: no picture"));
  EXPECT_THAT(AddPictures("a", {"\1", "\1\1"}), StatusIs(kInvalid, HasSubstr("pictures of one size")));
  EXPECT_THAT(AddPictures("a", {}), StatusIs(kInvalid, HasSubstr("1 to 256 pictures, got 0")));
  EXPECT_THAT(AddPictures("a", std::vector<absl::string_view>(257, "\1")), StatusIs(kInvalid, HasSubstr("got 257")));
}

TEST(OipDatatypeTest, GoesBothWays) {
  for (const char* name : {"FP32", "FP64", "FP16", "BF16", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16",
                           "INT32", "INT64", "BOOL"}) {
    ASSERT_TRUE(DTypeFromOip(name).has_value()) << name;
    EXPECT_EQ(OipDatatype(*DTypeFromOip(name)), name);
  }
  EXPECT_EQ(DTypeFromOip("fp32"), std::nullopt);
  EXPECT_EQ(DTypeFromOip("BYTES"), std::nullopt);
}

TEST(CheckFitsMessageTest, RefusesAnswersAbove2GiB) {
  const Tensor huge = Tensor::Borrow({DType::kFloat32, {1 << 29}}, "", nullptr);
  EXPECT_THAT(CheckFitsMessage({huge}), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_OK(CheckFitsMessage({Tensor::Zeros({DType::kFloat32, {4}})}));
}

TEST(OnlyInputTest, IsTheOneThatIsNotOptional) {
  Signature signature;
  EXPECT_EQ(OnlyInput(signature), nullptr);
  signature.inputs = {{"label", {}, /*optional=*/true}, {"data", {}, /*optional=*/false}};
  EXPECT_EQ(OnlyInput(signature)->name, "data");
  signature.inputs.push_back({"more", {}, /*optional=*/false});
  EXPECT_EQ(OnlyInput(signature), nullptr);
}

TEST(ExampleOfTest, IsKnownOrNotThere) {
  Signature signature;
  signature.inputs = {{"data", {}, /*optional=*/false}, {"more", {}, /*optional=*/false}};
  EXPECT_EQ(ExampleOf(signature, "data"), nullptr);
  signature.example = {{DType::kFloat32, {1, 8}}, {DType::kFloat32, Shape::Unknown()}};
  EXPECT_EQ(ExampleOf(signature, "data")->shape, Shape({1, 8}));
  EXPECT_EQ(ExampleOf(signature, "more"), nullptr);
  EXPECT_EQ(ExampleOf(signature, "none"), nullptr);
}

}  // namespace
}  // namespace baryon
