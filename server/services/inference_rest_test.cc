#include "server/services/inference_rest.h"

#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/error_details.h"
#include "server/testing/manual_executor.h"
#include "server/testing/rest_tester.h"
#include "server/testing/shared_object.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

template <typename T>
std::string Raw(std::initializer_list<T> elements) {
  return std::string(reinterpret_cast<const char*>(elements.begin()), elements.size() * sizeof(T));
}

class InferenceRestTest : public testing::Test {
 protected:
  void UseModel(const std::string& text, std::optional<PictureInput> pictures = std::nullopt,
                std::vector<std::string> labels = {}) {
    OpenedModel opened{MakeExecutable(text, pool_), std::move(labels), std::move(pictures)};
    model_ = std::make_unique<ServedModel>("m", 4, std::move(opened), Batcher::Options(), executor_,
                                           metrics_.ForModel("m", 4));
  }
  void UseCopy(const std::string& type) { UseModel(GraphOf("_copy", type)); }
  void UsePair() {
    UseModel(
        "input a: float32 [-1, 2]\ninput b: int32 [-1]\nx = _copy(a)\ny = "
        "_copy(b)\noutput x = x\noutput y = y\n");
  }

  absl::StatusOr<Tensors> Decode(absl::string_view body, HttpHeaders headers = {}) {
    inference_ = std::make_unique<RestInference>(
        MakeHttpRequest(HttpMethod::kPost, "/v2/models/m/infer", body, std::move(headers)), regions_);
    return inference_->Decode(*model_, prediction_);
  }
  // JSON, and bytes behind it.
  absl::StatusOr<Tensors> DecodeBinary(const std::string& text, const std::string& bytes) {
    return Decode(text + bytes, {{"Inference-Header-Content-Length", absl::StrCat(text.size())}});
  }

  // The answer to a request whose other members are `members`, for these outputs.
  absl::StatusOr<HttpResponse> Encode(const std::string& members, const Tensors& outputs) {
    BARYON_RETURN_IF_ERROR(
        Decode(absl::StrCat(R"({"inputs":[{"name":"data","datatype":"FP32","shape":[1],"data":[1]}])", members, "}"))
            .status());
    return inference_->Encode(*model_, outputs);
  }

  ThreadPool pool_{1};
  ManualExecutor executor_;
  ServerMetrics metrics_{"1"};
  SharedMemoryRegistry regions_{/*allowed=*/true};
  std::unique_ptr<ServedModel> model_;
  std::unique_ptr<RestInference> inference_;
  Predictor::Request prediction_;
};

// --- JSON

TEST_F(InferenceRestTest, ReadsNestedAndFlatData) {
  UsePair();
  for (const char* data : {"[[1,2.5],[3,4]]", "[1,2.5,3,4]"}) {
    ASSERT_OK_AND_ASSIGN(const Tensors inputs,
                         Decode(absl::StrCat(
                             R"({"inputs":[{"name":"b","shape":[2],"datatype":"INT32","data":[7,8]},
                         {"name":"a","shape":[2,2],"datatype":"FP32","data":)",
                             data, "}]}")));
    EXPECT_THAT(inputs[0].span<float>(), ElementsAre(1, 2.5, 3, 4));
    EXPECT_THAT(inputs[1].span<int32_t>(), ElementsAre(7, 8));
  }
}

TEST_F(InferenceRestTest, MembersMayComeInAnyOrder) {
  UseCopy("float32 [-1]");
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, Decode(R"({"outputs":[{"name":"out"}],
      "inputs":[{"data":[1,2],"datatype":"FP32","parameters":{"own":1},"shape":[2],"name":"data"}],"id":"seven"})"));
  EXPECT_THAT(inputs[0].span<float>(), ElementsAre(1, 2));
  EXPECT_EQ(prediction_.id, "seven");
}

TEST_F(InferenceRestTest, ReadsEveryDatatype) {
  const std::pair<const char*, const char*> dtypes[] = {
      {"float32", "FP32"},  {"float64", "FP64"},  {"float16", "FP16"},  {"bfloat16", "BF16"}, {"uint8", "UINT8"},
      {"uint16", "UINT16"}, {"uint32", "UINT32"}, {"uint64", "UINT64"}, {"int8", "INT8"},     {"int16", "INT16"},
      {"int32", "INT32"},   {"int64", "INT64"},   {"bool", "BOOL"}};
  for (const auto& [dtype, datatype] : dtypes) {
    UseCopy(absl::StrCat(dtype, " [-1]"));
    const char* data = std::string(datatype) == "BOOL" ? "[true,false]" : "[1,0]";
    ASSERT_OK_AND_ASSIGN(const Tensors inputs,
                         Decode(absl::StrCat(R"({"inputs":[{"name":"data","shape":[2],"datatype":")", datatype,
                                             R"(","data":)", data, "}]}")));
    EXPECT_EQ(DTypeName(inputs[0].dtype()), dtype);
    ASSERT_OK_AND_ASSIGN(const HttpResponse response, inference_->Encode(*model_, inputs));
    EXPECT_EQ(json::parse(response.body)["outputs"][0]["data"], json::parse(data)) << response.body;
  }
}

TEST_F(InferenceRestTest, ReadsParameters) {
  UseCopy("float32 [-1]");
  const auto decode_with = [&](const std::string& parameters) {
    return Decode(absl::StrCat(R"({"inputs":[{"name":"data","shape":[1],"datatype":"FP32","data":[1]}],"parameters":)",
                               parameters, "}"))
        .status();
  };
  ASSERT_OK(decode_with(R"({"timeout":2000,"priority":1,"own":"x","more":1.5,"large":18446744073709551615})"));
  EXPECT_EQ(prediction_.max_wait, absl::Milliseconds(2));
  EXPECT_EQ(prediction_.priority_level, 1u);
  EXPECT_THAT(decode_with(R"({"timeout":"soon"})"), StatusIs(kInvalid, HasSubstr("\"timeout\"")));
  EXPECT_THAT(decode_with(R"({"own":[1]})"), StatusIs(kInvalid, HasSubstr("a string, a number or a boolean")));
  EXPECT_THAT(decode_with("7"), StatusIs(kInvalid, HasSubstr("expected an object")));
}

TEST_F(InferenceRestTest, RefusesWhatIsNotTheProtocol) {
  UseCopy("float32 [-1]");
  const std::string good = R"({"name":"data","shape":[1],"datatype":"FP32","data":[1]})";
  ASSERT_OK(Decode(absl::StrCat("{\"inputs\":[", good, "]}")).status());
  for (const std::string& body :
       {std::string(),
        std::string("[]"),
        std::string("{}"),
        std::string("{\"inputs\":{}}"),
        std::string("{\"inputs\":[]}"),
        std::string("{\"inputs\":[1]}"),
        absl::StrCat("{\"inputs\":[", good, "]} x"),
        absl::StrCat("{\"inputs\":[", good, ",", good, "]}"),
        absl::StrCat("{\"inputs\":[", good, "],\"inputs\":[]}"),
        absl::StrCat("{\"inputs\":[", good),
        std::string(R"({"inputs":[{"name":"data"}]})"),
        std::string(R"({"inputs":[{"name":"data","shape":[1],"datatype":"FP32"}]})"),
        std::string(R"({"inputs":[{"name":1,"shape":[1],"datatype":"FP32","data":[1]}]})"),
        std::string(R"({"inputs":[{"name":"data","shape":1,"datatype":"FP32","data":[1]}]})"),
        std::string(R"({"inputs":[{"name":"data","shape":[1.5],"datatype":"FP32","data":[1]}]})"),
        std::string(R"({"inputs":[{"name":"data","shape":[1],"datatype":"FP32","data":1}]})"),
        std::string(R"({"inputs":[{"name":"data","shape":[1],"datatype":"fp32","data":[1]}]})"),
        std::string(R"({"inputs":[{"name":"data","shape":[1],"datatype":"FP32","data":[NaN]}]})"),
        std::string(R"({"inputs":[{"name":"data","shape":[1],"datatype":"FP32","data":[1e400]}]})"),
        std::string(R"({"inputs":[{"name":"other","shape":[1],"datatype":"FP32","data":[1]}]})")}) {
    EXPECT_THAT(Decode(body), StatusIs(kInvalid)) << body;
  }
}

TEST_F(InferenceRestTest, RefusesShapesThatTheDataCannotHave) {
  UseCopy("float32 [-1]");
  for (const char* shape : {"[0]", "[-1]", "[2]", "[1,1]", "[]", "[4611686018427387904]", "[9223372036854775807]",
                            "[4294967296,4294967296]"}) {
    EXPECT_THAT(
        Decode(absl::StrCat(R"({"inputs":[{"name":"data","datatype":"FP32","shape":)", shape, R"(,"data":[1]}]})")),
        StatusIs(kInvalid))
        << shape;
  }
}

TEST_F(InferenceRestTest, ErrorsSayWhichFieldIsWrong) {
  UsePair();
  const absl::Status status = Decode(
                                  R"({"inputs":[{"name":"b","shape":[1],"datatype":"INT32","data":[1]},
      {"name":"a","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]})")
                                  .status();
  EXPECT_EQ(DetailsOf(status).field, "inputs[1].shape[1]");
  EXPECT_EQ(DetailsOf(status).got, "float32 [1, 3]");
}

// --- Bytes

TEST_F(InferenceRestTest, ReadsBytesBehindTheJson) {
  UsePair();
  const std::string text =
      R"({"inputs":[{"name":"a","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}},
      {"name":"b","shape":[3],"datatype":"INT32","parameters":{"binary_data_size":12}}]})";
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, DecodeBinary(text, Raw<float>({1, 2}) + Raw<int32_t>({3, 4, 5})));
  EXPECT_THAT(inputs[0].span<float>(), ElementsAre(1, 2));
  EXPECT_THAT(inputs[1].span<int32_t>(), ElementsAre(3, 4, 5));
}

TEST_F(InferenceRestTest, MixesJsonAndBytes) {
  UsePair();
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, DecodeBinary(
                                                 R"({"inputs":[{"name":"b","shape":[1],"datatype":"INT32","data":[9]},
      {"name":"a","shape":[1,2],"datatype":"FP32","parameters":{"binary_data_size":8}}]})",
                                                 Raw<float>({1, 2})));
  EXPECT_THAT(inputs[1].span<int32_t>(), ElementsAre(9));
}

TEST_F(InferenceRestTest, RefusesSizesThatDoNotAddUp) {
  UseCopy("float32 [-1]");
  const auto decode = [&](const std::string& size, size_t bytes, const std::string& more = "") {
    return DecodeBinary(absl::StrCat(R"({"inputs":[{"name":"data","shape":[2],"datatype":"FP32",)", more,
                                     R"("parameters":{"binary_data_size":)", size, "}}]}"),
                        std::string(bytes, '\0'))
        .status();
  };
  EXPECT_OK(decode("8", 8));
  EXPECT_THAT(decode("8", 9), StatusIs(kInvalid, HasSubstr("got 1 more")));
  EXPECT_THAT(decode("8", 7), StatusIs(kInvalid, HasSubstr("8 bytes behind the JSON, got 7")));
  EXPECT_THAT(decode("4", 4), StatusIs(kInvalid, HasSubstr("expected 8 bytes for float32 [2], got 4")));
  EXPECT_THAT(decode("-8", 8), StatusIs(kInvalid));
  EXPECT_THAT(decode("\"8\"", 8), StatusIs(kInvalid));
  EXPECT_THAT(decode("9223372036854775807", 8), StatusIs(kInvalid));
  EXPECT_THAT(decode("8", 8, "\"data\":[1,2],"), StatusIs(kInvalid, HasSubstr("elements in one place")));
}

TEST_F(InferenceRestTest, RefusesALengthOfTheJsonThatIsNone) {
  UseCopy("float32 [-1]");
  for (const char* length : {"-1", "100000", "abc", "1e2", "99999999999999999999", "10"}) {
    EXPECT_THAT(Decode(R"({"inputs":[]}            )", {{"Inference-Header-Content-Length", length}}),
                StatusIs(kInvalid))
        << length;
  }
  EXPECT_THAT(Decode(Raw<float>({1, 2}), {{"Content-Type", "application/octet-stream"}}), StatusIs(kInvalid));
}

TEST_F(InferenceRestTest, TakesBytesAloneForTheOnlyInput) {
  UseCopy("float32 [-1, 2, -1]");
  ASSERT_OK_AND_ASSIGN(const Tensors inputs,
                       Decode(Raw<float>({1, 2, 3, 4, 5, 6}), {{"Inference-Header-Content-Length", "0"}}));
  EXPECT_EQ(inputs[0].shape(), (Shape{1, 2, 3}));
  ASSERT_OK_AND_ASSIGN(const HttpResponse response, inference_->Encode(*model_, inputs));
  EXPECT_EQ(response.content_type, "application/octet-stream");
  EXPECT_EQ(response.pieces[0].bytes, absl::string_view(Raw<float>({1, 2, 3, 4, 5, 6})));
}

TEST_F(InferenceRestTest, RefusesBytesAloneThatDoNotFit) {
  UseCopy("float32 [-1, 2]");
  EXPECT_THAT(Decode(Raw<float>({1, 2, 3}), {{"Inference-Header-Content-Length", "0"}}),
              StatusIs(kInvalid, HasSubstr("expected 8 bytes for float32 [1, 2], got 12")));
  UseCopy("float32 [-1, -1, -1]");
  EXPECT_THAT(Decode(Raw<float>({1, 2}), {{"Inference-Header-Content-Length", "0"}}),
              StatusIs(kInvalid, HasSubstr("one open dimension")));
  UsePair();
  EXPECT_THAT(Decode(Raw<float>({1, 2}), {{"Inference-Header-Content-Length", "0"}}),
              StatusIs(kInvalid, HasSubstr("a model of one input")));
}

TEST_F(InferenceRestTest, ReadsSharedMemory) {
  UseCopy("float32 [-1]");
  const SharedObject object(Raw<float>({9, 1, 2}));
  ASSERT_OK(regions_.Register("in", object.key(), 0, 12));
  ASSERT_OK_AND_ASSIGN(const Tensors inputs, Decode(R"({"inputs":[{"name":"data","shape":[2],"datatype":"FP32",
      "parameters":{"shared_memory_region":"in","shared_memory_offset":4,"shared_memory_byte_size":8}}]})"));
  EXPECT_THAT(inputs[0].span<float>(), ElementsAre(1, 2));
}

// --- Pictures

TEST_F(InferenceRestTest, TakesPicturesInEveryForm) {
  const std::string picture = "\x89PNG\r\n\x1a\n!!";
  UseModel(GraphOf("_copy", "float32 [-1]"),
           PictureInput{"data", [&](absl::string_view file) -> absl::StatusOr<Tensor> {
                          if (file != picture) return absl::InvalidArgumentError("another picture");
                          return Tensor::FromData<float>({1}, {static_cast<float>(file.size())});
                        }});
  const std::string size = Raw<uint32_t>({static_cast<uint32_t>(picture.size())});
  EXPECT_OK(Decode(picture, {{"Inference-Header-Content-Length", "0"}}).status());
  EXPECT_OK(DecodeBinary(absl::StrCat(
                             R"({"inputs":[{"name":"data","shape":[2],"datatype":"BYTES",
      "parameters":{"binary_data_size":)",
                             2 * (4 + picture.size()), "}}]}"),
                         size + picture + size + picture)
                .status());
  ASSERT_OK_AND_ASSIGN(const Tensors inputs,
                       Decode(absl::StrCat(R"({"inputs":[{"name":"data","shape":[1],"datatype":"BYTES","data":[")",
                                           absl::Base64Escape(picture), "\"]}]}")));
  EXPECT_THAT(inputs[0].span<float>(), ElementsAre(picture.size()));
  EXPECT_THAT(Decode(R"({"inputs":[{"name":"data","shape":[2],"datatype":"BYTES","data":["x"]}]})"),
              StatusIs(kInvalid, HasSubstr("as many texts as shape [2]")));
}

// --- Answers

TEST_F(InferenceRestTest, AnswersInJson) {
  UseCopy("float32 [-1]");
  ASSERT_OK_AND_ASSIGN(const HttpResponse response,
                       Encode(",\"id\":\"a\\\"b\"", {Tensor::FromData<float>({2}, {1.5f, -2})}));
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, R"({"model_name":"m","model_version":"4","id":"a\"b","outputs":[)"
                           R"({"name":"out","datatype":"FP32","shape":[2],"data":[1.5,-2.0]}]})");
}

TEST_F(InferenceRestTest, AnswersInBytesWhenAsked) {
  UseCopy("float32 [-1]");
  const Tensors outputs = {Tensor::FromData<float>({2}, {1.5f, -2})};
  for (const char* members : {",\"parameters\":{\"binary_data_output\":true}",
                              ",\"outputs\":[{\"name\":\"out\",\"parameters\":{"
                              "\"binary_data\":true}}]"}) {
    ASSERT_OK_AND_ASSIGN(const HttpResponse response, Encode(members, outputs));
    EXPECT_EQ(response.content_type, "application/octet-stream");
    EXPECT_EQ(HeaderOf(response, "Inference-Header-Content-Length"), absl::StrCat(response.body.size()));
    EXPECT_EQ(json::parse(response.body)["outputs"][0]["parameters"]["binary_data_size"], 8);
    EXPECT_EQ(WholeBody(response), response.body + Raw<float>({1.5f, -2}));
    EXPECT_EQ(response.pieces[0].bytes.data(), static_cast<const char*>(outputs[0].raw_data()));
  }
  ASSERT_OK_AND_ASSIGN(const HttpResponse response, Encode(",\"parameters\":{\"binary_data_output\":true},"
                                                           "\"outputs\":[{\"name\":\"out\",\"parameters\":{"
                                                           "\"binary_data\":false}}]",
                                                           outputs));
  EXPECT_TRUE(response.pieces.empty());
}

TEST_F(InferenceRestTest, DoesNotWriteWhatIsNoJson) {
  UseCopy("float32 [-1]");
  const Tensors outputs = {Tensor::FromData<float>({1}, {std::numeric_limits<float>::quiet_NaN()})};
  EXPECT_THAT(Encode("", outputs), StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("ask for binary data")));
  EXPECT_OK(Encode(",\"parameters\":{\"binary_data_output\":true}", outputs).status());
}

TEST_F(InferenceRestTest, GivesTheBestClasses) {
  UseModel(GraphOf("_copy", "float32 [-1]"), std::nullopt, {"a", "b", "c"});
  const Tensors outputs = {Tensor::FromData<float>({1, 3}, {0.5f, 0.25f, 2})};
  const std::string asked = ",\"outputs\":[{\"name\":\"out\",\"parameters\":{\"classification\":2";
  ASSERT_OK_AND_ASSIGN(const HttpResponse response, Encode(asked + "}}]", outputs));
  const json output = json::parse(response.body)["outputs"][0];
  EXPECT_EQ(output["datatype"], "BYTES");
  EXPECT_EQ(output["shape"], json({1, 2}));
  EXPECT_EQ(output["data"], json({"2.000000:2:c", "0.500000:0:a"}));
  ASSERT_OK_AND_ASSIGN(const HttpResponse binary, Encode(asked + ",\"binary_data\":true}}]", outputs));
  EXPECT_EQ(binary.pieces[0].bytes.size(), 4 + 12 + 4 + 12u);
}

TEST_F(InferenceRestTest, WritesIntoSharedMemory) {
  UseCopy("float32 [-1]");
  const SharedObject object(std::string(8, 'x'));
  ASSERT_OK(regions_.Register("out", object.key(), 0, 8));
  ASSERT_OK_AND_ASSIGN(
      const HttpResponse response,
      Encode(R"(,"outputs":[{"name":"out","parameters":{"shared_memory_region":"out","shared_memory_byte_size":8}}])",
             {Tensor::FromData<float>({2}, {1, 2})}));
  EXPECT_EQ(object.Contents(), Raw<float>({1, 2}));
  const json output = json::parse(response.body)["outputs"][0];
  EXPECT_EQ(output["parameters"]["shared_memory_region"], "out");
  EXPECT_FALSE(output.contains("data"));
}

}  // namespace
}  // namespace baryon
