// Messages as the bytes that go over the wire.
#ifndef BARYON_SERVER_TESTING_GRPC_BYTES_H_
#define BARYON_SERVER_TESTING_GRPC_BYTES_H_

#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <string>
#include <vector>

#include "google/protobuf/message_lite.h"

namespace baryon {

// The bytes of `message` in slices of `slice_size`.
inline grpc::ByteBuffer ToBytes(const google::protobuf::MessageLite& message, size_t slice_size = 100) {
  const std::string bytes = message.SerializeAsString();
  std::vector<grpc::Slice> slices;
  for (size_t start = 0; start < bytes.size(); start += slice_size) {
    slices.emplace_back(bytes.data() + start, std::min(slice_size, bytes.size() - start));
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

inline std::string TextOf(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  std::string text;
  if (!bytes.Dump(&slices).ok()) return text;
  for (const grpc::Slice& slice : slices) text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return text;
}

inline bool FromBytes(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite& message) {
  return message.ParseFromString(TextOf(bytes));
}

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_GRPC_BYTES_H_
