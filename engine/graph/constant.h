// Constants of a graph: parameters and what passes compute from them.
#ifndef BARYON_ENGINE_GRAPH_CONSTANT_H_
#define BARYON_ENGINE_GRAPH_CONSTANT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "engine/tensor/tensor.h"

namespace baryon {

// A tensor that exists when it is needed. A parameter is read from its file, or computed by folded nodes, at the first
// Tensor(); the elements go when nobody holds them any more and are made again on demand. So a network whose weights
// are all repacked for the kernels holds each weight once, and never the whole file.
// Thread-safe. `key` names the value: constants with equal keys have equal elements, within one loaded model.
class Constant {
 public:
  using Make = std::function<absl::StatusOr<Tensor>()>;

  // Elements that are at hand and stay.
  static std::shared_ptr<const Constant> Literal(Tensor tensor);
  // Elements that `make` yields, always of `type`.
  static std::shared_ptr<const Constant> Lazy(TensorType type, std::string key, Make make);

  const TensorType& type() const { return type_; }
  const std::string& key() const { return key_; }

  // The elements. Errors: those of `make`; INTERNAL when it yields another type than promised.
  absl::StatusOr<Tensor> Get() const;

 private:
  Constant(TensorType type, std::string key) : type_(std::move(type)), key_(std::move(key)) {}

  const TensorType type_;
  const std::string key_;
  Make make_;
  mutable absl::Mutex mutex_;
  mutable std::weak_ptr<const Tensor> made_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Tensor> literal_;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_GRAPH_CONSTANT_H_
