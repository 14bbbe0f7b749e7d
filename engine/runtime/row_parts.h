// Batches of small networks, cut among threads by rows: each thread takes some rows through all steps, and threads meet
// once, at the end. Cut step by step, they would meet after each, which takes as long as the steps do.
#ifndef BARYON_ENGINE_RUNTIME_ROW_PARTS_H_
#define BARYON_ENGINE_RUNTIME_ROW_PARTS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/graph/op_def.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/planned_subgraph.h"

namespace baryon {

// How many parts of nearly equal size a batch of `rows` rows goes in, 1 to num_threads. `plan` is for all rows at once.
// 1 where the steps are long enough to be cut one by one, or so short that a thread is not worth waking.
int64_t NumRowParts(const Plan& plan, int64_t rows, int num_threads);

// Rows [first, first + plan's rows) of all inputs and outputs.
struct RowPart {
  int64_t first;
  std::shared_ptr<const Plan> plan;
};

// The only step of a plan whose batch goes in parts. Its operands are the inputs and outputs of `whole`, the plan for
// all rows, which tells the figures and is not kept.
class RowPartsKernel : public Kernel {
 public:
  RowPartsKernel(std::vector<RowPart> parts, const Plan& whole);

  void Compute(OpContext& context) const override;

  std::string algorithm() const override;
  int64_t num_multiplications() const override { return num_multiplications_; }
  int64_t num_executed_multiplications() const override { return num_executed_multiplications_; }
  int64_t packed_bytes() const override { return packed_bytes_; }

  const std::vector<RowPart>& parts() const { return parts_; }

 private:
  absl::Status RunPart(size_t part, OpContext& context) const;

  const std::vector<RowPart> parts_;
  std::vector<std::unique_ptr<const PlannedSubgraph>> runs_;  // of each: its memory stays in its thread's cache
  const int64_t rows_, num_multiplications_, num_executed_multiplications_, packed_bytes_;
};

// The parts of `plan`; empty when it does not go in parts.
std::vector<RowPart> PartsOf(const Plan& plan);

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_ROW_PARTS_H_
