// Passing errors up. Later Abseil releases bring their own macros; these follow their meaning.
#ifndef BARYON_ENGINE_BASE_STATUS_MACROS_H_
#define BARYON_ENGINE_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

// Returns from the enclosing function when `expression`, an absl::Status, is not OK.
#define BARYON_RETURN_IF_ERROR(expression)                                                    \
  do {                                                                                        \
    if (absl::Status baryon_status = (expression); !baryon_status.ok()) return baryon_status; \
  } while (false)

// Evaluates `expression`, an absl::StatusOr<T>; returns its error, or moves the value into `target`:
//   BARYON_ASSIGN_OR_RETURN(Tensor weight, reader.Read("weight"));
#define BARYON_ASSIGN_OR_RETURN(target, expression) \
  BARYON_ASSIGN_OR_RETURN_IMPL_(BARYON_CONCAT_(baryon_statusor_, __LINE__), target, expression)

#define BARYON_ASSIGN_OR_RETURN_IMPL_(statusor, target, expression) \
  auto statusor = (expression);                                     \
  if (!statusor.ok()) return statusor.status();                     \
  target = std::move(statusor).value()

#define BARYON_CONCAT_(a, b) BARYON_CONCAT_IMPL_(a, b)
#define BARYON_CONCAT_IMPL_(a, b) a##b

namespace baryon {

// The same error, payloads included, with `context` and ": " in front of its message; OK stays OK. For the one caller
// that knows more:
//   return Annotate(status, absl::StrCat("loading model \"", name, "\" version ", version));
inline absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload(
      [&](absl::string_view type, const absl::Cord& payload) { annotated.SetPayload(type, payload); });
  return annotated;
}

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_STATUS_MACROS_H_
