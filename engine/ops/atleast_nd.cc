// _npi_atleast_1d, _npi_atleast_2d, _npi_atleast_3d: each input with axes of size 1 added until it has that rank. A
// vector [n] becomes [1, n] or [1, n, 1], a matrix [m, n] becomes [m, n, 1], as in NumPy.
#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct AtLeastAttrs {
  int64_t num_args = -1;
};

Shape AtLeast(int64_t rank, Shape shape) {
  if (shape.rank() == 1 && rank > 1) shape.Insert(0, 1);
  while (shape.rank() < rank) shape.Append(1);
  return shape;
}

OpSpec<AtLeastAttrs> AtLeastSpec(int64_t rank, std::vector<std::string> names) {
  OpSpec<AtLeastAttrs> spec;
  spec.names = std::move(names);
  spec.inputs = {"ary"};
  spec.variadic = true;
  spec.attrs = {Attr("num_args", &AtLeastAttrs::num_args)};
  spec.num_outputs = [](const AtLeastAttrs&, int num_inputs) { return num_inputs; };
  spec.infer_types = [rank](const AtLeastAttrs& attrs, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
    BARYON_RETURN_IF_ERROR(CheckNumArgs(attrs.num_args, inputs));
    TensorTypes outputs = inputs;
    for (TensorType& output : outputs) output.shape = AtLeast(rank, output.shape);
    return outputs;
  };
  spec.prepare = [](const AtLeastAttrs&, PrepareContext& context) {
    Moves moves;
    for (size_t i = 0; i < context.outputs().size(); ++i) {
      moves.push_back(DenseMove(context.outputs()[i].shape.num_elements()));
      moves.back().input = moves.back().output = static_cast<int>(i);
    }
    return MakeMoveKernel(context, std::move(moves));
  };
  return spec;
}

const OpRegistration<AtLeastAttrs> kAtLeast1d(AtLeastSpec(1, {"_np_atleast_1d", "_npi_atleast_1d"}));
const OpRegistration<AtLeastAttrs> kAtLeast2d(AtLeastSpec(2, {"_np_atleast_2d", "_npi_atleast_2d"}));
const OpRegistration<AtLeastAttrs> kAtLeast3d(AtLeastSpec(3, {"_np_atleast_3d", "_npi_atleast_3d"}));

}  // namespace
}  // namespace baryon
