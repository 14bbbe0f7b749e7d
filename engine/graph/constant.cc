#include "engine/graph/constant.h"

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {

std::shared_ptr<const Constant> Constant::Literal(Tensor tensor) {
  static std::atomic<int64_t> next{0};
  std::shared_ptr<Constant> constant(new Constant(tensor.type(), absl::StrCat("literal", next.fetch_add(1))));
  constant->literal_ = std::make_shared<const Tensor>(std::move(tensor));
  return constant;
}

std::shared_ptr<const Constant> Constant::Lazy(TensorType type, std::string key, Make make) {
  std::shared_ptr<Constant> constant(new Constant(std::move(type), std::move(key)));
  constant->make_ = std::move(make);
  return constant;
}

// The tensor handed out keeps the shared one alive, so that a second caller finds it as long as the first holds it.
absl::StatusOr<Tensor> Constant::Get() const {
  if (literal_ != nullptr) return *literal_;
  absl::MutexLock lock(&mutex_);
  std::shared_ptr<const Tensor> made = made_.lock();
  if (made == nullptr) {
    BARYON_ASSIGN_OR_RETURN(Tensor tensor, make_());
    if (tensor.type() != type_) {
      return absl::InternalError(
          absl::StrCat("a constant was to be ", type_.ToString(), " and came as ", tensor.type().ToString()));
    }
    made = std::make_shared<const Tensor>(std::move(tensor));
    made_ = made;
  }
  return Tensor::Borrow(type_, made->raw_data(), made);
}

}  // namespace baryon
