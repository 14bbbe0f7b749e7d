#include "server/models/warm_up.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "server/batching/rows.h"

namespace baryon {
namespace {

// A batch of another size may run with other kernels, whose rounding differs; rows that see each other differ by more.
constexpr double kTolerance = 1e-3;

WarmUpResult Dependent(std::string why) { return {false, std::move(why)}; }

// Elements in [0, 2): 0 or 1 where they are whole numbers, or are taken for indices.
absl::StatusOr<Tensor> RandomTensor(const TensorType& type, std::mt19937& random) {
  BARYON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::TryAllocate(type));
  std::uniform_real_distribution<float> distribution(0, 2);
  DispatchDType(type.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* elements = tensor.mutable_data<T>();
    for (int64_t i = 0; i < tensor.num_elements(); ++i) elements[i] = static_cast<T>(distribution(random));
  });
  return tensor;
}

absl::StatusOr<Tensors> RandomRow(const TensorTypes& types, std::mt19937& random) {
  Tensors row;
  for (const TensorType& type : types) {
    row.emplace_back();
    if (type.dtype == DType::kUnknown) continue;
    BARYON_ASSIGN_OR_RETURN(row.back(), RandomTensor(type, random));
  }
  return row;
}

bool AreClose(const Tensor& a, const Tensor& b) {
  if (a.type() != b.type()) return false;
  const Tensor x = a.Cast(DType::kFloat64), y = b.Cast(DType::kFloat64);
  double largest = 0, difference = 0;
  for (int64_t i = 0; i < x.num_elements(); ++i) {
    const double distance = std::fabs(x.data<double>()[i] - y.data<double>()[i]);
    if (std::isnan(distance)) return false;
    largest = std::max(largest, std::fabs(x.data<double>()[i]));
    difference = std::max(difference, distance);
  }
  return difference <= kTolerance * largest;
}

bool AreClose(const Tensors& a, const Tensors& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Tensor& x, const Tensor& y) { return AreClose(x, y); });
}

// The answers to both rows, run together.
absl::StatusOr<std::vector<Tensors>> RunTogether(const Executable& executable, const Tensors& first,
                                                 const Tensors& second) {
  BARYON_ASSIGN_OR_RETURN(const Tensors joined, JoinRows({&first, &second}));
  BARYON_ASSIGN_OR_RETURN(const Tensors outputs, executable.Run(joined));
  return SplitRows(outputs, {1, 1});
}

absl::StatusOr<WarmUpResult> CompareRows(const Executable& executable, const Tensors& a, const Tensors& b) {
  BARYON_ASSIGN_OR_RETURN(const Tensors a_alone, executable.Run(a));
  BARYON_ASSIGN_OR_RETURN(const Tensors b_alone, executable.Run(b));
  if (CommonRows(a_alone) != 1) return Dependent("an output does not have the batch as its first axis");
  const absl::StatusOr<std::vector<Tensors>> ab = RunTogether(executable, a, b), ba = RunTogether(executable, b, a);
  if (!ab.ok()) return Dependent(absl::StrCat("two rows do not run together: ", ab.status().message()));
  if (!ba.ok()) return Dependent(absl::StrCat("two rows do not run together: ", ba.status().message()));
  const bool same = AreClose(a_alone, (*ab)[0]) && AreClose(b_alone, (*ab)[1]) &&  //
                    AreClose(b_alone, (*ba)[0]) && AreClose(a_alone, (*ba)[1]);
  return same ? WarmUpResult{true, ""} : Dependent("a row's answer depends on the rows beside it");
}

}  // namespace

absl::StatusOr<WarmUpResult> WarmUp(const Executable& executable) {
  const TensorTypes& types = executable.signature().example;
  if (types.empty()) return Dependent("the shapes of its inputs are known from requests only");
  BARYON_RETURN_IF_ERROR(executable.OutputTypes(types).status());
  std::mt19937 random(1);
  BARYON_ASSIGN_OR_RETURN(const Tensors a, RandomRow(types, random));
  BARYON_ASSIGN_OR_RETURN(const Tensors b, RandomRow(types, random));
  if (CommonRows(a) != 1) return Dependent("its inputs have no common first axis");
  const absl::StatusOr<WarmUpResult> result = CompareRows(executable, a, b);
  // Random elements may be none that the model takes (an index out of range): no reason not to serve it.
  return result.ok() ? *result : Dependent(absl::StrCat("it refuses random inputs: ", result.status().message()));
}

}  // namespace baryon
