// The REST API that people know who come from MXNet: Multi Model Server, and SageMaker's containers.
#ifndef BARYON_SERVER_SERVICES_MMS_ROUTES_H_
#define BARYON_SERVER_SERVICES_MMS_ROUTES_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "server/models/model_registry.h"
#include "server/services/predictor.h"
#include "server/services/rest_protocol.h"

namespace baryon {

//   GET  /ping                          200 or 503, {"status": "Healthy"}
//   POST /predictions/NAME
//   POST /models/NAME/invoke
//   POST /invocations[?model_name=NAME]
//
// The header X-Amzn-SageMaker-Target-Model names a model too; none has to when one model serves.
//
// Bodies by Content-Type: application/json, an array for the only input, or an object of arrays by input;
// application/x-npy; text/csv, a row a line; image/* and application/octet-stream, a picture. Answers:
// application/json, nested lists, of a classifier of pictures its five best classes as [{"probability": p, "class":
// label}, ...]; or application/x-npy when Accept asks for it. Errors: {"code": 400, "type": "INVALID_ARGUMENT",
// "message": "..."}. Thread-safe.
class MmsRoutes final : public RestProtocol {
 public:
  // All are borrowed.
  MmsRoutes(const ModelRegistry& registry, Predictor& predictor, const std::atomic<bool>& ready)
      : registry_(registry), predictor_(predictor), ready_(ready) {}

  std::optional<Right> RightFor(const HttpRequest& head) const override;
  void Answer(std::shared_ptr<const HttpRequest> request, HttpReply reply) override;

 private:
  HttpResponse AnswerPing() const;
  absl::StatusOr<std::string> ModelOf(const HttpRequest& request) const;

  const ModelRegistry& registry_;
  Predictor& predictor_;
  const std::atomic<bool>& ready_;
};

// `response` as clients of Multi Model Server read it: an error becomes one of its own kind.
HttpResponse AsMms(HttpResponse response);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_MMS_ROUTES_H_
