// Writing Protocol Buffers without copying the arrays in them.
#ifndef BARYON_SERVER_SERVICES_WIRE_PIECES_H_
#define BARYON_SERVER_SERVICES_WIRE_PIECES_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstddef>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "engine/tensor/tensor.h"

namespace google {
namespace protobuf {
class MessageLite;
}  // namespace protobuf
}  // namespace google

namespace baryon {

// An encoded message in pieces: small fields copied, elements of tensors left where they are and kept alive. Fields may
// come in any order; those of one number keep theirs. One thread.
class WirePieces {
 public:
  WirePieces();

  // Fields that somebody else encoded: all of `message`.
  void AppendFields(const google::protobuf::MessageLite& message);
  // A field of type bytes or string.
  void AppendBytes(int field, absl::string_view bytes);
  // A field of type bytes that holds the elements of `tensor`.
  void AppendElements(int field, const Tensor& tensor);
  // A field that is a message itself.
  void AppendMessage(int field, WirePieces message);

  size_t size() const { return size_; }
  // What goes over the wire. Leaves this object empty.
  grpc::ByteBuffer Finish();

 private:
  void AppendText(absl::string_view text);
  void AppendHeader(int field, size_t size);
  void EndText();

  absl::InlinedVector<grpc::Slice, 2> slices_;
  std::string text_;  // behind them
  size_t size_ = 0;
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_WIRE_PIECES_H_
