// TensorFlow Serving's REST API, with what KServe's first protocol has besides: everything below /v1.
#ifndef BARYON_SERVER_SERVICES_TENSORFLOW_ROUTES_H_
#define BARYON_SERVER_SERVICES_TENSORFLOW_ROUTES_H_

#include <memory>
#include <optional>

#include "server/services/predictor.h"
#include "server/services/rest_protocol.h"
#include "server/services/tensorflow_control.h"

namespace baryon {

//   GET   /v1/models                                            {"models": [...]}, as KServe
//   GET   /v1/models/NAME[/versions/V or /labels/L]             status
//   GET   /v1/models/NAME[/versions/V or /labels/L]/metadata
//   POST  /v1/models/NAME[/versions/V or /labels/L]:predict     rows ("instances") or columns ("inputs")
//   POST  ...:classify, ...:regress                             {"examples": [{feature: value}, ...]}: rows, too, whose
//                                                               features are the model's inputs; {"results": [...]} are
//                                                               [label, score] of each class, or one number, by row
//
// Thread-safe.
class TensorFlowRoutes final : public RestProtocol {
 public:
  // What is asked of a model: its outputs, a score for each class, or a number for each example.
  enum class Method { kPredict, kClassify, kRegress };

  // Both are borrowed.
  TensorFlowRoutes(const TensorFlowControl& control, Predictor& predictor) : control_(control), predictor_(predictor) {}

  std::optional<Right> RightFor(const HttpRequest&) const override { return Right::kUse; }
  void Answer(std::shared_ptr<const HttpRequest> request, HttpReply reply) override;

 private:
  HttpResponse AnswerStatus(const tensorflow::serving::ModelSpec& spec) const;
  HttpResponse AnswerMetadata(const tensorflow::serving::ModelSpec& spec) const;
  void Predict(std::shared_ptr<const HttpRequest> request, const tensorflow::serving::ModelSpec& spec, Method method,
               HttpReply reply);

  const TensorFlowControl& control_;
  Predictor& predictor_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_TENSORFLOW_ROUTES_H_
