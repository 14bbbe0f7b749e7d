#include "tests/integration/raw_call.h"

#include <grpcpp/client_context.h>

#include <vector>

namespace baryon {

RawCall::RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method, const std::string& request)
    : stub_(channel) {
  call_ = stub_.PrepareCall(&context_, method, &queue_);
  call_->StartCall(nullptr);
  Wait();
  const grpc::Slice slice(request);
  call_->Write(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions().set_last_message(), nullptr);
  Wait();
}

RawCall::~RawCall() {
  context_.TryCancel();
  queue_.Shutdown();
  void* tag;
  bool ok;
  while (queue_.Next(&tag, &ok)) {
  }
}

bool RawCall::Wait() {
  void* tag;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

bool RawCall::Read(std::string* answer) {
  grpc::ByteBuffer bytes;
  call_->Read(&bytes, nullptr);
  if (!Wait()) return false;
  std::vector<grpc::Slice> slices;
  bytes.Dump(&slices);
  answer->clear();
  for (const grpc::Slice& slice : slices) answer->append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return true;
}

grpc::Status RawCall::status() {
  grpc::Status status;
  call_->Finish(&status, nullptr);
  Wait();
  return status;
}

}  // namespace baryon
