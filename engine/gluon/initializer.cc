#include "engine/gluon/initializer.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon::init {
namespace {

Initializer Same(std::string name, double value) {
  return {std::move(name),
          [value](const Request& request) { return FillElements(request.type, [value](int64_t) { return value; }); }};
}

using Maker = Initializer (*)();

const std::map<std::string, Maker>& Makers() {
  static const auto* makers = new std::map<std::string, Maker>{
      {"zero", [] { return Zero(); }},
      {"zeros", [] { return Zero(); }},
      {"one", [] { return One(); }},
      {"ones", [] { return One(); }},
      {"uniform", [] { return Uniform(); }},
      {"normal", [] { return Normal(); }},
      {"orthogonal", [] { return Orthogonal(); }},
      {"xavier", [] { return Xavier(); }},
      {"msraprelu", [] { return MSRAPrelu(); }},
      {"bilinear", [] { return Bilinear(); }},
      {"lstmbias", [] { return LSTMBias(); }},
  };
  return *makers;
}

}  // namespace

absl::StatusOr<Initializer> Create(absl::string_view name) {
  const auto it = Makers().find(absl::AsciiStrToLower(name));
  if (it != Makers().end()) return it->second();
  std::string known;
  for (const auto& [other, maker] : Makers()) absl::StrAppend(&known, known.empty() ? "" : ", ", other);
  return absl::NotFoundError(
      absl::StrCat("\"", name, "\" is not registered with initializer registry; there are ", known));
}

Initializer::Initializer(std::string name, Fill fill)
    : name_(std::move(name)), fill_(std::make_shared<const Fill>(std::move(fill))) {}

Initializer::Initializer(const char* name) : Initializer(std::string(name)) {}

Initializer::Initializer(const std::string& name) {
  absl::StatusOr<Initializer> made = Create(name);
  *this = made.ok() ? *std::move(made) : Initializer(name, [status = made.status()](const Request&) { return status; });
}

Initializer Zero() { return Same("zero", 0); }

Initializer One() { return Same("one", 1); }

Initializer Constant(double value) { return Same("constant", value); }

Initializer Constant(const NDArray& values) {
  return {"constant", [values](const Request& request) -> absl::StatusOr<Tensor> {
            BARYON_ASSIGN_OR_RETURN(const Tensor tensor, values.AsTensor());
            if (tensor.shape() == request.type.shape) return tensor.Cast(request.type.dtype);
            return absl::InvalidArgumentError(absl::StrCat(
                "expected a constant of shape ", ShapeTuple(request.type.shape), ", got ", ShapeTuple(tensor.shape())));
          }};
}

Initializer Uniform(double scale) {
  return {"uniform", [scale](const Request& request) {
            return FillElements(request.type, [&](int64_t) { return request.generator.Uniform(-scale, scale); });
          }};
}

Initializer Normal(double sigma) {
  return {"normal", [sigma](const Request& request) {
            return FillElements(request.type, [&](int64_t) { return request.generator.Normal(0, sigma); });
          }};
}

}  // namespace baryon::init
