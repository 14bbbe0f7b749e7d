// Requests as they come from the network, for every decoder of them. The first byte says for which:
//
//   h  HTTP/1.1: what Beast reads of a connection, and the rules beside it
//   j  the body of /v2/models/NAME/infer: two bytes, how long the JSON is (0xFFFF: the client did not say), JSON,
//   arrays t  the body of /v1/models/NAME:predict, with "instances" or "inputs" m  inference.ModelInferRequest: a byte,
//   how large its slices are, and the message p  tensorflow.serving.PredictRequest
//
// One target, not five: each would have to be linked with gRPC.
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <boost/beast/http.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "engine/base/thread_pool.h"
#include "server/http/http_bodies-inl.h"
#include "server/http/http_rules.h"
#include "server/http/inflate.h"
#include "server/json/json_reader.h"
#include "server/metrics/metrics.h"
#include "server/models/served_model.h"
#include "server/services/inference_codec.h"
#include "server/services/inference_rest.h"
#include "server/services/json_inputs.h"
#include "server/services/tensorflow_codec.h"
#include "server/testing/manual_executor.h"
#include "server/testing/rest_tester.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

constexpr size_t kMostBytes = 1 << 16;  // that a request may become

// Takes a: float32 [-1, 2] or pictures, b: int8 [-1] and c: bool [-1]; lives as long as the process.
const ServedModel& Model() {
  static ThreadPool& pool = *new ThreadPool(1);
  static ManualExecutor& executor = *new ManualExecutor;
  static ServerMetrics& metrics = *new ServerMetrics("fuzz");
  static const ServedModel& model = *[] {
    OpenedModel opened;
    opened.executable = MakeExecutable(
        "input a: float32 [-1, 2]\ninput b: int8 [-1]\ninput c: bool [-1]\n"
        "x = _copy(a)\ny = _copy(b)\nz = _copy(c)\n"
        "output x = x\noutput y = y\noutput z = z\n",
        pool);
    opened.pictures = PictureInput{"a", [](absl::string_view file) -> absl::StatusOr<Tensor> {
                                     const float size = static_cast<float>(file.size());
                                     return Tensor::FromData<float>({1, 2}, {size, size});
                                   }};
    return new ServedModel("fuzz", 1, std::move(opened), Batcher::Options(), executor, metrics.ForModel("fuzz", 1));
  }();
  return model;
}

const SharedMemoryRegistry& Regions() {
  static const SharedMemoryRegistry& regions = *new SharedMemoryRegistry(/*allowed=*/false);
  return regions;
}

// Reads every element: a sanitizer sees those that are not there.
void Touch(const Tensors& tensors) {
  volatile uint8_t sum = 0;
  for (const Tensor& tensor : tensors) {
    const auto* bytes = static_cast<const uint8_t*>(tensor.raw_data());
    for (int64_t i = 0; i < tensor.size_bytes(); ++i) sum = static_cast<uint8_t>(sum + bytes[i]);
  }
}

void ReadHttp(absl::string_view bytes) {
  namespace http = boost::beast::http;
  HttpServer::Options options;
  options.max_header_bytes = 4096;
  options.max_body_bytes = kMostBytes;
  http::request_parser<CollectedBody> parser;
  parser.header_limit(4096);
  parser.body_limit(kMostBytes);
  parser.get().body().limit = kMostBytes;
  parser.eager(true);
  boost::beast::error_code error;
  boost::asio::const_buffer rest(bytes.data(), bytes.size());
  while (!parser.is_done() && rest.size() > 0) {
    const size_t used = parser.put(rest, error);
    if (error || used == 0) break;
    rest += used;
  }
  if (!parser.is_header_done()) return;
  HttpRequest request;
  if (CheckHeaders(parser.get(), options).has_value() || FillHead(parser.get(), request).has_value()) return;
  (void)AlignedOffset(request);
  HttpBody inflated;
  if (CanInflate(request.Header("content-encoding"))) {
    Inflate(parser.get().body().body.view(), kMostBytes, inflated).IgnoreError();
  }
}

void ReadInferJson(absl::string_view bytes) {
  if (bytes.size() < 2) return;
  const int length = static_cast<uint8_t>(bytes[0]) | static_cast<uint8_t>(bytes[1]) << 8;
  HttpHeaders headers;
  if (length != 0xFFFF) headers.emplace_back("Inference-Header-Content-Length", absl::StrCat(length));
  const auto request = MakeHttpRequest(HttpMethod::kPost, "/v2/models/fuzz/infer", bytes.substr(2), headers);
  RestInference inference(request, Regions());
  Predictor::Request prediction;
  const auto inputs = inference.Decode(Model(), prediction);
  if (!inputs.ok()) return;
  Touch(*inputs);
  (void)inference.Encode(Model(), *inputs);
}

void ReadRowsOrColumns(absl::string_view bytes) {
  std::string text(bytes);
  text.append(kJsonPadding, '\0');
  JsonText json;
  if (!json.Open(absl::string_view(text).substr(0, bytes.size())).ok()) return;
  const auto object = json.Object();
  if (!object.ok()) return;
  JsonInputs inputs(Model());
  const absl::Status read = ForEachField(*object, "", [&](absl::string_view key, JsonValue value) -> absl::Status {
    if (key == "inputs") return inputs.AddColumns(value, key);
    const auto array = ReadArray(value, key);
    if (key != "instances" || !array.ok()) return array.status();
    return ForEachElement(*array, key, [&](size_t, JsonValue row) { return inputs.AddRow(row, key); });
  });
  if (!read.ok() || !json.Finish().ok()) return;
  const auto tensors = inputs.Finish();
  if (tensors.ok()) Touch(*tensors);
}

void ReadInferMessage(absl::string_view bytes) {
  if (bytes.empty()) return;
  const size_t piece = std::max<size_t>(1, static_cast<uint8_t>(bytes[0]));
  std::vector<grpc::Slice> slices;
  for (size_t start = 1; start < bytes.size(); start += piece) {
    slices.emplace_back(bytes.data() + start, std::min(piece, bytes.size() - start));
  }
  const grpc::ByteBuffer buffer(slices.data(), slices.size());
  const auto message = InferenceMessage::Parse(buffer);
  if (!message.ok()) return;
  (void)ReadOptions(message->head.parameters());
  const auto wanted = ReadWantedOutputs(message->head, Model().signature(), Regions());
  const auto inputs = DecodeInferenceRequest(*message, Model(), Regions());
  if (!inputs.ok()) return;
  Touch(*inputs);
  if (wanted.ok()) (void)EncodeInferenceResponse(*message, *wanted, Model(), *inputs);
}

void ReadPredictMessage(absl::string_view bytes) {
  tensorflow::serving::PredictRequest request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  const auto wanted = FilterOutputs(request, Model().signature());
  const auto inputs = DecodePredictRequest(request, Model(), kMostBytes);
  if (!inputs.ok()) return;
  Touch(*inputs);
  if (wanted.ok()) (void)EncodePredictResponse(request, *wanted, Model(), *inputs);
}

}  // namespace
}  // namespace baryon

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool quiet = [] {
    google::protobuf::SetLogHandler(nullptr);  // as in the server
    return true;
  }();
  (void)quiet;
  if (size == 0) return 0;
  const absl::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'h':
      baryon::ReadHttp(rest);
      break;
    case 'j':
      baryon::ReadInferJson(rest);
      break;
    case 't':
      baryon::ReadRowsOrColumns(rest);
      break;
    case 'm':
      baryon::ReadInferMessage(rest);
      break;
    case 'p':
      baryon::ReadPredictMessage(rest);
      break;
    default:
      break;
  }
  return 0;
}
