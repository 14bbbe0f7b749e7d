// Writing Protocol Buffers without copying the arrays in them.
#ifndef BARYON_SERVER_SERVICES_WIRE_PIECES_H_
#define BARYON_SERVER_SERVICES_WIRE_PIECES_H_

#include <grpc/slice.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstddef>
#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
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
  // Small fields go straight into memory that gRPC sends, of `expected` bytes at first: one piece, if that is enough.
  explicit WirePieces(size_t expected = kUsualText) : expected_(expected) {}
  ~WirePieces();
  WirePieces(WirePieces&& other);
  WirePieces& operator=(WirePieces&& other);

  // Most of what AppendElements copies of a tensor: a piece of its own costs more.
  static constexpr int64_t kSmallBytes = 2048;

  // Fields that somebody else encoded: all of `message`.
  void AppendFields(const google::protobuf::MessageLite& message);
  // A field of type bytes or string.
  void AppendBytes(int field, absl::string_view bytes);
  // A field of type bytes that holds the elements of `tensor`.
  void AppendElements(int field, const Tensor& tensor);
  // A field of type repeated int64, packed, as proto3 has them. No values: nothing.
  void AppendIntegers(int field, absl::Span<const int64_t> values);
  // A field that is a message itself: the one for those that are there, the other for one whose fields, `size` bytes
  // (see SizeOf...), are appended next.
  void AppendMessage(int field, WirePieces message);
  void BeginMessage(int field, size_t size) { AppendHeader(field, size); }

  // What AppendBytes and AppendIntegers append; fields of a number below 16.
  static size_t SizeOfBytes(size_t bytes);
  static size_t SizeOfIntegers(absl::Span<const int64_t> values);

  size_t size() const { return size_; }
  // What goes over the wire. Leaves this object empty.
  grpc::ByteBuffer Finish();

 private:
  static constexpr size_t kUsualText = kSmallBytes + 512;  // such elements, and the fields before them

  uint8_t* Extend(size_t size);
  void AppendText(absl::string_view text);
  void AppendHeader(int field, size_t size);
  void EndText();

  absl::InlinedVector<grpc::Slice, 2> slices_;
  size_t expected_;
  grpc_slice text_ = grpc_empty_slice();  // behind them, of which
  size_t text_size_ = 0;                  // bytes are written
  size_t size_ = 0;
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_WIRE_PIECES_H_
