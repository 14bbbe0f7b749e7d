#include "server/services/inference_message.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/grpc_bytes.h"

namespace baryon {
namespace {

using inference::ModelInferRequest;

std::string TextOf(const RawBytes& raw) {
  std::string text;
  for (absl::string_view piece : raw.pieces) absl::StrAppend(&text, piece);
  return text;
}

ModelInferRequest Request() {
  ModelInferRequest request;
  request.set_model_name("m");
  request.set_id("seven");
  request.add_inputs()->set_name("a");
  request.add_raw_input_contents(std::string(1000, 'x'));
  request.add_raw_input_contents("");
  request.add_raw_input_contents("third");
  return request;
}

TEST(InferenceMessageTest, LeavesRawContentsWhereTheyAre) {
  const grpc::ByteBuffer bytes = ToBytes(Request(), 64);
  ASSERT_OK_AND_ASSIGN(const InferenceMessage message, InferenceMessage::Parse(bytes));
  EXPECT_EQ(message.head.model_name(), "m");
  EXPECT_EQ(message.head.id(), "seven");
  EXPECT_EQ(message.head.inputs(0).name(), "a");
  EXPECT_EQ(message.head.raw_input_contents_size(), 0);
  ASSERT_EQ(message.raw.size(), 3u);
  EXPECT_EQ(TextOf(message.raw[0]), std::string(1000, 'x'));
  EXPECT_GT(message.raw[0].pieces.size(), 10u);
  EXPECT_EQ(message.raw[0].size, 1000);
  EXPECT_EQ(TextOf(message.raw[1]), "");
  EXPECT_EQ(TextOf(message.raw[2]), "third");
}

TEST(InferenceMessageTest, ReadsTheSameFromSlicesOfAnySize) {
  const std::string expected = Request().SerializeAsString();
  for (size_t size : {1, 2, 3, 7, 100, 100000}) {
    const grpc::ByteBuffer bytes = ToBytes(Request(), size);
    ASSERT_OK_AND_ASSIGN(InferenceMessage message, InferenceMessage::Parse(bytes));
    for (const RawBytes& raw : message.raw) message.head.add_raw_input_contents(TextOf(raw));
    EXPECT_EQ(message.head.SerializeAsString(), expected);
  }
}

TEST(InferenceMessageTest, ReadsFieldsInAnyOrder) {
  ModelInferRequest raw;
  raw.add_raw_input_contents("first");
  ModelInferRequest version;
  version.set_model_version("5");
  const std::string text = raw.SerializeAsString() + Request().SerializeAsString() + version.SerializeAsString();
  const grpc::Slice slice(text);
  const grpc::ByteBuffer bytes(&slice, 1);
  ASSERT_OK_AND_ASSIGN(const InferenceMessage message, InferenceMessage::Parse(bytes));
  EXPECT_EQ(message.head.model_name(), "m");
  EXPECT_EQ(message.head.model_version(), "5");
  ASSERT_EQ(message.raw.size(), 4u);
  EXPECT_EQ(TextOf(message.raw[0]), "first");
  EXPECT_EQ(TextOf(message.raw[3]), "third");
}

TEST(InferenceMessageTest, OnePieceIsSeenInOnePiece) {
  const grpc::ByteBuffer bytes = ToBytes(Request(), 1 << 20);
  ASSERT_OK_AND_ASSIGN(const InferenceMessage message, InferenceMessage::Parse(bytes));
  EXPECT_EQ(message.raw[0].pieces.size(), 1u);
}

TEST(InferenceMessageTest, AnEmptyMessageIsOne) {
  ASSERT_OK_AND_ASSIGN(const InferenceMessage message, InferenceMessage::Parse(ToBytes(ModelInferRequest())));
  EXPECT_TRUE(message.raw.empty());
}

grpc::ByteBuffer Slice(const std::string& text) {
  const grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

TEST(InferenceMessageTest, RefusesBytesThatAreNoMessage) {
  const std::string whole = Request().SerializeAsString();
  const std::string raw_tag = "\x3a";  // field 7, bytes
  for (const std::string& text :
       {std::string("\xff"), raw_tag, raw_tag + "\x05" + "abc", raw_tag + "\xff\xff\xff\xff\x0f",
        raw_tag + std::string(11, '\xff'), std::string("\x00\x00", 2), std::string("\x07"), std::string("\x0c"),
        std::string("\x0a\x05"
                    "ab"),
        whole.substr(0, whole.size() - 1)}) {
    EXPECT_THAT(InferenceMessage::Parse(Slice(text)), StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(InferenceMessageTest, SurvivesEveryCut) {
  const std::string whole = Request().SerializeAsString();
  for (size_t size = 0; size < whole.size(); ++size) (void)InferenceMessage::Parse(Slice(whole.substr(0, size)));
}

}  // namespace
}  // namespace baryon
