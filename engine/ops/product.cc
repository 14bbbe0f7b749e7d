#include "engine/ops/product.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/kernels/convert_row.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::Contraction;
using kernels::ContractionAxis;

class ProductKernel : public Kernel {
 public:
  ProductKernel(Contraction contraction, ProductOperand a, ProductOperand b, int added, double beta)
      : contraction_(std::move(contraction)), a_(a), b_(b), added_(added), beta_(beta) {}

  void Compute(OpContext& context) const override {
    const TensorView& out = context.output(0);
    if (added_ >= 0) Preset(context);
    const char *a = Begin(context, a_), *b = Begin(context, b_);
    context.ParallelRanges(contraction_.num_units(), contraction_.grain(),
                           [&](int64_t begin, int64_t end) { contraction_.Run(a, b, out.raw_data(), begin, end); });
  }

  std::string algorithm() const override { return contraction_.algorithm(); }
  int64_t num_multiplications() const override { return contraction_.num_multiplications(); }

 private:
  static const char* Begin(OpContext& context, const ProductOperand& operand) {
    const TensorView& input = context.input(operand.input);
    return static_cast<const char*>(input.raw_data()) + operand.offset * DTypeSize(input.dtype());
  }

  // Output 0 = beta times the added input.
  void Preset(OpContext& context) const {
    DispatchFloating(context.output(0).dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      using C = ComputeType<T>;
      const T* from = context.input(added_).data<const T>();
      T* to = context.output(0).data<T>();
      for (int64_t i = 0; i < context.output(0).num_elements(); ++i) {
        to[i] =
            beta_ == 0 ? T(C(0)) : static_cast<T>(static_cast<C>(beta_ * static_cast<double>(static_cast<C>(from[i]))));
      }
    });
  }

  const Contraction contraction_;
  const ProductOperand a_, b_;
  const int added_;
  const double beta_;
};

}  // namespace

absl::StatusOr<Shape> ProductShape(const AxisLetters& letters, const Shape& a, const Shape& b, bool broadcasts) {
  std::map<char, int64_t> sizes;
  for (size_t i = 0; i < letters.a.size(); ++i) sizes[letters.a[i]] = a[i];
  for (size_t i = 0; i < letters.b.size(); ++i) {
    const auto [it, is_new] = sizes.emplace(letters.b[i], b[i]);
    if (is_new || it->second == b[i] || (broadcasts && b[i] == 1)) continue;
    if (!broadcasts || it->second != 1) {
      return ExpectedGot(absl::StrCat("axis ", i, " of the second array of ", it->second), b.ToString());
    }
    it->second = b[i];
  }
  Shape c;
  for (char letter : letters.c) c.Append(sizes.at(letter));
  return c;
}

std::vector<ContractionAxis> ProductAxes(const AxisLetters& letters, const Shape& a, const Shape& b) {
  std::map<char, ContractionAxis> axes;
  const auto add = [&](const std::string& names, const Shape& shape, int64_t ContractionAxis::*stride) {
    int64_t distance = 1;
    for (size_t i = names.size(); i-- > 0;) {
      ContractionAxis& axis = axes.emplace(names[i], ContractionAxis{1, 0, 0, 0}).first->second;
      if (shape[i] != 1) {
        axis.size = shape[i];
        axis.*stride += distance;
      }
      distance *= shape[i];
    }
  };
  add(letters.a, a, &ContractionAxis::a);
  add(letters.b, b, &ContractionAxis::b);
  int64_t distance = 1;
  for (size_t i = letters.c.size(); i-- > 0;) {
    ContractionAxis& axis = axes.at(letters.c[i]);
    axis.c = distance;
    distance *= axis.size;
  }
  std::vector<ContractionAxis> result;
  for (const auto& [letter, axis] : axes) result.push_back(axis);
  return result;
}

std::unique_ptr<Kernel> MakeProductKernel(const PrepareContext& context, std::vector<ContractionAxis> axes,
                                          ProductOperand a, ProductOperand b, double alpha, int added, double beta) {
  Contraction contraction(std::move(axes), context.outputs()[0].dtype, alpha, /*accumulate=*/added >= 0);
  return std::make_unique<ProductKernel>(std::move(contraction), a, b, added, beta);
}

}  // namespace baryon
