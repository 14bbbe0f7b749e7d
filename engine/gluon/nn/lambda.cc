#include "engine/gluon/nn/lambda.h"

#include "absl/strings/str_cat.h"
#include "engine/gluon/invoke.h"
#include "engine/graph/op_registry.h"

namespace baryon::nn {
namespace {

// An operator is printed under its name.
LambdaOptions Named(const std::string& op, LambdaOptions options) {
  options.name = op;
  return options;
}

}  // namespace

LambdaFunction::LambdaFunction(OfOne function)
    : function_([function = std::move(function)](absl::Span<const NDArray> inputs) -> NDArrays {
        if (inputs.size() == 1) return {function(inputs[0])};
        return {absl::InvalidArgumentError(absl::StrCat("expected 1 input, got ", inputs.size()))};
      }) {}

LambdaFunction::LambdaFunction(OfMany function) : function_(std::move(function)) {}

LambdaFunction::LambdaFunction(const std::string& op)
    : function_([op](absl::Span<const NDArray> inputs) { return Invoke(op, {}, inputs); }) {
  if (FindOp(op) == nullptr) {
    status_ = absl::NotFoundError(absl::StrCat("Function name ", op, " is not found in symbol/ndarray."));
  }
}

Lambda::Lambda(LambdaFunction::OfOne function, LambdaOptions options)
    : LambdaBlock("lambda", LambdaFunction(std::move(function)), std::move(options)) {}

Lambda::Lambda(LambdaFunction::OfMany function, LambdaOptions options)
    : LambdaBlock("lambda", LambdaFunction(std::move(function)), std::move(options)) {}

Lambda::Lambda(const std::string& op, LambdaOptions options)
    : LambdaBlock("lambda", LambdaFunction(op), Named(op, std::move(options))) {}

HybridLambda::HybridLambda(LambdaFunction::OfOne function, LambdaOptions options)
    : LambdaBlock("hybridlambda", LambdaFunction(std::move(function)), std::move(options)) {}

HybridLambda::HybridLambda(LambdaFunction::OfMany function, LambdaOptions options)
    : LambdaBlock("hybridlambda", LambdaFunction(std::move(function)), std::move(options)) {}

HybridLambda::HybridLambda(const std::string& op, LambdaOptions options)
    : LambdaBlock("hybridlambda", LambdaFunction(op), Named(op, std::move(options))) {}

}  // namespace baryon::nn
