#include "server/services/registry_service.h"

#include <string>
#include <utility>

#include "proto/registry.grpc.pb.h"
#include "server/services/grpc_status.h"

namespace baryon {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

void Describe(const TensorSpec& spec, v1::TensorInfo& info) {
  info.set_name(spec.name);
  if (spec.type.dtype != DType::kUnknown) info.set_dtype(std::string(DTypeName(spec.type.dtype)));
  for (int64_t dim : spec.type.shape) info.add_shape(dim);
}

void DescribeWork(const ModelTotals& totals, v1::ModelInfo& info) {
  info.set_succeeded(totals.succeeded);
  info.set_failed(totals.failed);
  info.set_rows(totals.rows);
  info.set_forward_passes(totals.batches);
  if (totals.succeeded > 0) info.set_mean_ms(absl::ToDoubleMilliseconds(totals.times.total) / totals.succeeded);
}

void Describe(const ModelRegistry::Entry& entry, v1::ModelInfo& info) {
  info.set_name(entry.name);
  info.set_version(entry.version);
  info.set_error(std::string(entry.error.message()));
  if (entry.model == nullptr) {
    info.set_state(entry.state == ModelRegistry::State::kFailed    ? v1::ModelInfo::FAILED
                   : entry.state == ModelRegistry::State::kEvicted ? v1::ModelInfo::UNLOADED
                                                                   : v1::ModelInfo::LOADING);
    return;
  }
  info.set_memory_bytes(entry.model->memory_bytes());
  info.set_state(v1::ModelInfo::READY);
  for (const TensorSpec& spec : entry.model->signature().inputs) {
    if (!spec.optional) Describe(spec, *info.add_inputs());
  }
  for (const TensorSpec& spec : entry.model->signature().outputs) Describe(spec, *info.add_outputs());
  DescribeWork(entry.model->metrics().Totals(), info);
}

// A stream that ends before its first message.
class EndOfStream final : public grpc::ServerWriteReactor<v1::PullModelProgress> {
 public:
  explicit EndOfStream(const absl::Status& status) { Finish(ToGrpcStatus(status)); }
  void OnDone() override { delete this; }
};

class RegistryService final : public v1::ModelRegistry::CallbackService {
 public:
  RegistryService(const ModelRegistry& registry, ModelManager& manager, ModelPuller& puller, GrpcCalls calls)
      : registry_(registry), manager_(manager), puller_(puller), calls_(calls) {}

  ServerUnaryReactor* ListModels(CallbackServerContext* context, const v1::ListModelsRequest*,
                                 v1::ListModelsResponse* response) override {
    return calls_.Answer(context, Right::kUse, [&] {
      for (const ModelRegistry::Entry& entry : registry_.List()) Describe(entry, *response->add_models());
      return absl::OkStatus();
    });
  }

  ServerUnaryReactor* GetModel(CallbackServerContext* context, const v1::GetModelRequest* request,
                               v1::GetModelResponse* response) override {
    return calls_.Answer(context, Right::kUse, [&] {
      for (const ModelRegistry::Entry& entry : registry_.List()) {
        if (entry.name == request->name()) Describe(entry, *response->add_versions());
      }
      // Find knows how to say what there is instead.
      return response->versions_size() > 0 ? absl::OkStatus() : registry_.Find(request->name()).status();
    });
  }

  ServerUnaryReactor* LoadModel(CallbackServerContext* context, const v1::LoadModelRequest* request,
                                v1::LoadModelResponse*) override {
    return calls_.AnswerLater(
        context, Right::kControl, [&](GrpcCalls::Done done) { manager_.Load(request->name(), std::move(done)); },
        [] {});
  }

  ServerUnaryReactor* UnloadModel(CallbackServerContext* context, const v1::UnloadModelRequest* request,
                                  v1::UnloadModelResponse*) override {
    return calls_.AnswerLater(
        context, Right::kControl, [&](GrpcCalls::Done done) { manager_.Unload(request->name(), std::move(done)); },
        [] {});
  }

  grpc::ServerWriteReactor<v1::PullModelProgress>* PullModel(CallbackServerContext* context,
                                                             const v1::PullModelRequest* request) override {
    const absl::Status allowed = calls_.CheckAccess(Right::kControl, *context);
    return allowed.ok() ? puller_.Answer(request->name()) : new EndOfStream(allowed);
  }

 private:
  const ModelRegistry& registry_;
  ModelManager& manager_;
  ModelPuller& puller_;
  const GrpcCalls calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeRegistryService(const ModelRegistry& registry, ModelManager& manager,
                                                   ModelPuller& puller, GrpcCalls calls) {
  return std::make_unique<RegistryService>(registry, manager, puller, calls);
}

}  // namespace baryon
