// Functions as blocks.
//
//   net.Add(nn::HybridLambda("tanh"), nn::HybridLambda([](const NDArray& x) { return x * 2; }, {.name = "twice"}));
#ifndef BARYON_ENGINE_GLUON_NN_LAMBDA_H_
#define BARYON_ENGINE_GLUON_NN_LAMBDA_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "engine/gluon/hybrid_block.h"

namespace baryon::nn {

struct LambdaOptions {
  std::string name = "<lambda>";  // what is printed
  std::optional<std::string> prefix = std::nullopt;
};

// What a Lambda computes: a function of one array, one of several, or an operator by its name, with its defaults.
class LambdaFunction {
 public:
  using OfOne = std::function<NDArray(const NDArray& x)>;
  using OfMany = std::function<NDArrays(absl::Span<const NDArray> inputs)>;

  explicit LambdaFunction(OfOne function);
  explicit LambdaFunction(OfMany function);
  explicit LambdaFunction(const std::string& op);

  // NOT_FOUND for an operator that there is not.
  const absl::Status& status() const { return status_; }
  NDArrays operator()(absl::Span<const NDArray> inputs) const { return function_(inputs); }

 private:
  OfMany function_;
  absl::Status status_;
};

// What Lambda and HybridLambda have in common; Base is the kind of block.
template <typename Base>
class LambdaBlock : public Base {
 public:
  NDArrays ForwardMany(absl::Span<const NDArray> inputs) override { return function_(inputs); }
  std::string ToString() const override { return this->class_name() + "(" + name_ + ")"; }

 protected:
  LambdaBlock(std::string hint, LambdaFunction function, LambdaOptions options)
      : Base({.hint = std::move(hint), .prefix = std::move(options.prefix)}),
        function_(std::move(function)),
        name_(std::move(options.name)) {
    if (!function_.status().ok()) this->Fail(function_.status());
  }

 private:
  LambdaFunction function_;
  std::string name_;
};

// "Lambda(tanh)"
class Lambda : public LambdaBlock<gluon::Block> {
 public:
  explicit Lambda(LambdaFunction::OfOne function, LambdaOptions options = {});
  explicit Lambda(LambdaFunction::OfMany function, LambdaOptions options = {});
  explicit Lambda(const std::string& op, LambdaOptions options = {});
};

// The same, to be compiled: the function may not read elements. "HybridLambda(tanh)"
class HybridLambda : public LambdaBlock<gluon::HybridBlock> {
 public:
  explicit HybridLambda(LambdaFunction::OfOne function, LambdaOptions options = {});
  explicit HybridLambda(LambdaFunction::OfMany function, LambdaOptions options = {});
  explicit HybridLambda(const std::string& op, LambdaOptions options = {});
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_LAMBDA_H_
