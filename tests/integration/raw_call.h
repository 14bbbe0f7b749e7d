// Calls of services whose messages the test does not compile: bytes out, bytes back.
#ifndef BARYON_TESTS_INTEGRATION_RAW_CALL_H_
#define BARYON_TESTS_INTEGRATION_RAW_CALL_H_

#include <grpcpp/channel.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <string>

namespace baryon {

// One call that sends a message and reads answers one by one. `method` is "/package.Service/Method". One thread.
class RawCall {
 public:
  RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method, const std::string& request);
  ~RawCall();

  // The next answer; false when there is none, and status() says why. For calls of one answer status() follows it.
  bool Read(std::string* answer);
  grpc::Status status();

 private:
  bool Wait();

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

}  // namespace baryon

#endif  // BARYON_TESTS_INTEGRATION_RAW_CALL_H_
