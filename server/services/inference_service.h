// inference.GRPCInferenceService: the Open Inference Protocol, proto/inference.proto.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_SERVICE_H_
#define BARYON_SERVER_SERVICES_INFERENCE_SERVICE_H_

#include <atomic>
#include <memory>

#include "server/models/model_manager.h"
#include "server/models/model_registry.h"
#include "server/services/predictor.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace baryon {

// `ready` says whether the server is: from the end of the first load until it is told to stop. All are borrowed and
// outlive the service. Thread-safe.
std::unique_ptr<grpc::Service> MakeInferenceService(const ModelRegistry& registry, ModelManager& manager,
                                                    Predictor& predictor, const std::atomic<bool>& ready);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_SERVICE_H_
