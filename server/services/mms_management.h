// The management API of Multi Model Server, and of SageMaker's containers of several models: which models there are,
// and loading and unloading them, where --model-control is explicit.
#ifndef BARYON_SERVER_SERVICES_MMS_MANAGEMENT_H_
#define BARYON_SERVER_SERVICES_MMS_MANAGEMENT_H_

#include <memory>
#include <optional>

#include "server/models/model_manager.h"
#include "server/models/model_registry.h"
#include "server/services/mms_routes.h"
#include "server/services/rest_protocol.h"

namespace baryon {

//   GET    /models[?limit=100&next_page_token=...]    {"models": [{"modelName", "modelUrl"}], "nextPageToken"}
//   GET    /models/NAME                               what it is and whether it serves
//   POST   /models?url=NAME[&model_name=NAME]         loads it; or {"url": ..., "model_name": ...} as the body
//   DELETE /models/NAME                               unloads it
//   POST   /models/NAME/invoke                        predicts, as /predictions/NAME
//
// NAME is that of a model in the server's repository: nothing is fetched from elsewhere. Errors as MmsRoutes. POST and
// DELETE need the token for control. Thread-safe.
class MmsManagement final : public RestProtocol {
 public:
  // All are borrowed.
  MmsManagement(const ModelRegistry& registry, ModelManager& manager, MmsRoutes& predictions)
      : registry_(registry), manager_(manager), predictions_(predictions) {}

  std::optional<Right> RightFor(const HttpRequest& head) const override;
  void Answer(std::shared_ptr<const HttpRequest> request, HttpReply reply) override;

 private:
  HttpResponse List(const HttpRequest& request) const;
  HttpResponse Describe(const std::string& name) const;
  void Register(const HttpRequest& request, HttpReply reply);
  void Unregister(const std::string& name, HttpReply reply);

  const ModelRegistry& registry_;
  ModelManager& manager_;
  MmsRoutes& predictions_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_MMS_MANAGEMENT_H_
