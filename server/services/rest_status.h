// The one place where absl::Status becomes an answer of HTTP.
#ifndef BARYON_SERVER_SERVICES_REST_STATUS_H_
#define BARYON_SERVER_SERVICES_REST_STATUS_H_

#include "absl/status/status.h"
#include "server/http/http_message.h"

namespace baryon {

// 400 INVALID_ARGUMENT, 404 NOT_FOUND, 429 RESOURCE_EXHAUSTED, ...; as TensorFlow Serving maps them.
int HttpStatusOf(absl::StatusCode code);

// An answer that every protocol's clients understand, with the details of google.rpc.Status:
//   {"error": "input \"data\": expected ...", "code": "INVALID_ARGUMENT", "details": [
//     {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "INPUT_SHAPE_MISMATCH", "domain": "baryon",
//      "metadata": {"field": ..., "expected": ..., "got": ...}},
//     {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [...]},
//     {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.250s"}]}
// Retry-After goes with the last, WWW-Authenticate with 401. `status` is not OK.
HttpResponse ToHttpResponse(const absl::Status& status);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_REST_STATUS_H_
