#ifndef BARYON_ENGINE_GLUON_NN_EMBEDDING_H_
#define BARYON_ENGINE_GLUON_NN_EMBEDDING_H_

#include <cstdint>
#include <optional>
#include <string>

#include "engine/gluon/hybrid_block.h"

namespace baryon::nn {

struct EmbeddingOptions {
  DType dtype = DType::kFloat32;
  init::Initializer weight_initializer = {};
  std::optional<std::string> prefix = std::nullopt;
};

// A row of the weight for each index: [...] of indices to [..., output_dim]. Indices below 0 count as 0, those beyond
// the end as the last. Parameter: weight [input_dim, output_dim].
class Embedding : public gluon::HybridBlock {
 public:
  Embedding(int64_t input_dim, int64_t output_dim, EmbeddingOptions options = {});

  gluon::Parameter weight() const { return param("weight"); }

  NDArray Forward(const NDArray& x) override;
  std::string ToString() const override;  // "Embedding(10 -> 5, float32)"

 private:
  int64_t input_dim_, output_dim_;
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_EMBEDDING_H_
