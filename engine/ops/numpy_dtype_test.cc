#include "engine/ops/numpy_dtype.h"

#include "gtest/gtest.h"

namespace baryon {
namespace {

void ExpectMeet(DType a, DType b, DType want) {
  EXPECT_EQ(PromotedDType(a, b), want) << DTypeName(a) << " " << DTypeName(b);
  EXPECT_EQ(PromotedDType(b, a), want) << DTypeName(b) << " " << DTypeName(a);
}

TEST(NumpyDTypeTest, FloatingWinsOverWholeAndWiderOverNarrower) {
  ExpectMeet(DType::kInt64, DType::kFloat16, DType::kFloat16);
  ExpectMeet(DType::kBool, DType::kFloat32, DType::kFloat32);
  ExpectMeet(DType::kFloat16, DType::kFloat32, DType::kFloat32);
  ExpectMeet(DType::kFloat32, DType::kFloat64, DType::kFloat64);
  ExpectMeet(DType::kFloat16, DType::kBFloat16, DType::kFloat32);
}

TEST(NumpyDTypeTest, WholeNumbersMeetWhereBothFit) {
  ExpectMeet(DType::kBool, DType::kUInt8, DType::kUInt8);
  ExpectMeet(DType::kInt32, DType::kInt64, DType::kInt64);
  ExpectMeet(DType::kUInt8, DType::kInt8, DType::kInt32);
  ExpectMeet(DType::kUInt8, DType::kInt64, DType::kInt64);
  ExpectMeet(DType::kUInt32, DType::kInt32, DType::kInt64);
}

TEST(NumpyDTypeTest, NumbersFollowFloatingArraysAndWidenWholeOnes) {
  EXPECT_EQ(PromotedWithNumber(DType::kFloat16, false), DType::kFloat16);
  EXPECT_EQ(PromotedWithNumber(DType::kUInt8, true), DType::kUInt8);
  EXPECT_EQ(PromotedWithNumber(DType::kInt32, false), DType::kFloat64);
  EXPECT_EQ(PromotedWithNumber(DType::kBool, true), DType::kInt64);
}

}  // namespace
}  // namespace baryon
