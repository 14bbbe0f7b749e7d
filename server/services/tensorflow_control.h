// What TensorFlow Serving's API says about models: the same for gRPC and REST.
#ifndef BARYON_SERVER_SERVICES_TENSORFLOW_CONTROL_H_
#define BARYON_SERVER_SERVICES_TENSORFLOW_CONTROL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/tensorflow_serving.pb.h"
#include "server/models/model_registry.h"

namespace baryon {

// Thread-safe.
class TensorFlowControl {
 public:
  // Borrowed.
  explicit TensorFlowControl(const ModelRegistry& registry) : registry_(registry) {}

  // The number of the version that `spec` means, 0 for the highest, which 0 asks for, too. Errors: NOT_FOUND, there is
  // no such label or number; FAILED_PRECONDITION, a signature other than "serving_default" is asked for.
  absl::StatusOr<int64_t> VersionOf(const tensorflow::serving::ModelSpec& spec) const;

  // One version, or all that the model has. Errors: NOT_FOUND.
  absl::Status GetModelStatus(const tensorflow::serving::GetModelStatusRequest& request,
                              tensorflow::serving::GetModelStatusResponse& response) const;

  // The signature of a version. Errors: INVALID_ARGUMENT, another field than "signature_def" is asked for; those of
  // VersionOf and ModelRegistry::Find.
  absl::Status GetModelMetadata(const tensorflow::serving::GetModelMetadataRequest& request,
                                tensorflow::serving::ModelSpec& spec,
                                tensorflow::serving::SignatureDefMap& signatures) const;

  // The names of the models that serve, in order.
  std::vector<std::string> ModelNames() const;

 private:
  const ModelRegistry& registry_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_TENSORFLOW_CONTROL_H_
