#include "server/services/grpc_status.h"

#include <grpcpp/server_context.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proto/rpc_status.pb.h"
#include "server/error_details.h"
#include "server/refusal.h"

namespace baryon {
namespace {

// Clients take 8 KiB of metadata by default, gRPC writes bytes beyond ASCII as three, and the message goes twice.
constexpr size_t kMostBytes = 1024, kMostDetailBytes = 256;

// What fits, in characters that every field of Protocol Buffers may hold. Names in messages are quoted, in ASCII.
std::string Fitting(absl::string_view text, size_t most) {
  std::string fitting(text.substr(0, most));
  for (char& c : fitting) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return fitting;
}

ErrorDetails FittingDetailsOf(const absl::Status& status) {
  ErrorDetails details = DetailsOf(status);
  for (std::string* text : {&details.reason, &details.field, &details.expected, &details.got}) {
    *text = Fitting(*text, kMostDetailBytes);
  }
  return details;
}

google::rpc::ErrorInfo InfoOf(const ErrorDetails& details) {
  google::rpc::ErrorInfo info;
  info.set_reason(details.reason);
  info.set_domain("baryon");
  if (details.field.empty()) return info;
  auto& metadata = *info.mutable_metadata();
  metadata["field"] = details.field;
  metadata["expected"] = details.expected;
  metadata["got"] = details.got;
  return info;
}

google::rpc::BadRequest ViolationOf(const ErrorDetails& details) {
  google::rpc::BadRequest request;
  google::rpc::BadRequest::FieldViolation& violation = *request.add_field_violations();
  violation.set_field(details.field);
  violation.set_description(absl::StrCat("expected ", details.expected, ", got ", details.got));
  violation.set_reason(details.reason);
  return request;
}

google::rpc::RetryInfo RetryOf(absl::Duration delay) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(delay));
  retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(delay % absl::Seconds(1))));
  return retry;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message = Fitting(status.message(), kMostBytes);
  const ErrorDetails details = FittingDetailsOf(status);
  google::rpc::Status rich;
  rich.set_code(status.raw_code());
  rich.set_message(message);
  rich.add_details()->PackFrom(InfoOf(details));
  if (!details.field.empty()) rich.add_details()->PackFrom(ViolationOf(details));
  const std::optional<absl::Duration> delay = RetryDelayOf(status);
  if (delay.has_value()) rich.add_details()->PackFrom(RetryOf(*delay));
  return grpc::Status(static_cast<grpc::StatusCode>(status.raw_code()), message, rich.SerializeAsString());
}

grpc::Status ToGrpcStatus(const absl::Status& status, grpc::ServerContextBase& context) {
  const std::optional<absl::Duration> delay = RetryDelayOf(status);
  if (delay.has_value()) {
    context.AddTrailingMetadata("grpc-retry-pushback-ms", absl::StrCat(absl::ToInt64Milliseconds(*delay)));
  }
  return ToGrpcStatus(status);
}

}  // namespace baryon
