// baryon.v1.ModelRegistry: the native API's view of models, proto/registry.proto.
#ifndef BARYON_SERVER_SERVICES_REGISTRY_SERVICE_H_
#define BARYON_SERVER_SERVICES_REGISTRY_SERVICE_H_

#include <memory>

#include "server/models/model_manager.h"
#include "server/models/model_registry.h"
#include "server/services/grpc_calls.h"
#include "server/services/model_puller.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace baryon {

// All that is borrowed outlives the service. Thread-safe.
std::unique_ptr<grpc::Service> MakeRegistryService(const ModelRegistry& registry, ModelManager& manager,
                                                   ModelPuller& puller, GrpcCalls calls);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_REGISTRY_SERVICE_H_
