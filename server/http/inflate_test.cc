#include "server/http/inflate.h"

#include <zlib.h>

#include <string>

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::HasSubstr;

constexpr int kZlib = MAX_WBITS, kGzip = MAX_WBITS + 16;

std::string Deflate(const std::string& text, int format) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, format, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(InflateTest, ReadsGzipAndZlib) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += std::to_string(i * 7919);
  for (int format : {kZlib, kGzip}) {
    HttpBody body;
    ASSERT_OK(Inflate(Deflate(text, format), text.size(), body));
    EXPECT_EQ(body.view(), absl::string_view(text));
  }
}

TEST(InflateTest, KnowsItsEncodings) {
  EXPECT_TRUE(CanInflate("gzip"));
  EXPECT_TRUE(CanInflate("Deflate"));
  EXPECT_FALSE(CanInflate("br"));
  EXPECT_FALSE(CanInflate("gzip, gzip"));
}

TEST(InflateTest, StopsAtTheLimit) {
  const std::string bomb = Deflate(std::string(64 << 20, '\0'), kGzip);
  HttpBody body(std::make_shared<BodyBudget>(1 << 20));
  EXPECT_THAT(Inflate(bomb, 1 << 20, body),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("at most 1048576 bytes")));
  EXPECT_LE(body.capacity(), size_t{1} << 20);
}

TEST(InflateTest, RefusesWhatIsNoStream) {
  HttpBody body;
  EXPECT_THAT(Inflate("not compressed", 100, body), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Inflate("", 100, body), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ends early")));
}

TEST(InflateTest, RefusesAStreamThatEndsEarlyOrGoesOn) {
  const std::string whole = Deflate("hello", kGzip);
  for (size_t size = 0; size < whole.size(); ++size) {
    HttpBody body;
    EXPECT_THAT(Inflate(whole.substr(0, size), 100, body), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  HttpBody body;
  EXPECT_THAT(Inflate(whole + whole, 100, body), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("follows")));
}

TEST(InflateTest, RefusesADamagedChecksum) {
  std::string damaged = Deflate("hello", kGzip);
  damaged[damaged.size() - 8] ^= 1;
  HttpBody body;
  EXPECT_THAT(Inflate(damaged, 100, body), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
