#include "server/services/inference_contents.h"

#include <type_traits>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

using inference::InferTensorContents;
using InputTensor = inference::ModelInferRequest::InferInputTensor;

absl::Status Refuse(const InputTensor& input, absl::string_view reason, absl::string_view expected,
                    absl::string_view got) {
  return RefuseInput(input.name(), "data", reason, expected, got);
}

// The list in which elements of type T travel; the 16-bit floats have none.
template <typename T>
struct TypedList {
  static constexpr bool kExists = false;
};
#define BARYON_TYPED_LIST(type, list)                                                      \
  template <>                                                                              \
  struct TypedList<type> {                                                                 \
    static constexpr bool kExists = true;                                                  \
    static const auto& Of(const InferTensorContents& contents) { return contents.list(); } \
    static auto& Of(InferTensorContents* contents) { return *contents->mutable_##list(); } \
  }
BARYON_TYPED_LIST(bool, bool_contents);
BARYON_TYPED_LIST(int8_t, int_contents);
BARYON_TYPED_LIST(int16_t, int_contents);
BARYON_TYPED_LIST(int32_t, int_contents);
BARYON_TYPED_LIST(int64_t, int64_contents);
BARYON_TYPED_LIST(uint8_t, uint_contents);
BARYON_TYPED_LIST(uint16_t, uint_contents);
BARYON_TYPED_LIST(uint32_t, uint_contents);
BARYON_TYPED_LIST(uint64_t, uint64_contents);
BARYON_TYPED_LIST(float, fp32_contents);
BARYON_TYPED_LIST(double, fp64_contents);
#undef BARYON_TYPED_LIST

// True when `value` has the same value as a T.
template <typename T, typename V>
bool Fits(V value) {
  return static_cast<V>(static_cast<T>(value)) == value;
}

template <typename T>
absl::Status DecodeTyped(const InputTensor& input, const TensorType& type, InputBinder& binder) {
  const auto& list = TypedList<T>::Of(input.contents());
  if (list.size() != NumTypedElements(input.contents())) {
    return Refuse(input, "INPUT_VALUE_INVALID", absl::StrCat("contents of ", input.datatype(), " alone"),
                  "elements in another list");
  }
  BARYON_ASSIGN_OR_RETURN(Tensor * tensor, binder.AddElements(input.name(), type, list.size()));
  T* elements = tensor->mutable_data<T>();
  for (int i = 0; i < list.size(); ++i) {
    if constexpr (std::is_integral_v<T>) {
      if (!Fits<T>(list[i])) {
        return Refuse(input, "INPUT_VALUE_INVALID", absl::StrCat("elements of ", input.datatype()),
                      absl::StrCat(list[i]));
      }
    }
    elements[i] = static_cast<T>(list[i]);
  }
  return absl::OkStatus();
}

}  // namespace

bool HasTypedContents(DType dtype) {
  return DispatchDType(dtype, [](auto tag) { return TypedList<typename decltype(tag)::type>::kExists; });
}

int64_t NumTypedElements(const InferTensorContents& contents) {
  return int64_t{0} + contents.bool_contents_size() + contents.int_contents_size() + contents.int64_contents_size() +
         contents.uint_contents_size() + contents.uint64_contents_size() + contents.fp32_contents_size() +
         contents.fp64_contents_size() + contents.bytes_contents_size();
}

absl::Status DecodeTypedContents(const InputTensor& input, const TensorType& type, InputBinder& binder) {
  return DispatchDType(type.dtype, [&](auto tag) -> absl::Status {
    using T = typename decltype(tag)::type;
    if constexpr (TypedList<T>::kExists) {
      return DecodeTyped<T>(input, type, binder);
    } else {
      return Refuse(input, "INPUT_VALUE_INVALID", absl::StrCat(input.datatype(), " as raw_input_contents"),
                    "typed contents");
    }
  });
}

void EncodeTypedContents(const Tensor& tensor, InferTensorContents& contents) {
  DispatchDType(tensor.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (TypedList<T>::kExists) {
      const absl::Span<const T> elements = tensor.span<T>();
      TypedList<T>::Of(&contents).Add(elements.begin(), elements.end());
    }
  });
}

}  // namespace baryon
