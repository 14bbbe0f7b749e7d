// Tests of one operator against a plain reference. Inputs are given or drawn from a seed that failures print; every
// comparison also runs the operator on several threads and, where it may, in place, and expects the same bits.
//
//   OpTester("softmax").Attr("axis", 1).Input({2, 3, 4}, Uniform(-90, 90)).ExpectNear(reference, Ulps(16));
//   EXPECT_THAT(OpTester("softmax").Attr("axis", 5).Input({2, 3}).Infer(), StatusIs(kInvalidArgument, ...));
#ifndef BARYON_ENGINE_OPS_TESTING_OP_TESTER_H_
#define BARYON_ENGINE_OPS_TESTING_OP_TESTER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/graph/attrs.h"
#include "engine/graph/op_def.h"
#include "engine/tensor/tensor.h"

namespace baryon {

// How the elements of an input are drawn.
struct Filler {
  enum class Kind { kUniform, kIntegers, kDistinct } kind = Kind::kUniform;
  double low = -2, high = 2;
  DType dtype = DType::kFloat32;
  Filler As(DType to) const {
    Filler filler = *this;
    filler.dtype = to;
    return filler;
  }
};
inline Filler Uniform(double low, double high) { return {Filler::Kind::kUniform, low, high}; }
inline Filler Integers(int64_t low, int64_t high) {  // both included
  return {Filler::Kind::kIntegers, static_cast<double>(low), static_cast<double>(high)};
}
inline Filler Distinct() { return {Filler::Kind::kDistinct}; }  // a shuffled ladder: no two elements are close

// |got - want| <= relative * |want| + absolute * max |want|, over the finite elements of an output.
struct Tolerance {
  double relative = 0, absolute = 0;
};
inline Tolerance Exactly() { return {}; }
inline Tolerance Ulps(double count) { return {count * 0x1p-23, 0}; }  // of float32
inline Tolerance Relative(double relative) { return {relative, 0.4 * relative}; }

// Computes the outputs from the inputs in plain loops.
using Reference = std::function<std::vector<Tensor>(const std::vector<Tensor>& inputs)>;

class OpTester {
 public:
  explicit OpTester(std::string op);

  OpTester& Attr(const std::string& name, const std::string& text);
  OpTester& Attr(const std::string& name, const char* text) { return Attr(name, std::string(text)); }
  OpTester& Attr(const std::string& name, bool value) { return Attr(name, FormatAttr(value)); }
  OpTester& Attr(const std::string& name, int value) { return Attr(name, FormatAttr(static_cast<int64_t>(value))); }
  OpTester& Attr(const std::string& name, int64_t value) { return Attr(name, FormatAttr(value)); }
  OpTester& Attr(const std::string& name, double value) { return Attr(name, FormatAttr(value)); }
  OpTester& Attr(const std::string& name, const IntTuple& value) { return Attr(name, FormatAttr(value)); }

  OpTester& Input(const Shape& shape, const Filler& filler = {});
  OpTester& Input(Tensor tensor);
  OpTester& Seed(uint32_t seed);  // before the inputs it shall decide

  const std::vector<Tensor>& inputs() const { return inputs_; }

  // The types of the visible outputs, or the error of reading the attributes or of the type rule.
  absl::StatusOr<TensorTypes> Infer() const;
  // The visible outputs, on one thread.
  absl::StatusOr<std::vector<Tensor>> Run() const;

  // Expects the visible outputs to agree with the reference (shapes, dtypes, values), on one thread, on three, and in
  // place. A reference may leave out trailing outputs.
  void ExpectNear(const Reference& reference, Tolerance tolerance) const;
  void ExpectOutputs(const std::vector<Tensor>& want, Tolerance tolerance = Exactly()) const;
  void ExpectOutput(const Tensor& want, Tolerance tolerance = Exactly()) const { ExpectOutputs({want}, tolerance); }

 private:
  absl::StatusOr<BoundAttrs> Bind() const;
  std::string Describe() const;

  const OpDef* op_;
  std::string name_;
  Attrs attrs_;
  std::vector<Tensor> inputs_;
  uint32_t seed_ = 1;
};

// Nothing when `got` agrees with `want`: shape, dtype, NaN and infinities exactly, whole numbers and booleans exactly,
// the rest within `tolerance`. Else the first difference in words. The rule of the golden operator cases.
std::string Difference(const Tensor& got, const Tensor& want, Tolerance tolerance);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_TESTING_OP_TESTER_H_
