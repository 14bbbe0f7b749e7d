// Operators that return their input at inference: copies, gradient stops, losses of training.
#include "engine/graph/op_def.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

const OpRegistration<NoAttrs> kCopy({
    .names = {"_copy", "identity", "_np_copy", "_npi_copy"},
    .inputs = {"data"},
    .infer_types = SameTypeAsInput<NoAttrs>,
    .complete_types = AllTypesEqual<NoAttrs>,
    .view = true,
    .elementwise = true,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
