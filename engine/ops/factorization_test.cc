#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr Tolerance kTolerance = {1e-6, 1e-6};

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

Tensor Transposed(const Tensor& a) {
  Tensor t = Tensor::Allocate({a.dtype(), {a.shape()[1], a.shape()[0]}});
  for (int64_t i = 0; i < a.shape()[0]; ++i) {
    for (int64_t j = 0; j < a.shape()[1]; ++j) {
      t.mutable_data<float>()[j * a.shape()[0] + i] = a.data<float>()[i * a.shape()[1] + j];
    }
  }
  return t;
}

Tensor Product(const Tensor& a, const Tensor& b) { return (*OpTester("dot").Input(a).Input(b).Run())[0]; }

// a with row i multiplied by s[i].
Tensor ScaledRows(const Tensor& s, const Tensor& a) {
  Tensor scaled = Tensor::Allocate(a.type());
  for (int64_t i = 0; i < a.num_elements(); ++i) {
    scaled.mutable_data<float>()[i] = a.data<float>()[i] * s.data<float>()[i / a.shape()[1]];
  }
  return scaled;
}

void ExpectEqual(const Tensor& got, const Tensor& want) { EXPECT_EQ(Difference(got, want, {2e-6, 2e-6}), ""); }

void ExpectIdentity(const Tensor& got) {
  Tensor identity = Tensor::Zeros(got.type());
  for (int64_t i = 0; i < got.shape()[0]; ++i) identity.mutable_data<float>()[i * (got.shape()[0] + 1)] = 1;
  ExpectEqual(got, identity);
}

void ExpectLargestPositive(const Tensor& rows) {
  const int64_t n = rows.shape()[1];
  for (int64_t i = 0; i < rows.shape()[0]; ++i) {
    const float* row = rows.data<float>() + i * n;
    EXPECT_GT(*std::max_element(row, row + n, [](float a, float b) { return std::abs(a) < std::abs(b); }), 0);
  }
}

const Tensor kSymmetric = F({3, 3}, {2, 1, 0, 1, 3, -1, 0, -1, -4});
const Tensor kWide = F({2, 3}, {1, 2, 3, -4, 5, 6});

TEST(FactorizationTest, LqAndQrAreOrthonormalTimesTriangular) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> lq, OpTester("_linalg_gelqf").Input(kWide).Run());
  ExpectEqual(Product(lq[1], lq[0]), kWide);
  ExpectIdentity(Product(lq[0], Transposed(lq[0])));
  EXPECT_EQ(lq[1].data<float>()[1], 0);
  for (const Tensor& a : {kWide, Transposed(kWide), kSymmetric}) {
    ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> qr, OpTester("_npi_qr").Input(a).Run());
    ExpectEqual(Product(qr[0], qr[1]), a);
    ExpectIdentity(Product(Transposed(qr[0]), qr[0]));
  }
  EXPECT_THAT(OpTester("_linalg_gelqf").Input({3, 2}).Infer(), StatusIs(kInvalid));
}
TEST(FactorizationTest, SingularValuesAndVectorsPutTheMatrixTogether) {
  for (const Tensor& a : {kWide, Transposed(kWide), kSymmetric}) {
    ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> svd, OpTester("_npi_svd").Input(a).Run());
    ExpectEqual(Product(svd[0], ScaledRows(svd[1], svd[2])), a);
    ExpectIdentity(Product(svd[2], Transposed(svd[2])));
    ExpectLargestPositive(svd[2]);
  }
}
TEST(FactorizationTest, SymmetricMatricesHaveEigenvectors) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> rows, OpTester("_linalg_syevd").Input(kSymmetric).Run());
  ExpectEqual(Product(rows[0], kSymmetric), ScaledRows(rows[1], rows[0]));
  ExpectIdentity(Product(rows[0], Transposed(rows[0])));
  ExpectLargestPositive(rows[0]);
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> columns, OpTester("_npi_eigh").Input(kSymmetric).Run());
  ExpectEqual(columns[0], rows[1]);
  ExpectEqual(columns[1], Transposed(rows[0]));
  for (const char* triangle : {"L", "U"}) {
    OpTester("_npi_eigvalsh").Attr("UPLO", triangle).Input(kSymmetric).ExpectOutput(rows[1], kTolerance);
  }
  OpTester("_npi_eigvalsh")
      .Attr("UPLO", "U")
      .Input(F({1, 2, 2}, {1, 2, 99, 1}))
      .ExpectOutput(F({1, 2}, {-1, 3}), kTolerance);
}
TEST(FactorizationTest, OtherMatricesMustHaveRealEigenvalues) {
  const Tensor a = F({2, 2}, {2, 1, 0, 3});
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> eig, OpTester("_npi_eig").Input(a).Run());
  ExpectEqual(Product(a, eig[1]), Transposed(ScaledRows(eig[0], Transposed(eig[1]))));
  OpTester("_npi_eigvals").Input(a).ExpectOutput(F({2}, {2, 3}), kTolerance);
  EXPECT_THAT(OpTester("_npi_eigvals").Input(F({2, 2}, {0, 1, -1, 0})).Run(),
              StatusIs(kInvalid, HasSubstr("real eigenvalues")));
}
TEST(FactorizationTest, RefusesWhatIsNoMatrix) {
  EXPECT_THAT(OpTester("_npi_svd").Input({3}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_npi_eigh").Input({2, 3}).Infer(), StatusIs(kInvalid, HasSubstr("square")));
}

}  // namespace
}  // namespace baryon
