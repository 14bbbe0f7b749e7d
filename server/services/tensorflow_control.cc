#include "server/services/tensorflow_control.h"

#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "server/error_details.h"
#include "server/quote.h"
#include "server/services/tensorflow_codec.h"

namespace baryon {
namespace {

using tensorflow::serving::ModelSpec;
using tensorflow::serving::ModelVersionStatus;

constexpr char kSignature[] = "serving_default";

void Describe(const TensorSpec& spec, tensorflow::TensorInfo& info) {
  info.set_name(spec.name);
  info.set_dtype(TensorFlowDataType(spec.type.dtype == DType::kUnknown ? DType::kFloat32 : spec.type.dtype));
  if (!spec.type.shape.has_rank()) info.mutable_tensor_shape()->set_unknown_rank(true);
  for (int64_t dim : spec.type.shape) info.mutable_tensor_shape()->add_dim()->set_size(dim);
}

ModelVersionStatus::State StateOf(const ModelRegistry::Entry& entry) {
  if (entry.model != nullptr) return ModelVersionStatus::AVAILABLE;
  return entry.state == ModelRegistry::State::kLoading ? ModelVersionStatus::LOADING : ModelVersionStatus::END;
}

void Describe(const ModelRegistry::Entry& entry, ModelVersionStatus& status) {
  status.set_version(entry.version);
  status.set_state(StateOf(entry));
  const absl::Status error = entry.model != nullptr ? absl::OkStatus() : entry.error;
  status.mutable_status()->set_error_code(static_cast<tensorflow::error::Code>(error.raw_code()));
  status.mutable_status()->set_error_message(std::string(error.message()));
}

absl::Status NotFound(const ModelSpec& spec, absl::string_view message) {
  return WithReason(absl::NotFoundError(absl::StrCat("model ", Quote(spec.name()), " ", message)), "VERSION_NOT_FOUND");
}

}  // namespace

absl::StatusOr<int64_t> TensorFlowControl::VersionOf(const ModelSpec& spec) const {
  if (!spec.signature_name().empty() && spec.signature_name() != kSignature) {
    return WithReason(WithField(absl::FailedPreconditionError(absl::StrCat("expected signature \"", kSignature,
                                                                           "\", got ", Quote(spec.signature_name()))),
                                "model_spec.signature_name", kSignature, Quote(spec.signature_name())),
                      "SIGNATURE_NOT_FOUND");
  }
  if (spec.version_choice_case() == ModelSpec::kVersionLabel) {
    const std::map<std::string, int64_t> labels = registry_.LabelsOf(spec.name());
    const auto found = labels.find(spec.version_label());
    if (found != labels.end()) return found->second;
    // FindLabel knows how to say what there is instead.
    const absl::Status status = registry_.FindLabel(spec.name(), spec.version_label()).status();
    return status.ok() ? NotFound(spec, "has gone") : status;
  }
  if (spec.version_choice_case() != ModelSpec::kVersion) return 0;
  if (spec.version().value() >= 0) return spec.version().value();  // 0: how OpenVINO's clients name the highest
  return NotFound(spec, absl::StrCat("has no version ", spec.version().value()));
}

absl::Status TensorFlowControl::GetModelStatus(const tensorflow::serving::GetModelStatusRequest& request,
                                               tensorflow::serving::GetModelStatusResponse& response) const {
  BARYON_ASSIGN_OR_RETURN(const int64_t version, VersionOf(request.model_spec()));
  for (const ModelRegistry::Entry& entry : registry_.List()) {
    if (entry.name == request.model_spec().name() && (version == 0 || version == entry.version)) {
      Describe(entry, *response.add_model_version_status());
    }
  }
  if (response.model_version_status_size() > 0) return absl::OkStatus();
  // Find knows how to say what there is instead.
  const absl::Status status = registry_.Find(request.model_spec().name(), version).status();
  return status.ok() ? NotFound(request.model_spec(), "has gone") : status;
}

absl::Status TensorFlowControl::GetModelMetadata(const tensorflow::serving::GetModelMetadataRequest& request,
                                                 ModelSpec& spec,
                                                 tensorflow::serving::SignatureDefMap& signatures) const {
  for (const std::string& field : request.metadata_field()) {
    if (field == "signature_def") continue;
    return absl::InvalidArgumentError(absl::StrCat("metadata_field: expected \"signature_def\", got ", Quote(field)));
  }
  if (request.metadata_field().empty()) {
    return absl::InvalidArgumentError("metadata_field: expected \"signature_def\", got none");
  }
  BARYON_ASSIGN_OR_RETURN(const int64_t version, VersionOf(request.model_spec()));
  BARYON_ASSIGN_OR_RETURN(const auto model, registry_.Find(request.model_spec().name(), version));
  spec.set_name(model->name());
  spec.mutable_version()->set_value(model->version());
  tensorflow::SignatureDef& signature = (*signatures.mutable_signature_def())[kSignature];
  signature.set_method_name("tensorflow/serving/predict");
  for (const TensorSpec& input : model->signature().inputs) {
    if (!input.optional) Describe(input, (*signature.mutable_inputs())[input.name]);
  }
  for (const TensorSpec& output : model->signature().outputs) {
    Describe(output, (*signature.mutable_outputs())[output.name]);
  }
  return absl::OkStatus();
}

std::vector<std::string> TensorFlowControl::ModelNames() const {
  std::vector<std::string> names;
  for (const ModelRegistry::Entry& entry : registry_.List()) {
    if (entry.model != nullptr && (names.empty() || names.back() != entry.name)) names.push_back(entry.name);
  }
  return names;
}

}  // namespace baryon
