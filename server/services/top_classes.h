// The best classes of a classifier's answer.
#ifndef BARYON_SERVER_SERVICES_TOP_CLASSES_H_
#define BARYON_SERVER_SERVICES_TOP_CLASSES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "engine/runtime/signature.h"
#include "engine/tensor/tensor.h"

namespace baryon {

struct ClassScore {
  int64_t index = 0;
  std::string label;  // empty when there is none
  float score = 0;
};

// True when `outputs`, the answer of a model of `signature`, is one array of scores [rows, classes], and the model has
// a label for each class or takes pictures ([N, C, H, W]).
bool IsClassifier(const Signature& signature, const std::vector<std::string>& labels, absl::Span<const Tensor> outputs);

// The `count` highest of each row of `scores`, a floating array [rows, classes], highest first; equal ones in the order
// of their index, NaN last.
std::vector<std::vector<ClassScore>> TopClasses(const Tensor& scores, const std::vector<std::string>& labels,
                                                int64_t count);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_TOP_CLASSES_H_
