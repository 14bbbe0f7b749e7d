#include "server/services/tensorflow_codec.h"

#include <cstring>
#include <limits>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/error_details.h"
#include "server/testing/grpc_bytes.h"
#include "server/testing/manual_executor.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using tensorflow::TensorProto;
using tensorflow::serving::PredictRequest;
using tensorflow::serving::PredictResponse;
using testing::ElementsAre;
using testing::HasSubstr;

const absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
constexpr int64_t kMostBytes = 1 << 20;

template <typename T>
std::string Raw(std::initializer_list<T> elements) {
  return std::string(reinterpret_cast<const char*>(elements.begin()), elements.size() * sizeof(T));
}

class TensorFlowCodecTest : public testing::Test {
 protected:
  void UseModel(const std::string& text, std::optional<PictureInput> pictures = std::nullopt) {
    OpenedModel opened{MakeExecutable(text, pool_), {}, std::move(pictures)};
    model_ = std::make_unique<ServedModel>("m", 4, std::move(opened), Batcher::Options(), executor_,
                                           metrics_.ForModel("m", 4));
  }
  void UseCopy(const std::string& type) { UseModel(GraphOf("_copy", type)); }

  TensorProto& Input(tensorflow::DataType type, std::initializer_list<int64_t> dims) {
    TensorProto& proto = (*request_.mutable_inputs())["data"];
    proto.Clear();
    proto.set_dtype(type);
    for (int64_t dim : dims) proto.mutable_tensor_shape()->add_dim()->set_size(dim);
    return proto;
  }
  absl::StatusOr<Tensors> Decode() { return DecodePredictRequest(request_, *model_, kMostBytes); }
  PredictResponse Encode(const Tensors& outputs) {
    const auto wanted = FilterOutputs(request_, model_->signature());
    EXPECT_OK(wanted.status());
    absl::StatusOr<WirePieces> pieces = EncodePredictResponse(request_, *wanted, *model_, outputs);
    EXPECT_OK(pieces.status());
    PredictResponse response;
    EXPECT_TRUE(FromBytes(pieces->Finish(), response));
    return response;
  }

  ThreadPool pool_{1};
  ManualExecutor executor_;
  ServerMetrics metrics_{"1"};
  std::unique_ptr<ServedModel> model_;
  PredictRequest request_;
};

TEST_F(TensorFlowCodecTest, ReadsAndAnswersContentsOfEveryDtype) {
  const std::pair<const char*, tensorflow::DataType> dtypes[] = {
      {"float32", tensorflow::DT_FLOAT}, {"float64", tensorflow::DT_DOUBLE},    {"float16", tensorflow::DT_HALF},
      {"uint8", tensorflow::DT_UINT8},   {"bfloat16", tensorflow::DT_BFLOAT16}, {"uint16", tensorflow::DT_UINT16},
      {"uint32", tensorflow::DT_UINT32}, {"uint64", tensorflow::DT_UINT64},     {"int8", tensorflow::DT_INT8},
      {"int16", tensorflow::DT_INT16},   {"int32", tensorflow::DT_INT32},       {"int64", tensorflow::DT_INT64},
      {"bool", tensorflow::DT_BOOL}};
  for (const auto& [dtype, type] : dtypes) {
    UseCopy(absl::StrCat(dtype, " [-1]"));
    const std::string bytes(2 * DTypeSize(*DTypeFromName(dtype)), '\1');
    Input(type, {2}).set_tensor_content(bytes);
    ASSERT_OK_AND_ASSIGN(const Tensors inputs, Decode());
    EXPECT_EQ(DTypeName(inputs[0].dtype()), dtype);
    const TensorProto output = Encode(inputs).outputs().at("out");
    EXPECT_EQ(output.dtype(), type);
    EXPECT_EQ(output.tensor_content(), bytes);
    EXPECT_EQ(output.tensor_shape().dim(0).size(), 2);

    tensorflow::serving::PredictRequest viewed;  // by `inputs`
    viewed.mutable_inputs()->swap(*request_.mutable_inputs());
    const TensorProto typed = Encode(inputs).outputs().at("out");
    EXPECT_EQ(typed.tensor_content(), "");
    (*request_.mutable_inputs())["data"] = typed;
    ASSERT_OK_AND_ASSIGN(const Tensors again, Decode());
    EXPECT_EQ(BytesOf(again[0]), absl::string_view(bytes));
  }
}

TEST_F(TensorFlowCodecTest, TheLastElementStandsForAllThatAreMissing) {
  UseCopy("float32 [-1, 2]");
  TensorProto& proto = Input(tensorflow::DT_FLOAT, {2, 2});
  ASSERT_OK_AND_ASSIGN(const Tensors zeros, Decode());
  EXPECT_THAT(zeros[0].span<float>(), ElementsAre(0, 0, 0, 0));
  proto.add_float_val(1);
  proto.add_float_val(2);
  ASSERT_OK_AND_ASSIGN(const Tensors filled, Decode());
  EXPECT_THAT(filled[0].span<float>(), ElementsAre(1, 2, 2, 2));
  for (int i = 0; i < 3; ++i) proto.add_float_val(3);
  EXPECT_THAT(Decode(), StatusIs(kInvalid, HasSubstr("at most 4 elements, got 5")));
}

TEST_F(TensorFlowCodecTest, ASmallMessageDoesNotBecomeALargeTensor) {
  UseCopy("float32 [-1]");
  Input(tensorflow::DT_FLOAT, {kMostBytes / 4 + 1}).add_float_val(1);
  EXPECT_THAT(Decode(), StatusIs(kInvalid, HasSubstr("at most 1048576 bytes to be filled up")));
  Input(tensorflow::DT_FLOAT, {int64_t{1} << 60}).add_float_val(1);
  EXPECT_THAT(Decode(), StatusIs(kInvalid));
  Input(tensorflow::DT_FLOAT, {kMostBytes / 4}).add_float_val(1);
  EXPECT_OK(Decode().status());
}

TEST_F(TensorFlowCodecTest, RefusesShapesThatAreNone) {
  UseCopy("float32 [-1, 2]");
  Input(tensorflow::DT_FLOAT, {}).mutable_tensor_shape()->set_unknown_rank(true);
  EXPECT_THAT(Decode(), StatusIs(kInvalid, HasSubstr("an unknown rank")));
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  for (const std::initializer_list<int64_t> dims :
       {std::initializer_list<int64_t>{-1, 2}, {0, 2}, {kMost, 2}, {int64_t{1} << 32, int64_t{1} << 32}, {2}, {1, 3}}) {
    Input(tensorflow::DT_FLOAT, dims);
    EXPECT_THAT(Decode(), StatusIs(kInvalid));
  }
}

TEST_F(TensorFlowCodecTest, RefusesContentsOfAnotherSize) {
  UseCopy("float32 [-1]");
  Input(tensorflow::DT_FLOAT, {2}).set_tensor_content(std::string(7, '\0'));
  EXPECT_THAT(Decode(), StatusIs(kInvalid, HasSubstr("expected 8 bytes for float32 [2], got 7")));
  EXPECT_EQ(DetailsOf(Decode().status()).field, "inputs[\"data\"].data");
}

TEST_F(TensorFlowCodecTest, RefusesElementsThatDoNotFitTheirDtype) {
  UseCopy("int8 [-1]");
  Input(tensorflow::DT_INT8, {1}).add_int_val(300);
  EXPECT_THAT(Decode(), StatusIs(kInvalid, HasSubstr("expected elements of int8, got 300")));
  UseCopy("float16 [-1]");
  Input(tensorflow::DT_HALF, {1}).add_half_val(0x10000);
  EXPECT_THAT(Decode(), StatusIs(kInvalid));
}

TEST_F(TensorFlowCodecTest, RefusesDtypesItDoesNotKnow) {
  UseCopy("float32 [-1]");
  for (const int type : {0, 8, 12, 20, 21, 29, 101, 1000}) {
    Input(static_cast<tensorflow::DataType>(type), {1});
    EXPECT_THAT(Decode(), StatusIs(kInvalid, HasSubstr("expected a dtype of numbers")));
  }
}

TEST_F(TensorFlowCodecTest, NamesInputsThatAreUnknownOrMissing) {
  UseCopy("float32 [-1]");
  EXPECT_THAT(Decode(), StatusIs(kInvalid, HasSubstr("\"data\" is missing")));
  (*request_.mutable_inputs())["x"].set_dtype(tensorflow::DT_FLOAT);
  EXPECT_THAT(Decode(), StatusIs(kInvalid, HasSubstr("no input is called \"x\"")));
}

TEST_F(TensorFlowCodecTest, ReadsPictures) {
  UseModel(GraphOf("_copy", "float32 [-1]"), PictureInput{"data", [](absl::string_view file) -> absl::StatusOr<Tensor> {
                                                            return Tensor::FromData<float>(
                                                                {1}, {static_cast<float>(file.size())});
                                                          }});
  TensorProto& proto = Input(tensorflow::DT_STRING, {2});
  proto.add_string_val("abc");
  EXPECT_THAT(Decode(), StatusIs(kInvalid, HasSubstr("as many texts as shape [2]")));
  proto.add_string_val("");
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, Decode());
  EXPECT_THAT(inputs[0].span<float>(), ElementsAre(3, 0));
  Input(tensorflow::DT_STRING, {2}).set_tensor_content(std::string("\x82\x01\x01", 3) + std::string(131, 'x'));
  ASSERT_OK_AND_ASSIGN(const Tensors packed, Decode());
  EXPECT_THAT(packed[0].span<float>(), ElementsAre(130, 1));
  for (const std::string& content :
       {std::string("\x01"), std::string("\x05\x05xx"), std::string("\x00\x00x", 3), std::string(20, '\xff')}) {
    Input(tensorflow::DT_STRING, {2}).set_tensor_content(content);
    EXPECT_THAT(Decode(), StatusIs(kInvalid));
  }
}

TEST_F(TensorFlowCodecTest, AnswersTheOutputsThatAreWanted) {
  UseModel(
      "input a: float32 [-1]\nx = _copy(a)\ny = _copy(a)\noutput x = "
      "x\noutput y = y\n");
  const Tensors outputs = {Tensor::FromData<float>({1}, {1}), Tensor::FromData<float>({1}, {2})};
  EXPECT_EQ(Encode(outputs).outputs().size(), 2u);
  request_.add_output_filter("y");
  const PredictResponse response = Encode(outputs);
  EXPECT_EQ(response.outputs().size(), 1u);
  EXPECT_THAT(response.outputs().at("y").float_val(), ElementsAre(2));
  EXPECT_EQ(response.model_spec().version().value(), 4);
  request_.add_output_filter("y");
  EXPECT_THAT(FilterOutputs(request_, model_->signature()), StatusIs(kInvalid, HasSubstr("asked twice")));
  request_.set_output_filter(1, "z");
  EXPECT_THAT(FilterOutputs(request_, model_->signature()), StatusIs(kInvalid, HasSubstr("\"z\"")));
}

}  // namespace
}  // namespace baryon
