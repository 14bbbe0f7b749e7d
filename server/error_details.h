// What an error says to programs, beside its message for people.
#ifndef BARYON_SERVER_ERROR_DETAILS_H_
#define BARYON_SERVER_ERROR_DETAILS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace baryon {

// Travels with an absl::Status as its payloads, through Annotate too; every transport writes it in its own way.
struct ErrorDetails {
  // A word that stays the same while messages get better: "QUEUE_FULL". The name of the code where nobody set one.
  std::string reason;
  // The field of the request that is at fault, as a path ("inputs[0].shape"), what it should have been, and what it
  // was.
  std::string field, expected, got;
};
ErrorDetails DetailsOf(const absl::Status& status);

// Each returns `status` with one more detail; an outer caller's replaces an inner one's. OK stays OK.
absl::Status WithReason(absl::Status status, absl::string_view reason);
absl::Status WithField(absl::Status status, absl::string_view field, absl::string_view expected, absl::string_view got);

// Puts `path` in front of the field, if the status has one: "shape" in "inputs[0]" is "inputs[0].shape". For callers
// who know where in the request the part lay that they handed on.
absl::Status InField(absl::Status status, absl::string_view path);

}  // namespace baryon

#endif  // BARYON_SERVER_ERROR_DETAILS_H_
