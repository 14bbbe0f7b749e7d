#include "server/services/predict_service.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "proto/predict.grpc.pb.h"
#include "server/quote.h"
#include "server/services/tensor_codec.h"
#include "server/services/top_classes.h"
#include "server/services/unary.h"

namespace baryon {
namespace {

// The name of the model's input when it has one: what a request may leave out.
absl::string_view OnlyInput(const Signature& signature) {
  const TensorSpec* only = nullptr;
  for (const TensorSpec& spec : signature.inputs) {
    if (spec.optional) continue;
    if (only != nullptr) return "";
    only = &spec;
  }
  return only == nullptr ? absl::string_view("") : absl::string_view(only->name);
}

absl::Status DecodeInput(const v1::Tensor& tensor, absl::string_view name, InputBinder& binder) {
  if (tensor.pictures_size() > 0) {
    const std::vector<absl::string_view> files(tensor.pictures().begin(), tensor.pictures().end());
    return binder.AddPictures(name, files);
  }
  const std::optional<DType> dtype = DTypeFromName(tensor.dtype());
  if (!dtype.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "input ", Quote(name), ": expected a dtype as NumPy calls it (\"float32\", ...), got ", Quote(tensor.dtype())));
  }
  const TensorType type{*dtype, Shape(absl::MakeConstSpan(tensor.shape().data(), tensor.shape_size()))};
  return binder.AddBytes(name, type, tensor.data());
}

absl::StatusOr<Tensors> DecodeInputs(const v1::PredictRequest& request, const ServedModel& model) {
  const absl::string_view only = OnlyInput(model.signature());
  InputBinder binder(model);
  for (const v1::Tensor& tensor : request.inputs()) {
    const absl::string_view name = tensor.name().empty() ? only : absl::string_view(tensor.name());
    BARYON_RETURN_IF_ERROR(DecodeInput(tensor, name, binder));
  }
  return binder.Finish();
}

void EncodeTensor(const std::string& name, const Tensor& tensor, v1::Tensor& encoded) {
  encoded.set_name(name);
  encoded.set_dtype(std::string(DTypeName(tensor.dtype())));
  for (int64_t dim : tensor.shape()) encoded.add_shape(dim);
  encoded.set_data(tensor.raw_data(), tensor.size_bytes());
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

absl::Status EncodeOutputs(const v1::PredictRequest& request, const ServedModel& model, const Tensors& outputs,
                           v1::PredictResponse& response) {
  BARYON_RETURN_IF_ERROR(CheckFitsMessage(outputs));
  response.mutable_model_spec()->set_name(model.name());
  response.mutable_model_spec()->set_version(model.version());
  for (size_t i = 0; i < outputs.size(); ++i) {
    EncodeTensor(model.signature().outputs[i].name, outputs[i], *response.add_outputs());
  }
  if (request.top() > 0 && IsClassifier(model.signature(), model.labels(), outputs)) {
    EncodeClasses(model, outputs[0], request.top(), response);
  }
  return absl::OkStatus();
}

class PredictService final : public v1::PredictionService::CallbackService {
 public:
  explicit PredictService(Predictor& predictor) : predictor_(predictor) {}

  grpc::ServerUnaryReactor* Predict(grpc::CallbackServerContext* context, const v1::PredictRequest* request,
                                    v1::PredictResponse* response) override {
    Predictor::Request prediction;
    prediction.protocol = Protocol::kBaryon;
    prediction.model = request->model_spec().name();
    prediction.version = request->model_spec().version();
    prediction.decode = [request](const ServedModel& model) { return DecodeInputs(*request, model); };
    prediction.encode = [request, response](const ServedModel& model, const Tensors& outputs) {
      return EncodeOutputs(*request, model, outputs, *response);
    };
    return AnswerPrediction(context, predictor_, std::move(prediction));
  }

 private:
  Predictor& predictor_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakePredictService(Predictor& predictor) {
  return std::make_unique<PredictService>(predictor);
}

}  // namespace baryon
