// The least that a gRPC server can do with an inference request: what Baryon's overhead is measured against.
#ifndef BARYON_TESTS_LOAD_ECHO_SERVER_H_
#define BARYON_TESTS_LOAD_ECHO_SERVER_H_

namespace baryon {

// Serves inference.GRPCInferenceService/ModelInfer on a free port of loopback: an answer with the names, types, shapes
// and bytes of the inputs as its outputs. Prints "echo grpc=127.0.0.1:PORT" and serves until the process is killed.
[[noreturn]] void RunEchoServer();

}  // namespace baryon

#endif  // BARYON_TESTS_LOAD_ECHO_SERVER_H_
