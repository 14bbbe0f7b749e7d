// The one door through which every operation on arrays goes.
#ifndef BARYON_ENGINE_GLUON_INVOKE_H_
#define BARYON_ENGINE_GLUON_INVOKE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "engine/gluon/ndarray.h"
#include "engine/graph/attrs.h"

namespace baryon {

// What a node of a traced graph is called, behind the prefix of the block that is running.
struct OpName {
  absl::string_view name = "";  // "fwd": exactly that
  absl::string_view hint = "";  // "_plus": with a counter, "_plus0"; empty: the operator's name in lower case
};

// The visible outputs of the operator `op` for `inputs`: computed at once, or, while this thread traces a block and an
// input is traced (or there is none), written into the graph. So a block computes the same hybridized and not.
// Operators and attributes are MXNet's: reference pages, or `engine/ops`. After an error there is one output, which has
// it: the first error among the inputs, or what the operator says, with its name in front.
NDArrays Invoke(absl::string_view op, const Attrs& attrs, absl::Span<const NDArray> inputs, OpName name = {});

// The same for operators with one visible output, or of which the first is wanted.
NDArray InvokeOne(absl::string_view op, const Attrs& attrs, absl::Span<const NDArray> inputs, OpName name = {});

// The text of an attribute: "True", "3", "0.1", "(3, 3)", "None".
template <typename T>
std::string AttrText(const T& value) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    return FormatAttr(static_cast<int64_t>(value));
  } else {
    return FormatAttr(value);
  }
}

}  // namespace baryon

#endif  // BARYON_ENGINE_GLUON_INVOKE_H_
