#include "server/services/predict_service.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "proto/predict.grpc.pb.h"
#include "server/error_details.h"
#include "server/quote.h"
#include "server/services/tensor_codec.h"
#include "server/services/top_classes.h"
#include "server/services/wire_pieces.h"

namespace baryon {
namespace {

absl::Status DecodeInput(const v1::Tensor& tensor, absl::string_view name, InputBinder& binder) {
  if (tensor.pictures_size() > 0) {
    const std::vector<absl::string_view> files(tensor.pictures().begin(), tensor.pictures().end());
    return binder.AddPictures(name, files);
  }
  const std::optional<DType> dtype = DTypeFromName(tensor.dtype());
  if (!dtype.has_value()) {
    return RefuseInput(name, "dtype", "INPUT_DATATYPE_MISMATCH", "a dtype as NumPy calls it (\"float32\", ...)",
                       Quote(tensor.dtype()));
  }
  const TensorType type{*dtype, Shape(absl::MakeConstSpan(tensor.shape().data(), tensor.shape_size()))};
  return binder.AddBytes(name, type, tensor.data());
}

absl::StatusOr<Tensors> DecodeInputs(const v1::PredictRequest& request, const ServedModel& model) {
  const TensorSpec* const only = OnlyInput(model.signature());
  InputBinder binder(model);
  for (int i = 0; i < request.inputs_size(); ++i) {
    const v1::Tensor& tensor = request.inputs(i);
    const absl::string_view name = tensor.name().empty() && only != nullptr ? only->name : tensor.name();
    const absl::Status status = DecodeInput(tensor, name, binder);
    if (!status.ok()) return InField(status, absl::StrCat("inputs[", i, "]"));
  }
  return binder.Finish();
}

void EncodeTensor(const std::string& name, const Tensor& tensor, WirePieces& response) {
  v1::Tensor head;
  head.set_name(name);
  head.set_dtype(std::string(DTypeName(tensor.dtype())));
  for (int64_t dim : tensor.shape()) head.add_shape(dim);
  response.BeginMessage(v1::PredictResponse::kOutputsFieldNumber,
                        head.ByteSizeLong() + WirePieces::SizeOfBytes(tensor.size_bytes()));
  response.AppendFields(head);
  response.AppendElements(v1::Tensor::kDataFieldNumber, tensor);
}

void EncodeClasses(const ServedModel& model, const Tensor& scores, int64_t count, v1::PredictResponse& response) {
  for (const std::vector<ClassScore>& row : TopClasses(scores, model.labels(), count)) {
    v1::RowClasses& classes = *response.add_rows();
    for (const ClassScore& best : row) {
      v1::ScoredClass& scored = *classes.add_classes();
      scored.set_index(static_cast<int32_t>(best.index));
      scored.set_label(best.label);
      scored.set_score(best.score);
    }
  }
}

absl::StatusOr<WirePieces> EncodeOutputs(const v1::PredictRequest& request, const ServedModel& model,
                                         const Tensors& outputs) {
  BARYON_RETURN_IF_ERROR(CheckFitsMessage(outputs));
  v1::PredictResponse head;
  head.mutable_model_spec()->set_name(model.name());
  head.mutable_model_spec()->set_version(model.version());
  if (request.top() > 0 && IsClassifier(model.signature(), model.labels(), outputs)) {
    EncodeClasses(model, outputs[0], request.top(), head);
  }
  WirePieces response;
  response.AppendFields(head);
  for (size_t i = 0; i < outputs.size(); ++i) {
    EncodeTensor(model.signature().outputs[i].name, outputs[i], response);
  }
  return response;
}

Predictor::Request MakePrediction(const grpc::ByteBuffer& bytes, grpc::ByteBuffer* response) {
  Predictor::Request prediction;
  prediction.protocol = Protocol::kBaryon;
  const auto request = std::make_shared<v1::PredictRequest>();
  grpc::ProtoBufferReader reader(const_cast<grpc::ByteBuffer*>(&bytes));  // it only reads
  if (!request->ParseFromZeroCopyStream(&reader)) {
    prediction.version = absl::InvalidArgumentError("expected a PredictRequest, got bytes that are none");
    return prediction;
  }
  prediction.model = request->model_spec().name();
  prediction.version = request->model_spec().version();
  prediction.decode = [request](const ServedModel& model, Predictor::Request&) {
    return DecodeInputs(*request, model);
  };
  prediction.encode = [request, response](const ServedModel& model, const Tensors& outputs) -> absl::Status {
    BARYON_ASSIGN_OR_RETURN(WirePieces pieces, EncodeOutputs(*request, model, outputs));
    pieces.Finish().Swap(response);
    return absl::OkStatus();
  };
  return prediction;
}

// Predict takes and gives bytes: arrays of the answer stay where they are.
class PredictService final
    : public v1::PredictionService::WithRawCallbackMethod_Predict<v1::PredictionService::Service> {
 public:
  explicit PredictService(GrpcCalls calls) : calls_(calls) {}

  grpc::ServerUnaryReactor* Predict(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override {
    return calls_.AnswerPrediction(context, [&] { return MakePrediction(*request, response); });
  }

 private:
  const GrpcCalls calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakePredictService(GrpcCalls calls) { return std::make_unique<PredictService>(calls); }

}  // namespace baryon
