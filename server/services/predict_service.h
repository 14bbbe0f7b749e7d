// baryon.v1.PredictionService: the native API, proto/predict.proto.
#ifndef BARYON_SERVER_SERVICES_PREDICT_SERVICE_H_
#define BARYON_SERVER_SERVICES_PREDICT_SERVICE_H_

#include <memory>

#include "server/services/grpc_calls.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace baryon {

// Thread-safe.
std::unique_ptr<grpc::Service> MakePredictService(GrpcCalls calls);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_PREDICT_SERVICE_H_
