// The Open Inference Protocol over REST with Triton's extensions: everything below /v2.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_ROUTES_H_
#define BARYON_SERVER_SERVICES_INFERENCE_ROUTES_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/services/inference_control.h"
#include "server/services/predictor.h"
#include "server/services/rest_protocol.h"

namespace baryon {

//   GET   /v2, /v2/health/live, /v2/health/ready, /v2/models/stats
//   GET   /v2/models/NAME[/versions/V][/ready, /config, /stats, /plan]
//   POST  /v2/models/NAME[/versions/V]/infer
//   POST  /v2/repository/index, /v2/repository/models/NAME/load, .../unload
//   both  /v2/logging, /v2/trace/setting, /v2/models/NAME/trace/setting
//   GET   /v2/systemsharedmemory[/region/NAME]/status
//   POST  /v2/systemsharedmemory/region/NAME/register, /v2/systemsharedmemory[/region/NAME]/unregister
//
// Health and readiness are for anybody; load and unload need Right::kControl. Thread-safe.
class InferenceRoutes final : public RestProtocol {
 public:
  // Both are borrowed.
  InferenceRoutes(InferenceControl& control, Predictor& predictor) : control_(control), predictor_(predictor) {}

  std::optional<Right> RightFor(const HttpRequest& head) const override;
  void Answer(std::shared_ptr<const HttpRequest> request, HttpReply reply) override;

 private:
  void AnswerModel(std::shared_ptr<const HttpRequest> request, HttpReply reply);
  HttpResponse AnswerAboutModel(const std::string& name, const std::string& version, const std::string& what) const;
  void AnswerRepository(const HttpRequest& request, HttpReply reply);
  HttpResponse AnswerServer(const HttpRequest& request);
  HttpResponse AnswerHealth(const HttpRequest& request) const;
  HttpResponse AnswerSharedMemory(const HttpRequest& request);
  HttpResponse AnswerSettings(const HttpRequest& request) const;
  void Infer(std::shared_ptr<const HttpRequest> request, const std::string& name, const std::string& version,
             HttpReply reply);

  InferenceControl& control_;
  Predictor& predictor_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_ROUTES_H_
