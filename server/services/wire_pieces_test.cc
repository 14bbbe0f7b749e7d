#include "server/services/wire_pieces.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/inference.pb.h"
#include "server/testing/grpc_bytes.h"

namespace baryon {
namespace {

using inference::ModelInferResponse;
using inference::ModelStreamInferResponse;

constexpr int kRaw = ModelInferResponse::kRawOutputContentsFieldNumber;

Tensor Bytes(size_t size) {
  Tensor tensor = Tensor::Allocate({DType::kUInt8, {static_cast<int64_t>(size)}});
  for (size_t i = 0; i < size; ++i) tensor.mutable_data<uint8_t>()[i] = static_cast<uint8_t>(i * 31);
  return tensor;
}

std::string TextOf(const Tensor& tensor) {
  return std::string(static_cast<const char*>(tensor.raw_data()), tensor.size_bytes());
}

TEST(WirePiecesTest, WritesWhatTheGeneratedCodeReads) {
  ModelInferResponse head;
  head.set_model_name("m");
  head.add_outputs()->set_name("x");
  const Tensor small = Bytes(10), large = Bytes(1 << 20), none = Bytes(0);
  WirePieces pieces;
  pieces.AppendFields(head);
  pieces.AppendElements(kRaw, small);
  pieces.AppendElements(kRaw, large);
  pieces.AppendBytes(kRaw, "text");
  pieces.AppendElements(kRaw, none);
  const size_t size = pieces.size();
  const grpc::ByteBuffer bytes = pieces.Finish();
  EXPECT_EQ(bytes.Length(), size);
  ModelInferResponse read;
  ASSERT_TRUE(FromBytes(bytes, read));
  EXPECT_EQ(read.model_name(), "m");
  ASSERT_EQ(read.raw_output_contents_size(), 4);
  EXPECT_EQ(read.raw_output_contents(0), TextOf(small));
  EXPECT_EQ(read.raw_output_contents(1), TextOf(large));
  EXPECT_EQ(read.raw_output_contents(2), "text");
  EXPECT_EQ(read.raw_output_contents(3), "");
}

TEST(WirePiecesTest, NestsMessages) {
  for (const size_t array_size : {10, 100000}) {
    WirePieces inner;
    inner.AppendBytes(ModelInferResponse::kModelNameFieldNumber, "m");
    inner.AppendElements(kRaw, Bytes(array_size));
    inner.AppendBytes(kRaw, "end");
    WirePieces outer;
    outer.AppendMessage(ModelStreamInferResponse::kInferResponseFieldNumber, std::move(inner));
    outer.AppendBytes(ModelStreamInferResponse::kErrorMessageFieldNumber, "after");
    const size_t size = outer.size();
    const grpc::ByteBuffer bytes = outer.Finish();
    EXPECT_EQ(bytes.Length(), size);
    ModelStreamInferResponse read;
    ASSERT_TRUE(FromBytes(bytes, read));
    EXPECT_EQ(read.infer_response().model_name(), "m");
    EXPECT_EQ(read.infer_response().raw_output_contents(0), TextOf(Bytes(array_size)));
    EXPECT_EQ(read.infer_response().raw_output_contents(1), "end");
    EXPECT_EQ(read.error_message(), "after");
  }
}

TEST(WirePiecesTest, WritesTheFieldsOfAMessageWhereTheyBelong) {
  const int64_t shape[] = {1, 300, -1};
  for (const size_t expected : {0, 10, 1000}) {
    WirePieces pieces(expected);
    pieces.BeginMessage(
        ModelInferResponse::kOutputsFieldNumber,
        WirePieces::SizeOfBytes(200) + WirePieces::SizeOfIntegers(shape) + WirePieces::SizeOfIntegers({}));
    pieces.AppendBytes(ModelInferResponse::InferOutputTensor::kNameFieldNumber, std::string(200, 'n'));
    pieces.AppendIntegers(ModelInferResponse::InferOutputTensor::kShapeFieldNumber, shape);
    pieces.AppendIntegers(ModelInferResponse::InferOutputTensor::kShapeFieldNumber, {});
    pieces.AppendBytes(ModelInferResponse::kModelNameFieldNumber, "m");
    ModelInferResponse read;
    ASSERT_TRUE(FromBytes(pieces.Finish(), read));
    EXPECT_EQ(read.outputs(0).name(), std::string(200, 'n'));
    EXPECT_THAT(read.outputs(0).shape(), testing::ElementsAreArray(shape));
    EXPECT_EQ(read.model_name(), "m");
  }
}

TEST(WirePiecesTest, PutsWhatIsSmallIntoOnePiece) {
  WirePieces pieces(WirePieces::SizeOfBytes(5) + WirePieces::SizeOfBytes(2000));
  pieces.AppendBytes(ModelInferResponse::kModelNameFieldNumber, "model");
  pieces.AppendElements(kRaw, Bytes(2000));
  grpc::Slice slice;
  EXPECT_TRUE(pieces.Finish().TrySingleSlice(&slice).ok());
}

TEST(WirePiecesTest, KeepsTheElementsAliveAsLongAsTheBytes) {
  grpc::ByteBuffer bytes;
  {
    WirePieces pieces;
    pieces.AppendElements(kRaw, Bytes(100000));
    bytes = pieces.Finish();
  }
  ModelInferResponse read;
  ASSERT_TRUE(FromBytes(bytes, read));
  EXPECT_EQ(read.raw_output_contents(0), TextOf(Bytes(100000)));
}

TEST(WirePiecesTest, IsEmptyAfterwards) {
  WirePieces pieces;
  pieces.AppendBytes(kRaw, "x");
  pieces.Finish();
  EXPECT_EQ(pieces.size(), 0u);
  EXPECT_EQ(pieces.Finish().Length(), 0u);
}

}  // namespace
}  // namespace baryon
