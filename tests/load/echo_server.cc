#include "tests/load/echo_server.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <climits>
#include <cstdio>

#include "engine/base/check.h"
#include "proto/inference.grpc.pb.h"

namespace baryon {
namespace {

class EchoService : public inference::GRPCInferenceService::CallbackService {
 public:
  grpc::ServerUnaryReactor* ModelInfer(grpc::CallbackServerContext* context,
                                       const inference::ModelInferRequest* request,
                                       inference::ModelInferResponse* response) override {
    response->set_model_name(request->model_name());
    response->set_id(request->id());
    for (const auto& input : request->inputs()) {
      auto& output = *response->add_outputs();
      output.set_name(input.name());
      output.set_datatype(input.datatype());
      *output.mutable_shape() = input.shape();
    }
    *response->mutable_raw_output_contents() = request->raw_input_contents();
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

void RunEchoServer() {
  EchoService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.SetMaxReceiveMessageSize(INT_MAX);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  BARYON_CHECK(server != nullptr);
  std::printf("echo grpc=127.0.0.1:%d\n", port);
  std::fflush(stdout);
  for (;;) pause();
}

}  // namespace baryon
