#include "server/services/inference_service.h"

#include <grpcpp/support/byte_buffer.h>

#include <string>
#include <utility>

#include "proto/inference.grpc.pb.h"
#include "server/services/inference_call.h"
#include "server/services/inference_stream.h"

namespace baryon {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

using Oip = inference::GRPCInferenceService;

// Administration takes messages,
using MessageService = Oip::WithCallbackMethod_ServerLive<
    Oip::WithCallbackMethod_ServerReady<Oip::WithCallbackMethod_ModelReady<Oip::WithCallbackMethod_ServerMetadata<
        Oip::WithCallbackMethod_ModelMetadata<Oip::WithCallbackMethod_ModelConfig<
            Oip::WithCallbackMethod_ModelStatistics<Oip::WithCallbackMethod_RepositoryIndex<
                Oip::WithCallbackMethod_RepositoryModelLoad<Oip::WithCallbackMethod_RepositoryModelUnload<
                    Oip::WithCallbackMethod_SystemSharedMemoryStatus<Oip::WithCallbackMethod_SystemSharedMemoryRegister<
                        Oip::WithCallbackMethod_SystemSharedMemoryUnregister<Oip::WithCallbackMethod_TraceSetting<
                            Oip::WithCallbackMethod_LogSettings<Oip::Service>>>>>>>>>>>>>>>;
// inference bytes: the generated messages would copy the arrays in them.
using RawService = Oip::WithRawCallbackMethod_ModelInfer<Oip::WithRawCallbackMethod_ModelStreamInfer<MessageService>>;

class InferenceService final : public RawService {
 public:
  InferenceService(InferenceControl& control, GrpcCalls calls) : control_(control), calls_(calls) {}

  // Of the health of the server everybody may ask.
  ServerUnaryReactor* ServerLive(CallbackServerContext* context, const inference::ServerLiveRequest*,
                                 inference::ServerLiveResponse* response) override {
    response->set_live(true);
    return GrpcCalls::AnswerAnybody(context, absl::OkStatus());
  }

  ServerUnaryReactor* ServerReady(CallbackServerContext* context, const inference::ServerReadyRequest*,
                                  inference::ServerReadyResponse* response) override {
    response->set_ready(control_.ready());
    return GrpcCalls::AnswerAnybody(context, absl::OkStatus());
  }

  ServerUnaryReactor* ModelReady(CallbackServerContext* context, const inference::ModelReadyRequest* request,
                                 inference::ModelReadyResponse* response) override {
    return GrpcCalls::AnswerAnybody(context, control_.ModelReady(*request, *response));
  }

  ServerUnaryReactor* ServerMetadata(CallbackServerContext* context, const inference::ServerMetadataRequest*,
                                     inference::ServerMetadataResponse* response) override {
    return calls_.Answer(context, Right::kUse, [&] {
      control_.ServerMetadata(*response);
      return absl::OkStatus();
    });
  }

  ServerUnaryReactor* ModelMetadata(CallbackServerContext* context, const inference::ModelMetadataRequest* request,
                                    inference::ModelMetadataResponse* response) override {
    return calls_.Answer(context, Right::kUse, [&] { return control_.ModelMetadata(*request, *response); });
  }

  ServerUnaryReactor* ModelInfer(CallbackServerContext* context, const grpc::ByteBuffer* request,
                                 grpc::ByteBuffer* response) override {
    return calls_.AnswerPrediction(context, [&] {
      return MakeInference(*request, control_.regions(),
                           [response](WirePieces answer) { answer.Finish().Swap(response); });
    });
  }

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* ModelStreamInfer(
      CallbackServerContext* context) override {
    return AnswerInferenceStream(context, calls_, control_.regions());
  }

  ServerUnaryReactor* ModelConfig(CallbackServerContext* context, const inference::ModelConfigRequest* request,
                                  inference::ModelConfigResponse* response) override {
    return calls_.Answer(context, Right::kUse, [&] { return control_.ModelConfig(*request, *response); });
  }

  ServerUnaryReactor* ModelStatistics(CallbackServerContext* context, const inference::ModelStatisticsRequest* request,
                                      inference::ModelStatisticsResponse* response) override {
    return calls_.Answer(context, Right::kUse, [&] { return control_.ModelStatistics(*request, *response); });
  }

  ServerUnaryReactor* RepositoryIndex(CallbackServerContext* context, const inference::RepositoryIndexRequest* request,
                                      inference::RepositoryIndexResponse* response) override {
    return calls_.Answer(context, Right::kUse, [&] { return control_.RepositoryIndex(*request, *response); });
  }

  ServerUnaryReactor* RepositoryModelLoad(CallbackServerContext* context,
                                          const inference::RepositoryModelLoadRequest* request,
                                          inference::RepositoryModelLoadResponse* response) override {
    return calls_.AnswerLater(
        context, Right::kControl, [&](GrpcCalls::Done done) { control_.Load(*request, std::move(done)); },
        [request, response] {
          response->set_model_name(InferenceControl::NameOf(*request));
          response->set_is_loaded(true);
        });
  }

  ServerUnaryReactor* RepositoryModelUnload(CallbackServerContext* context,
                                            const inference::RepositoryModelUnloadRequest* request,
                                            inference::RepositoryModelUnloadResponse* response) override {
    return calls_.AnswerLater(
        context, Right::kControl, [&](GrpcCalls::Done done) { control_.Unload(*request, std::move(done)); },
        [request, response] {
          response->set_model_name(InferenceControl::NameOf(*request));
          response->set_is_unloaded(true);
        });
  }

  ServerUnaryReactor* SystemSharedMemoryStatus(CallbackServerContext* context,
                                               const inference::SystemSharedMemoryStatusRequest* request,
                                               inference::SystemSharedMemoryStatusResponse* response) override {
    return calls_.Answer(context, Right::kUse, [&] { return control_.SharedMemoryStatus(*request, *response); });
  }

  ServerUnaryReactor* SystemSharedMemoryRegister(CallbackServerContext* context,
                                                 const inference::SystemSharedMemoryRegisterRequest* request,
                                                 inference::SystemSharedMemoryRegisterResponse*) override {
    return calls_.Answer(context, Right::kUse, [&] { return control_.SharedMemoryRegister(*request); });
  }

  ServerUnaryReactor* SystemSharedMemoryUnregister(CallbackServerContext* context,
                                                   const inference::SystemSharedMemoryUnregisterRequest* request,
                                                   inference::SystemSharedMemoryUnregisterResponse*) override {
    return calls_.Answer(context, Right::kUse, [&] { return control_.SharedMemoryUnregister(*request); });
  }

  ServerUnaryReactor* TraceSetting(CallbackServerContext* context, const inference::TraceSettingRequest* request,
                                   inference::TraceSettingResponse* response) override {
    return calls_.Answer(context, Right::kUse, [&] { return control_.TraceSetting(*request, *response); });
  }

  ServerUnaryReactor* LogSettings(CallbackServerContext* context, const inference::LogSettingsRequest* request,
                                  inference::LogSettingsResponse* response) override {
    return calls_.Answer(context, Right::kUse, [&] { return control_.LogSettings(*request, *response); });
  }

 private:
  InferenceControl& control_;
  const GrpcCalls calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeInferenceService(InferenceControl& control, GrpcCalls calls) {
  return std::make_unique<InferenceService>(control, calls);
}

}  // namespace baryon
