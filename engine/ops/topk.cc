// Ordering along an axis: topk, sort and argsort are one kernel that writes values, indices or a mask of the first k in
// order. Equal elements keep their order, and NaN counts as larger than everything.
#include <algorithm>
#include <memory>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/kernels/rank_line.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

enum class Returns { kValue, kIndices, kMask, kBoth };

struct OrderAttrs {
  std::optional<int64_t> axis = -1;  // None: the flattened array
  int64_t k = 1;                     // below 1: all
  Returns returns = Returns::kIndices;
  bool is_ascend = false;
  DType dtype = DType::kFloat32;  // of indices
};

// The array as lines along the axis.
AxisSplit Lines(const OrderAttrs& attrs, const Shape& shape) {
  if (!attrs.axis.has_value()) return {1, shape.num_elements(), 1};
  return SplitAtAxis(shape, *NormalizeAxis(*attrs.axis, shape.rank()));
}

absl::StatusOr<TensorTypes> InferTypes(const OrderAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  Shape shape = data.shape;
  int64_t axis = 0;
  if (attrs.axis.has_value()) {
    BARYON_ASSIGN_OR_RETURN(axis, ResolveAxis(*attrs.axis, shape.rank()));
  } else {
    shape = {shape.num_elements()};
  }
  if (attrs.k > shape[axis]) return ExpectedGot(absl::StrCat("k of at most ", shape[axis]), attrs.k);
  if (shape[axis] >= int64_t{1} << 31) return ExpectedGot("fewer than 2^31 elements along the axis", shape[axis]);
  if (attrs.k >= 1) shape[axis] = attrs.k;
  const TensorType values = {data.dtype, shape}, indices = {attrs.dtype, shape};
  switch (attrs.returns) {
    case Returns::kIndices:
      return TensorTypes{indices};
    case Returns::kMask:
      return TensorTypes{data};
    default:
      return TensorTypes{values, indices};
  }
}

class OrderKernel : public Kernel {
 public:
  OrderKernel(const OrderAttrs& attrs, const TensorType& data)
      : attrs_(attrs),
        lines_(Lines(attrs, data.shape)),
        k_(attrs.k >= 1 ? attrs.k : lines_.size),
        workspace_bytes_(kernels::RankLineBytes(data.dtype, lines_.size)) {}

  int64_t workspace_bytes() const override { return workspace_bytes_; }

  void Compute(OpContext& context) const override {
    constexpr int64_t kElementsWorthAThread = 1 << 13;
    const int64_t num_lines = lines_.outer * lines_.inner;
    const int64_t most = num_lines * lines_.size / kElementsWorthAThread + 1;
    const int tasks = static_cast<int>(std::min({num_lines, most, int64_t{context.num_threads()}}));
    context.ParallelFor(tasks, [&](int task, int worker) {
      for (int64_t line = num_lines * task / tasks; line < num_lines * (task + 1) / tasks; ++line) {
        OrderLine(context, line, context.workspace(worker));
      }
    });
  }

 private:
  void OrderLine(OpContext& context, int64_t line, void* scratch) const {
    const TensorView& x = context.input(0);
    const int64_t outer = line / lines_.inner, inner = line % lines_.inner;
    const int64_t from = outer * lines_.size * lines_.inner + inner, to = outer * k_ * lines_.inner + inner;
    const char* first = static_cast<const char*>(x.raw_data()) + from * DTypeSize(x.dtype());
    const int32_t* places =
        kernels::RankLine(x.dtype(), first, lines_.size, lines_.inner, k_, attrs_.is_ascend, scratch);
    switch (attrs_.returns) {
      case Returns::kMask:
        return WriteMask(context.output(0), from, places);
      case Returns::kIndices:
        return WriteIndices(context.output(0), to, places);
      default:
        WriteValues(context.output(0), to, first, places);
        if (context.output(1).has_data()) WriteIndices(context.output(1), to, places);
    }
  }

  void WriteValues(const TensorView& y, int64_t to, const char* first, const int32_t* places) const {
    DispatchBySize(y.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      for (int64_t i = 0; i < k_; ++i) {
        static_cast<T*>(y.raw_data())[to + i * lines_.inner] =
            reinterpret_cast<const T*>(first)[places[i] * lines_.inner];
      }
    });
  }
  void WriteIndices(const TensorView& y, int64_t to, const int32_t* places) const {
    DispatchDType(y.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      for (int64_t i = 0; i < k_; ++i) y.data<T>()[to + i * lines_.inner] = static_cast<T>(places[i]);
    });
  }
  void WriteMask(const TensorView& y, int64_t from, const int32_t* places) const {
    DispatchDType(y.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      T* line = y.data<T>() + from;
      for (int64_t i = 0; i < lines_.size; ++i) line[i * lines_.inner] = static_cast<T>(0);
      for (int64_t i = 0; i < k_; ++i) line[places[i] * lines_.inner] = static_cast<T>(1);
    });
  }

  const OrderAttrs attrs_;
  const AxisSplit lines_;
  const int64_t k_;
  const int64_t workspace_bytes_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const OrderAttrs& attrs, PrepareContext& context) {
  return std::make_unique<OrderKernel>(attrs, context.inputs()[0]);
}

int NumOutputs(const OrderAttrs& attrs, int) {
  return attrs.returns == Returns::kValue || attrs.returns == Returns::kBoth ? 2 : 1;
}

const OpRegistration<OrderAttrs> kTopK({
    .names = {"topk", "_npx_topk"},
    .inputs = {"data"},
    .attrs = {Attr("axis", &OrderAttrs::axis), Attr("k", &OrderAttrs::k),
              EnumAttr("ret_typ", &OrderAttrs::returns,
                       {{"value", Returns::kValue},
                        {"indices", Returns::kIndices},
                        {"mask", Returns::kMask},
                        {"both", Returns::kBoth}}),
              Attr("is_ascend", &OrderAttrs::is_ascend), Attr("dtype", &OrderAttrs::dtype)},
    .num_outputs = NumOutputs,
    .num_visible_outputs = [](const OrderAttrs& attrs) { return attrs.returns == Returns::kBoth ? 2 : 1; },
    .infer_types = InferTypes,
    .prepare = Prepare,
});

// The attributes of sort and argsort, which order all elements.
struct SortAttrs {
  std::optional<int64_t> axis = -1;
  bool is_ascend = true;
  DType dtype = DType::kFloat32;

  OrderAttrs Order(Returns returns) const { return {axis, /*k=*/0, returns, is_ascend, dtype}; }
};

OpSpec<SortAttrs> SortSpec(std::vector<std::string> names, Returns returns) {
  OpSpec<SortAttrs> spec = {
      .names = std::move(names),
      .inputs = {"data"},
      .attrs = {Attr("axis", &SortAttrs::axis), Attr("is_ascend", &SortAttrs::is_ascend)},
      .num_outputs = [returns](const SortAttrs& attrs, int inputs) { return NumOutputs(attrs.Order(returns), inputs); },
      .num_visible_outputs = [](const SortAttrs&) { return 1; },
      .infer_types = [returns](const SortAttrs& attrs,
                               const TensorTypes& inputs) { return InferTypes(attrs.Order(returns), inputs); },
      .prepare = [returns](const SortAttrs& attrs,
                           PrepareContext& context) { return Prepare(attrs.Order(returns), context); },
  };
  if (returns == Returns::kIndices) spec.attrs.push_back(Attr("dtype", &SortAttrs::dtype));
  return spec;
}

const OpRegistration<SortAttrs> kSort(SortSpec({"sort", "_npi_sort"}, Returns::kValue));
const OpRegistration<SortAttrs> kArgsort(SortSpec({"argsort", "_npi_argsort"}, Returns::kIndices));

}  // namespace
}  // namespace baryon
