// A kernel that is one function and the scratch memory it needs.
#ifndef BARYON_ENGINE_OPS_FUNCTION_KERNEL_H_
#define BARYON_ENGINE_OPS_FUNCTION_KERNEL_H_

#include <functional>
#include <memory>
#include <utility>

#include "engine/graph/op_def.h"

namespace baryon {

class FunctionKernel : public Kernel {
 public:
  FunctionKernel(int64_t workspace_bytes, std::function<void(OpContext&)> compute)
      : workspace_bytes_(workspace_bytes), compute_(std::move(compute)) {}

  void Compute(OpContext& context) const override { compute_(context); }
  int64_t workspace_bytes() const override { return workspace_bytes_; }

 private:
  const int64_t workspace_bytes_;
  const std::function<void(OpContext&)> compute_;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_FUNCTION_KERNEL_H_
