// A client of the native API (proto/predict.proto, proto/registry.proto): deadlines, second attempts, TLS, tokens.
//
//   const auto client = Client::Connect("127.0.0.1:8001");
//   v1::PredictRequest request;
//   request.mutable_model_spec()->set_name("digits");
//   *request.add_inputs() = MakeTensor<float>("", {1, 1, 8, 8}, pixels);
//   const auto response = client->Predict(request);
#ifndef BARYON_CLIENTS_CPP_CLIENT_H_
#define BARYON_CLIENTS_CPP_CLIENT_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cpp/connection.h"
#include "clients/cpp/retry.h"
#include "proto/predict.pb.h"
#include "proto/registry.pb.h"

namespace baryon {

struct ClientOptions {
  ConnectionOptions connection;
  RetryPolicy retry;
  absl::Duration timeout = absl::Minutes(1);  // of a call with all its attempts; may be infinite
};

// A connection to one server. Make one and keep it: connecting costs more than most predictions.
// Thread-safe. Errors are the server's, with its address in front of the message; UNAVAILABLE where there is none;
// DEADLINE_EXCEEDED when the time ran out.
class Client {
 public:
  using Predicted = absl::AnyInvocable<void(absl::StatusOr<v1::PredictResponse> response)>;

  // Does not wait for the server. Errors: those of OpenChannel.
  static absl::StatusOr<Client> Connect(const std::string& target, const ClientOptions& options = {});
  Client(Client&&) noexcept;
  ~Client();  // waits for the calls that are under way; not on a thread of gRPC's

  // One forward pass. `timeout` in place of the client's.
  absl::StatusOr<v1::PredictResponse> Predict(const v1::PredictRequest& request,
                                              std::optional<absl::Duration> timeout = std::nullopt) const;
  // The same without waiting: `done` is called once, on a thread of gRPC's, and should be quick.
  void PredictAsync(const v1::PredictRequest& request, Predicted done,
                    std::optional<absl::Duration> timeout = std::nullopt) const;

  // Every version that serves, loads, or could not be loaded; those of one model.
  absl::StatusOr<std::vector<v1::ModelInfo>> ListModels() const;
  absl::StatusOr<std::vector<v1::ModelInfo>> GetModel(const std::string& name) const;
  // Control over a server that takes it; each returns when it is done.
  absl::Status LoadModel(const std::string& name) const;
  absl::Status UnloadModel(const std::string& name) const;
  // Tells `on_progress` how far the server is. One attempt, and no timeout but the client's.
  absl::Status PullModel(const std::string& name,
                         absl::FunctionRef<void(const v1::PullModelProgress& progress)> on_progress) const;

  // Whether the server takes requests, or the model does; one attempt. Errors: NOT_FOUND, it knows no such model.
  absl::StatusOr<bool> IsReady(const std::string& model = "") const;

 private:
  struct Shared;
  class Call;
  template <typename Response>
  using Done = absl::AnyInvocable<void(absl::StatusOr<Response> response)>;

  explicit Client(std::unique_ptr<Shared> shared);

  template <typename Response, typename Request>
  void Start(const char* method, const Request& request, absl::Duration timeout, const RetryPolicy& retry,
             Done<Response> done) const;
  template <typename Response, typename Request>
  absl::StatusOr<Response> Ask(const char* method, const Request& request, absl::Duration timeout,
                               const RetryPolicy& retry) const;
  template <typename Response, typename Request>
  absl::StatusOr<Response> Ask(const char* method, const Request& request) const;

  std::unique_ptr<Shared> shared_;
};

}  // namespace baryon

#endif  // BARYON_CLIENTS_CPP_CLIENT_H_
