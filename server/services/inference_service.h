// inference.GRPCInferenceService: the Open Inference Protocol with Triton's extensions, proto/inference.proto.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_SERVICE_H_
#define BARYON_SERVER_SERVICES_INFERENCE_SERVICE_H_

#include <memory>

#include "server/services/grpc_calls.h"
#include "server/services/inference_control.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace baryon {

// `control` is borrowed and outlives the service. Thread-safe.
std::unique_ptr<grpc::Service> MakeInferenceService(InferenceControl& control, GrpcCalls calls);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_SERVICE_H_
