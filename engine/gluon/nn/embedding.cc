#include "engine/gluon/nn/embedding.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/gluon/invoke.h"

namespace baryon::nn {

using gluon::Parameter;

Embedding::Embedding(int64_t input_dim, int64_t output_dim, EmbeddingOptions options)
    : HybridBlock({.hint = "embedding", .prefix = std::move(options.prefix)}),
      input_dim_(input_dim),
      output_dim_(output_dim) {
  Register("weight", Parameter("weight", {.shape = {input_dim, output_dim},
                                          .dtype = options.dtype,
                                          .init = std::move(options.weight_initializer),
                                          .allow_deferred_init = true}));
}

NDArray Embedding::Forward(const NDArray& x) {
  const Attrs attrs = {{"input_dim", AttrText(input_dim_)},
                       {"output_dim", AttrText(output_dim_)},
                       {"dtype", AttrText(weight().dtype())}};
  return InvokeOne("Embedding", attrs, {x, weight().data()}, {.name = "fwd"});
}

std::string Embedding::ToString() const {
  return absl::StrCat(class_name(), "(", input_dim_, " -> ", output_dim_, ", ", DTypeName(weight().dtype()), ")");
}

}  // namespace baryon::nn
