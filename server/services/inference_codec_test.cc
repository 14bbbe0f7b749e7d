#include "server/services/inference_codec.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "proto/inference.pb.h"
#include "server/error_details.h"
#include "server/testing/grpc_bytes.h"
#include "server/testing/manual_executor.h"
#include "server/testing/shared_object.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;
using testing::ElementsAre;
using testing::HasSubstr;

const absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

// The bytes of `elements`, as raw_input_contents carries them.
template <typename T>
std::string Raw(std::initializer_list<T> elements) {
  return std::string(reinterpret_cast<const char*>(elements.begin()), elements.size() * sizeof(T));
}

// One element of raw BYTES.
std::string RawElement(const std::string& bytes) { return Raw({static_cast<uint32_t>(bytes.size())}) + bytes; }

class InferenceCodecTest : public testing::Test {
 protected:
  std::unique_ptr<ServedModel> Model(const std::string& text, std::optional<PictureInput> pictures = std::nullopt) {
    OpenedModel opened{MakeExecutable(text, pool_), {}, std::move(pictures)};
    return std::make_unique<ServedModel>("m", 4, std::move(opened), Batcher::Options(), executor_,
                                         metrics_.ForModel("m", 4));
  }
  // A model of one input "data" of `dtype`, any number of elements.
  std::unique_ptr<ServedModel> Copy(const std::string& dtype) { return Model(GraphOf("_copy", dtype + " [-1]")); }
  std::unique_ptr<ServedModel> Pair() {
    return Model(
        "input a: float32 [-1]\ninput b: float32 [-1]\nx = "
        "_copy(a)\ny = _copy(b)\noutput x = x\noutput y = y\n");
  }

  static ModelInferRequest::InferInputTensor& AddInput(ModelInferRequest& request, const std::string& name,
                                                       const std::string& datatype, int64_t size) {
    ModelInferRequest::InferInputTensor& input = *request.add_inputs();
    input.set_name(name);
    input.set_datatype(datatype);
    input.add_shape(size);
    return input;
  }

  // Over the wire and back: what the codec views lives in `message_`.
  absl::StatusOr<Tensors> Decode(const ModelInferRequest& request, const ServedModel& model) {
    bytes_ = ToBytes(request);
    BARYON_ASSIGN_OR_RETURN(message_, InferenceMessage::Parse(bytes_));
    return DecodeInferenceRequest(message_, model, regions_);
  }
  absl::Status Encode(const ModelInferRequest& request, const ServedModel& model, const Tensors& outputs,
                      ModelInferResponse& response) {
    const grpc::ByteBuffer bytes = ToBytes(request);  // not those that `outputs` may view
    BARYON_ASSIGN_OR_RETURN(const InferenceMessage message, InferenceMessage::Parse(bytes));
    BARYON_ASSIGN_OR_RETURN(const auto wanted, ReadWantedOutputs(message.head, model.signature(), regions_));
    BARYON_ASSIGN_OR_RETURN(WirePieces pieces, EncodeInferenceResponse(message, wanted, model, outputs));
    EXPECT_TRUE(FromBytes(pieces.Finish(), response));
    return absl::OkStatus();
  }

  ThreadPool pool_{1};
  ManualExecutor executor_;
  ServerMetrics metrics_{"1"};
  SharedMemoryRegistry regions_{/*allowed=*/true};
  grpc::ByteBuffer bytes_;
  InferenceMessage message_;
};

TEST_F(InferenceCodecTest, ReadsRawContentsOfEveryDatatype) {
  const std::pair<const char*, const char*> dtypes[] = {
      {"float32", "FP32"},  {"float64", "FP64"},  {"float16", "FP16"},  {"bfloat16", "BF16"}, {"uint8", "UINT8"},
      {"uint16", "UINT16"}, {"uint32", "UINT32"}, {"uint64", "UINT64"}, {"int8", "INT8"},     {"int16", "INT16"},
      {"int32", "INT32"},   {"int64", "INT64"},   {"bool", "BOOL"}};
  for (const auto& [dtype, datatype] : dtypes) {
    const auto model = Copy(dtype);
    ModelInferRequest request;
    AddInput(request, "data", datatype, 2);
    const std::string bytes(2 * DTypeSize(*DTypeFromName(dtype)), '\1');
    request.add_raw_input_contents(bytes);
    ASSERT_OK_AND_ASSIGN(const Tensors inputs, Decode(request, *model));
    EXPECT_EQ(DTypeName(inputs[0].dtype()), dtype);
    ModelInferResponse response;
    ASSERT_OK(Encode(request, *model, inputs, response));
    EXPECT_EQ(response.outputs(0).datatype(), datatype);
    EXPECT_EQ(response.raw_output_contents(0), bytes);
    EXPECT_FALSE(response.outputs(0).has_contents());
  }
}

TEST_F(InferenceCodecTest, MatchesRawContentsToInputsByPosition) {
  const auto model = Pair();
  ModelInferRequest request;
  AddInput(request, "b", "FP32", 1);
  AddInput(request, "a", "FP32", 1);
  request.add_raw_input_contents(Raw<float>({2}));
  request.add_raw_input_contents(Raw<float>({1}));
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, Decode(request, *model));
  EXPECT_THAT(inputs[0].span<float>(), ElementsAre(1));
  EXPECT_THAT(inputs[1].span<float>(), ElementsAre(2));
}

TEST_F(InferenceCodecTest, RefusesMoreOrFewerRawContentsThanInputs) {
  const auto model = Pair();
  ModelInferRequest request;
  AddInput(request, "a", "FP32", 1);
  AddInput(request, "b", "FP32", 1);
  request.add_raw_input_contents(Raw<float>({1}));
  EXPECT_THAT(Decode(request, *model),
              StatusIs(kInvalid, HasSubstr("input \"b\": expected an entry in raw_input_contents")));
  request.add_raw_input_contents(Raw<float>({1}));
  request.add_raw_input_contents(Raw<float>({1}));
  EXPECT_THAT(Decode(request, *model), StatusIs(kInvalid, HasSubstr("each of 2 inputs, got 3 entries")));
}

TEST_F(InferenceCodecTest, RefusesRawAndTypedContentsTogether) {
  const auto model = Copy("float32");
  ModelInferRequest request;
  AddInput(request, "data", "FP32", 1).mutable_contents()->add_fp32_contents(1);
  request.add_raw_input_contents(Raw<float>({1}));
  EXPECT_THAT(Decode(request, *model), StatusIs(kInvalid, HasSubstr("raw_input_contents alone")));
}

TEST_F(InferenceCodecTest, ReadsAndAnswersTypedContents) {
  const auto model = Copy("int8");
  ModelInferRequest request;
  auto& contents = *AddInput(request, "data", "INT8", 2).mutable_contents();
  contents.add_int_contents(-128);
  contents.add_int_contents(127);
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, Decode(request, *model));
  EXPECT_THAT(inputs[0].span<int8_t>(), ElementsAre(-128, 127));
  ModelInferResponse response;
  ASSERT_OK(Encode(request, *model, inputs, response));
  EXPECT_THAT(response.outputs(0).contents().int_contents(), ElementsAre(-128, 127));
  EXPECT_EQ(response.raw_output_contents_size(), 0);
}

TEST_F(InferenceCodecTest, ReadsTypedBooleansAndUnsignedNumbers) {
  ModelInferRequest booleans;
  AddInput(booleans, "data", "BOOL", 1).mutable_contents()->add_bool_contents(true);
  ASSERT_OK_AND_ASSIGN(const Tensors truth, Decode(booleans, *Copy("bool")));
  EXPECT_THAT(truth[0].span<bool>(), ElementsAre(true));
  ModelInferRequest large;
  AddInput(large, "data", "UINT64", 1).mutable_contents()->add_uint64_contents(UINT64_MAX);
  ASSERT_OK_AND_ASSIGN(const Tensors numbers, Decode(large, *Copy("uint64")));
  EXPECT_THAT(numbers[0].span<uint64_t>(), ElementsAre(UINT64_MAX));
}

TEST_F(InferenceCodecTest, RefusesElementsThatDoNotFitTheDatatype) {
  ModelInferRequest request;
  AddInput(request, "data", "INT8", 1).mutable_contents()->add_int_contents(300);
  EXPECT_THAT(Decode(request, *Copy("int8")), StatusIs(kInvalid, "input \"data\": expected elements of INT8, got 300"));
}

TEST_F(InferenceCodecTest, RefusesElementsInAnotherOrASecondList) {
  ModelInferRequest request;
  auto& contents = *AddInput(request, "data", "FP32", 1).mutable_contents();
  contents.add_fp64_contents(1);
  EXPECT_THAT(Decode(request, *Copy("float32")), StatusIs(kInvalid, HasSubstr("in another list")));
  contents.add_fp32_contents(1);
  EXPECT_THAT(Decode(request, *Copy("float32")), StatusIs(kInvalid, HasSubstr("in another list")));
}

TEST_F(InferenceCodecTest, RefusesAnotherNumberOfElements) {
  ModelInferRequest request;
  AddInput(request, "data", "FP32", 2).mutable_contents()->add_fp32_contents(1);
  EXPECT_THAT(Decode(request, *Copy("float32")), StatusIs(kInvalid, HasSubstr("expected 2 elements")));
}

TEST_F(InferenceCodecTest, TheShortFloatsHaveNoTypedForm) {
  ModelInferRequest request;
  AddInput(request, "data", "FP16", 1).mutable_contents()->add_fp32_contents(1);
  EXPECT_THAT(Decode(request, *Copy("float16")), StatusIs(kInvalid, HasSubstr("as raw_input_contents")));
}

TEST_F(InferenceCodecTest, RefusesDatatypesThatAreNone) {
  ModelInferRequest request;
  auto& input = AddInput(request, "data", "fp32", 1);
  EXPECT_THAT(Decode(request, *Copy("float32")), StatusIs(kInvalid, HasSubstr("got \"fp32\"")));
  input.set_datatype(std::string(1 << 20, 'x'));
  EXPECT_LT(Decode(request, *Copy("float32")).status().message().size(), 300u);
}

TEST_F(InferenceCodecTest, AnswersTheOutputsThatWereAskedForInTheirOrder) {
  const auto model = Pair();
  const Tensors outputs = {Tensor::FromData<float>({1}, {1}), Tensor::FromData<float>({1}, {2})};
  ModelInferRequest request;
  request.add_outputs()->set_name("y");
  request.add_outputs()->set_name("x");
  ModelInferResponse response;
  ASSERT_OK(Encode(request, *model, outputs, response));
  EXPECT_EQ(response.outputs(0).name(), "y");
  EXPECT_EQ(response.raw_output_contents(0), Raw<float>({2}));
  EXPECT_EQ(response.raw_output_contents(1), Raw<float>({1}));
}

class PictureCodecTest : public InferenceCodecTest {
 protected:
  PictureCodecTest() {
    PictureInput pictures{"data", [](absl::string_view file) -> absl::StatusOr<Tensor> {
                            return Tensor::FromData<float>({1}, {static_cast<float>(file.size())});
                          }};
    model_ = Model(GraphOf("_copy", "float32 [-1]"), pictures);
  }

  absl::StatusOr<Tensors> DecodeRaw(int64_t count, const std::string& raw) {
    ModelInferRequest request;
    AddInput(request, "data", "BYTES", count);
    request.add_raw_input_contents(raw);
    return Decode(request, *model_);
  }

  std::unique_ptr<ServedModel> model_;
};

TEST_F(PictureCodecTest, ReadsRawAndTypedBytes) {
  ASSERT_OK_AND_ASSIGN(const Tensors raw, DecodeRaw(2, RawElement("abc") + RawElement("")));
  EXPECT_THAT(raw[0].span<float>(), ElementsAre(3, 0));
  ModelInferRequest request;
  AddInput(request, "data", "BYTES", 1).mutable_contents()->add_bytes_contents("abcd");
  ASSERT_OK_AND_ASSIGN(const Tensors typed, Decode(request, *model_));
  EXPECT_THAT(typed[0].span<float>(), ElementsAre(4));
}

TEST_F(PictureCodecTest, RefusesBytesThatEndTooEarly) {
  EXPECT_THAT(DecodeRaw(1, "abc"), StatusIs(kInvalid, HasSubstr("four bytes of length")));
  EXPECT_THAT(DecodeRaw(1, RawElement("abc").substr(0, 6)), StatusIs(kInvalid, HasSubstr("3 bytes, got 2")));
  EXPECT_THAT(DecodeRaw(1, std::string(4, '\xff')), StatusIs(kInvalid, HasSubstr("4294967295 bytes, got 0")));
}

TEST_F(PictureCodecTest, RefusesAnotherNumberOfPicturesThanTheShapeSays) {
  EXPECT_THAT(DecodeRaw(2, RawElement("abc")), StatusIs(kInvalid, HasSubstr("as many pictures as shape [2]")));
  EXPECT_THAT(DecodeRaw(-1, RawElement("abc")), StatusIs(kInvalid));
}

TEST_F(InferenceCodecTest, GivesTheBestClassesOfAnOutputWhenAsked) {
  const auto model = Model(GraphOf("_copy", "float32 [-1, 3]"));
  ModelInferRequest request;
  request.add_outputs()->set_name("out");
  (*request.mutable_outputs(0)->mutable_parameters())["classification"].set_int64_param(2);
  ASSERT_OK_AND_ASSIGN(Tensor scores, Tensor::TryAllocate({DType::kFloat32, Shape({1, 3})}));
  const float values[] = {0.5f, 0.25f, 2};
  std::memcpy(scores.mutable_raw_data(), values, sizeof(values));
  Tensors outputs;
  outputs.push_back(std::move(scores));
  ModelInferResponse response;
  ASSERT_OK(Encode(request, *model, outputs, response));
  EXPECT_EQ(response.outputs(0).datatype(), "BYTES");
  EXPECT_THAT(response.outputs(0).shape(), ElementsAre(1, 2));
  EXPECT_EQ(response.raw_output_contents(0), RawElement("2.000000:2") + RawElement("0.500000:0"));
}

TEST_F(InferenceCodecTest, ClassifiesScoresOnly) {
  const auto model = Copy("float32");
  ModelInferRequest request;
  request.add_outputs()->set_name("out");
  (*request.mutable_outputs(0)->mutable_parameters())["classification"].set_int64_param(2);
  ASSERT_OK_AND_ASSIGN(Tensor scores, Tensor::TryAllocate({DType::kFloat32, Shape({3})}));
  Tensors outputs;
  outputs.push_back(std::move(scores));
  ModelInferResponse response;
  EXPECT_THAT(Encode(request, *model, outputs, response),
              StatusIs(kInvalid, HasSubstr("expected scores [rows, classes]")));
}

TEST_F(InferenceCodecTest, ReadsInputsFromSharedMemoryBesideRawOnes) {
  const SharedObject object(Raw<float>({9, 1, 2, 9}));
  ASSERT_OK(regions_.Register("in", object.key(), 4, 12));
  const auto model = Pair();
  ModelInferRequest request;
  auto& parameters = *AddInput(request, "a", "FP32", 2).mutable_parameters();
  parameters["shared_memory_region"].set_string_param("in");
  parameters["shared_memory_byte_size"].set_int64_param(8);
  AddInput(request, "b", "FP32", 1);
  request.add_raw_input_contents(Raw<float>({5}));  // a takes none
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, Decode(request, *model));
  EXPECT_THAT(inputs[0].span<float>(), ElementsAre(1, 2));
  EXPECT_THAT(inputs[1].span<float>(), ElementsAre(5));

  (*request.mutable_inputs(0)->mutable_parameters())["shared_memory_offset"].set_int64_param(8);
  EXPECT_THAT(Decode(request, *model), StatusIs(kInvalid, HasSubstr("a part of its 12 bytes")));
  (*request.mutable_inputs(0)->mutable_parameters())["shared_memory_byte_size"].set_int64_param(4);
  EXPECT_THAT(Decode(request, *model), StatusIs(kInvalid, HasSubstr("expected 8 bytes for float32 [2], got 4")));
}

TEST_F(InferenceCodecTest, WritesOutputsIntoSharedMemory) {
  const SharedObject object(std::string(16, 'x'));
  ASSERT_OK(regions_.Register("out", object.key(), 0, 16));
  const auto model = Pair();
  const Tensors outputs = {Tensor::FromData<float>({2}, {1, 2}), Tensor::FromData<float>({1}, {3})};
  ModelInferRequest request;
  request.add_outputs()->set_name("x");
  request.add_outputs()->set_name("y");
  auto& parameters = *request.mutable_outputs(0)->mutable_parameters();
  parameters["shared_memory_region"].set_string_param("out");
  parameters["shared_memory_offset"].set_int64_param(4);
  parameters["shared_memory_byte_size"].set_int64_param(8);
  ModelInferResponse response;
  ASSERT_OK(Encode(request, *model, outputs, response));
  EXPECT_EQ(object.Contents(), "xxxx" + Raw<float>({1, 2}) + "xxxx");
  EXPECT_EQ(response.outputs(0).parameters().at("shared_memory_byte_size").int64_param(), 8);
  EXPECT_THAT(response.raw_output_contents(), ElementsAre("", Raw<float>({3})));

  parameters["shared_memory_byte_size"].set_int64_param(4);
  EXPECT_THAT(Encode(request, *model, outputs, response),
              StatusIs(kInvalid, HasSubstr("expected 8 bytes of shared memory, got 4")));
}

TEST_F(InferenceCodecTest, ErrorsSayWhichFieldIsWrong) {
  const auto model = Pair();
  ModelInferRequest request;
  AddInput(request, "a", "FP32", 1);
  AddInput(request, "b", "FP64", 1);
  request.add_raw_input_contents(Raw<float>({1}));
  request.add_raw_input_contents(Raw<double>({1}));
  const ErrorDetails details = DetailsOf(Decode(request, *model).status());
  EXPECT_EQ(details.field, "inputs[1].datatype");
  EXPECT_EQ(details.expected, "float32 [-1]");
  EXPECT_EQ(details.got, "float64 [1]");
  EXPECT_EQ(details.reason, "INPUT_DATATYPE_MISMATCH");
}

TEST_F(InferenceCodecTest, LargeOutputsAreNotCopied) {
  const auto model = Copy("float32");
  const Tensors outputs = {Tensor::Zeros({DType::kFloat32, {1 << 20}})};
  ASSERT_OK_AND_ASSIGN(const auto wanted, ReadWantedOutputs({}, model->signature(), regions_));
  ASSERT_OK_AND_ASSIGN(WirePieces pieces, EncodeInferenceResponse({}, wanted, *model, outputs));
  std::vector<grpc::Slice> slices;
  const grpc::ByteBuffer bytes = pieces.Finish();
  ASSERT_TRUE(bytes.Dump(&slices).ok());
  EXPECT_TRUE(std::any_of(slices.begin(), slices.end(), [&](const grpc::Slice& slice) {
    return slice.begin() == static_cast<const uint8_t*>(outputs[0].raw_data());
  }));
}

}  // namespace
}  // namespace baryon
