// tensorflow.serving.PredictionService and ModelService, proto/tensorflow_serving.proto.
#ifndef BARYON_SERVER_SERVICES_TENSORFLOW_SERVICE_H_
#define BARYON_SERVER_SERVICES_TENSORFLOW_SERVICE_H_

#include <cstdint>
#include <memory>

#include "server/services/grpc_calls.h"
#include "server/services/tensorflow_control.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace baryon {

// `control` is borrowed. A tensor that a small message asks to be filled up has at most `max_bytes`. Thread-safe.
std::unique_ptr<grpc::Service> MakeTensorFlowPredictionService(const TensorFlowControl& control, GrpcCalls calls,
                                                               int64_t max_bytes);
std::unique_ptr<grpc::Service> MakeTensorFlowModelService(const TensorFlowControl& control, GrpcCalls calls);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_TENSORFLOW_SERVICE_H_
