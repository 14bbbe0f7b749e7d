#include "engine/io/zip_file.h"

#include <zlib.h>

#include <string>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/io/testing/mutations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Builds zip files by hand, sound ones and others.
class ZipBuilder {
 public:
  struct Options {
    bool deflated = false;
    bool streamed = false;  // sizes and checksum of 0 in front of the member, as MXNet 2 writes it
    bool zip64 = false;     // sizes and offset in the extra field
    uint16_t flags = 0;
    int method = -1;  // instead of the true one
    int64_t claimed_size = -1;
    uint32_t crc_error = 0;
  };

  ZipBuilder& Add(const std::string& name, const std::string& contents, const Options& options) {
    const std::string packed = options.deflated ? Deflate(contents) : contents;
    const uint32_t crc = Crc(contents) ^ options.crc_error;
    const uint64_t size = options.claimed_size >= 0 ? options.claimed_size : contents.size();
    const uint64_t header = bytes_.size();
    const uint16_t method = options.method >= 0 ? options.method : options.deflated ? 8 : 0;
    Put(bytes_, uint32_t{0x04034B50}, uint16_t{20}, options.flags, method, uint32_t{0});
    if (options.streamed) {
      Put(bytes_, uint32_t{0}, uint32_t{0}, uint32_t{0});
    } else {
      Put(bytes_, crc, static_cast<uint32_t>(packed.size()), static_cast<uint32_t>(size));
    }
    Put(bytes_, static_cast<uint16_t>(name.size()), uint16_t{0});
    bytes_ += name + packed;
    Put(directory_, uint32_t{0x02014B50}, uint16_t{20}, uint16_t{20}, options.flags, method, uint32_t{0}, crc);
    std::string extra;
    if (options.zip64) {
      Put(extra, uint16_t{0x5455}, uint16_t{1}, uint8_t{7});  // somebody else's field comes first
      Put(extra, uint16_t{1}, uint16_t{24}, size, static_cast<uint64_t>(packed.size()), header);
    }
    Put(directory_, In32(packed.size(), options), In32(size, options), static_cast<uint16_t>(name.size()),
        static_cast<uint16_t>(extra.size()), uint16_t{0}, uint16_t{0}, uint16_t{0}, uint32_t{0}, In32(header, options));
    directory_ += name + extra;
    ++num_members_;
    return *this;
  }

  std::string Finish(bool zip64 = false, const std::string& comment = "") const {
    std::string file = bytes_ + directory_;
    const uint64_t offset = bytes_.size(), size = directory_.size(), count = num_members_;
    if (zip64) {
      const uint64_t end = file.size();
      Put(file, uint32_t{0x06064B50}, uint64_t{44}, uint16_t{45}, uint16_t{45}, uint32_t{0}, uint32_t{0}, count, count,
          size, offset);
      Put(file, uint32_t{0x07064B50}, uint32_t{0}, end, uint32_t{1});
      Put(file, uint32_t{0x06054B50}, uint32_t{0}, uint16_t{0xFFFF}, uint16_t{0xFFFF}, ~uint32_t{0}, ~uint32_t{0});
    } else {
      Put(file, uint32_t{0x06054B50}, uint32_t{0}, static_cast<uint16_t>(count), static_cast<uint16_t>(count),
          static_cast<uint32_t>(size), static_cast<uint32_t>(offset));
    }
    Put(file, static_cast<uint16_t>(comment.size()));
    return file + comment;
  }

 private:
  template <typename... T>
  static void Put(std::string& bytes, T... numbers) {
    (bytes.append(reinterpret_cast<const char*>(&numbers), sizeof(numbers)), ...);
  }
  static uint32_t In32(uint64_t value, const Options& options) {
    return options.zip64 ? 0xFFFFFFFF : static_cast<uint32_t>(value);
  }
  static uint32_t Crc(const std::string& bytes) {
    return crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  }
  static std::string Deflate(const std::string& bytes) {
    z_stream stream = {};
    EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string packed(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = bytes.size();
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = packed.size();
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.resize(packed.size() - stream.avail_out);
    deflateEnd(&stream);
    return packed;
  }

  std::string bytes_, directory_;
  uint64_t num_members_ = 0;
};

absl::StatusOr<std::unique_ptr<const ZipFile>> OpenBytes(const std::string& bytes) {
  return ZipFile::Open(MemoryFile(bytes).path());
}

absl::StatusOr<std::string> ReadMember(const ZipFile& zip, size_t i, int64_t piece = 1000) {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<ZipSource> source, zip.OpenMember(i));
  std::string bytes(source->size(), '\0');
  while (source->remaining() > 0) {
    const int64_t count = std::min(piece, source->remaining());
    BARYON_RETURN_IF_ERROR(source->Read(count, bytes.data() + source->position()));
  }
  BARYON_RETURN_IF_ERROR(source->Finish());
  return bytes;
}

std::string LongText() {
  std::string text;
  for (int i = 0; i < 30000; ++i) text += std::to_string(i * i % 977) + " ";
  return text;
}

TEST(ZipFileTest, ReadsMembersInAnyOrder) {
  const std::string text = LongText();
  ASSERT_OK_AND_ASSIGN(const auto zip, OpenBytes(ZipBuilder()
                                                     .Add("stored", "abc", {})
                                                     .Add("deflated", text, {.deflated = true})
                                                     .Add("streamed", text, {.streamed = true, .flags = 0x0808})
                                                     .Add("empty", "", {})
                                                     .Finish()));
  ASSERT_EQ(zip->members().size(), 4u);
  EXPECT_EQ(zip->members()[1].name, "deflated");
  EXPECT_EQ(zip->members()[1].size, static_cast<int64_t>(text.size()));
  for (const int64_t piece : {7, 1000, 1 << 20}) {
    EXPECT_EQ(*ReadMember(*zip, 2, piece), text);
    EXPECT_EQ(*ReadMember(*zip, 1, piece), text);
  }
  EXPECT_EQ(*ReadMember(*zip, 3), "");
  EXPECT_EQ(*ReadMember(*zip, 0), "abc");
}

TEST(ZipFileTest, UnderstandsZip64AndComments) {
  const std::string bytes = ZipBuilder()
                                .Add("a", "first", {.zip64 = true})
                                .Add("b", LongText(), {.deflated = true, .zip64 = true})
                                .Finish(true);
  ASSERT_OK_AND_ASSIGN(const auto zip, OpenBytes(bytes));
  EXPECT_EQ(*ReadMember(*zip, 0), "first");
  EXPECT_EQ(*ReadMember(*zip, 1), LongText());

  const std::string tricky = "PK\5\6 is how an end record begins; this one is a comment";
  ASSERT_OK_AND_ASSIGN(const auto commented, OpenBytes(ZipBuilder().Add("a", "first", {}).Finish(false, tricky)));
  EXPECT_EQ(*ReadMember(*commented, 0), "first");
}

TEST(ZipFileTest, EmptyZipHasNoMembers) {
  ASSERT_OK_AND_ASSIGN(const auto zip, OpenBytes(ZipBuilder().Finish()));
  EXPECT_TRUE(zip->members().empty());
}

TEST(ZipFileTest, WrongChecksumIsFoundAtTheEnd) {
  ASSERT_OK_AND_ASSIGN(const auto zip, OpenBytes(ZipBuilder().Add("a", "first", {.crc_error = 1}).Finish()));
  EXPECT_THAT(ReadMember(*zip, 0), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("CRC")));
}

TEST(ZipFileTest, BytesThatNobodyReadAreAnError) {
  ASSERT_OK_AND_ASSIGN(const auto zip, OpenBytes(ZipBuilder().Add("a", "first", {}).Finish()));
  ASSERT_OK_AND_ASSIGN(const auto source, zip->OpenMember(0));
  EXPECT_THAT(source->Finish(), StatusIs(absl::StatusCode::kDataLoss, "byte 0: expected the end, got 5 bytes more"));
}

TEST(ZipFileTest, RefusesWhatItCannotUnpack) {
  EXPECT_THAT(OpenBytes(ZipBuilder().Add("a", "x", {.method = 12}).Finish()),
              StatusIs(absl::StatusCode::kUnimplemented, AllOf(HasSubstr("member \"a\""), HasSubstr("method 12"))));
  EXPECT_THAT(OpenBytes(ZipBuilder().Add("a", "x", {.flags = 1}).Finish()),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("encrypted")));
}

TEST(ZipFileTest, SizesMustBePossible) {
  EXPECT_THAT(OpenBytes(ZipBuilder().Add("a", "x", {.claimed_size = 2}).Finish()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("member \"a\"")));
  EXPECT_THAT(OpenBytes(ZipBuilder().Add("a", "x", {.deflated = true, .claimed_size = 1 << 20}).Finish()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("at most")));
  EXPECT_THAT(OpenBytes(ZipBuilder().Add("a", "x", {.zip64 = true, .claimed_size = int64_t{1} << 62}).Finish()),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(ZipFileTest, DeflatedMemberThatEndsEarlyIsAnError) {
  ASSERT_OK_AND_ASSIGN(const auto zip,
                       OpenBytes(ZipBuilder().Add("a", "xyz", {.deflated = true, .claimed_size = 9}).Finish()));
  EXPECT_THAT(ReadMember(*zip, 0), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(ZipFileTest, FilesThatAreNoZipAreRefused) {
  EXPECT_THAT(OpenBytes(""), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("expected a zip file")));
  EXPECT_THAT(OpenBytes("PK\3\4"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("/proc/self/fd")));
  EXPECT_THAT(OpenBytes(std::string(100000, 'x')), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ZipFile::Open(testing::TempDir() + "/absent.zip"), StatusIs(absl::StatusCode::kNotFound));
}

TEST(ZipFileTest, DamagedFilesNeverCrash) {
  const std::string good = ZipBuilder()
                               .Add("stored", "abcdefgh", {})
                               .Add("deflated", "abcabcabcabcabc", {.deflated = true, .zip64 = true})
                               .Finish(true);
  ForEachMutation(good, [](const std::string& bytes) {
    const auto zip = OpenBytes(bytes);
    if (!zip.ok()) return;
    for (size_t i = 0; i < (*zip)->members().size(); ++i) ReadMember(**zip, i).IgnoreError();
  });
}

}  // namespace
}  // namespace baryon
