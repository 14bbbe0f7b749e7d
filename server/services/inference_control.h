// What the Open Inference Protocol and Triton's extensions say about the server and its models, and do to them: the
// same for gRPC and REST.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_CONTROL_H_
#define BARYON_SERVER_SERVICES_INFERENCE_CONTROL_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/inference.pb.h"
#include "server/models/model_manager.h"
#include "server/models/model_registry.h"
#include "server/services/shared_memory.h"

namespace baryon {

// Each method answers one message with another. Thread-safe.
class InferenceControl {
 public:
  // All are borrowed. `ready` says whether the server is; `uploads`, whether models may come with their files.
  InferenceControl(const ModelRegistry& registry, ModelManager& manager, SharedMemoryRegistry& regions,
                   const std::atomic<bool>& ready, bool uploads = false)
      : registry_(registry), manager_(manager), regions_(regions), ready_(ready), uploads_(uploads) {}

  bool ready() const { return ready_; }
  const SharedMemoryRegistry& regions() const { return regions_; }

  void ServerMetadata(inference::ServerMetadataResponse& response) const;
  // As Triton: a model that is not there is not ready, which is no error.
  absl::Status ModelReady(const inference::ModelReadyRequest& request, inference::ModelReadyResponse& response) const;
  absl::Status ModelMetadata(const inference::ModelMetadataRequest& request,
                             inference::ModelMetadataResponse& response) const;
  absl::Status ModelConfig(const inference::ModelConfigRequest& request,
                           inference::ModelConfigResponse& response) const;
  absl::Status ModelStatistics(const inference::ModelStatisticsRequest& request,
                               inference::ModelStatisticsResponse& response) const;

  absl::Status RepositoryIndex(const inference::RepositoryIndexRequest& request,
                               inference::RepositoryIndexResponse& response) const;
  // The model that a request means; clients of KServe have it in the first field.
  template <typename Request>
  static const std::string& NameOf(const Request& request) {
    return request.model_name().empty() ? request.repository_name() : request.model_name();
  }
  void Load(const inference::RepositoryModelLoadRequest& request, ModelManager::Done done);
  void Unload(const inference::RepositoryModelUnloadRequest& request, ModelManager::Done done);

  // They tell settings that cannot be changed. Errors: INVALID_ARGUMENT, the request wants to.
  absl::Status TraceSetting(const inference::TraceSettingRequest& request,
                            inference::TraceSettingResponse& response) const;
  absl::Status LogSettings(const inference::LogSettingsRequest& request,
                           inference::LogSettingsResponse& response) const;

  absl::Status SharedMemoryStatus(const inference::SystemSharedMemoryStatusRequest& request,
                                  inference::SystemSharedMemoryStatusResponse& response) const;
  absl::Status SharedMemoryRegister(const inference::SystemSharedMemoryRegisterRequest& request);
  absl::Status SharedMemoryUnregister(const inference::SystemSharedMemoryUnregisterRequest& request);

  // Errors: those of ModelRegistry::Find and ParseOipVersion.
  absl::StatusOr<std::shared_ptr<const ServedModel>> Find(const std::string& name, const std::string& version) const;

 private:
  const ModelRegistry& registry_;
  ModelManager& manager_;
  SharedMemoryRegistry& regions_;
  const std::atomic<bool>& ready_;
  const bool uploads_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_CONTROL_H_
