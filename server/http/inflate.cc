#include "server/http/inflate.h"

#include <zlib.h>

#include <limits>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace baryon {
namespace {

constexpr size_t kBlock = 64 << 10;

absl::Status Damaged(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("the body cannot be decompressed: ", why));
}

}  // namespace

bool CanInflate(absl::string_view encoding) {
  return absl::EqualsIgnoreCase(encoding, "gzip") || absl::EqualsIgnoreCase(encoding, "x-gzip") ||
         absl::EqualsIgnoreCase(encoding, "deflate");
}

absl::Status Inflate(absl::string_view compressed, size_t limit, HttpBody& body) {
  z_stream stream{};
  constexpr int kGzipOrZlib = 32 + MAX_WBITS;  // the first bytes say which
  if (inflateInit2(&stream, kGzipOrZlib) != Z_OK) return absl::ResourceExhaustedError("no memory to decompress");
  const absl::Cleanup end = [&stream] { inflateEnd(&stream); };
  constexpr size_t kMostBytes = std::numeric_limits<uInt>::max();  // as far as zlib counts
  if (compressed.size() > kMostBytes) return Damaged(absl::StrCat("expected at most ", kMostBytes, " bytes"));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  char block[kBlock];
  for (int state = Z_OK; state != Z_STREAM_END;) {
    stream.next_out = reinterpret_cast<Bytef*>(block);
    stream.avail_out = kBlock;
    state = inflate(&stream, Z_NO_FLUSH);
    if (state == Z_BUF_ERROR) return Damaged("it ends early");
    if (state != Z_OK && state != Z_STREAM_END) return Damaged(stream.msg == nullptr ? "bad data" : stream.msg);
    if (!body.Append(absl::string_view(block, kBlock - stream.avail_out), limit)) {
      return absl::ResourceExhaustedError(
          absl::StrCat("expected a body of at most ", limit, " bytes after decompression, got more"));
    }
  }
  return stream.avail_in == 0 ? absl::OkStatus() : Damaged("something follows its end");
}

}  // namespace baryon
