// baryon.v1.PredictionService: the native API, proto/predict.proto.
#ifndef BARYON_SERVER_SERVICES_PREDICT_SERVICE_H_
#define BARYON_SERVER_SERVICES_PREDICT_SERVICE_H_

#include <memory>

#include "server/services/predictor.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace baryon {

// `predictor` outlives the service. Thread-safe.
std::unique_ptr<grpc::Service> MakePredictService(Predictor& predictor);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_PREDICT_SERVICE_H_
