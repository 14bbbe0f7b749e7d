// The program as a process, and clients of it: for tests of load.
#ifndef BARYON_TESTS_LOAD_RUNNING_SERVER_H_
#define BARYON_TESTS_LOAD_RUNNING_SERVER_H_

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "clients/load/run_load.h"
#include "tests/integration/child_process.h"

namespace baryon {

// `baryon serve` on free ports of loopback; killed at the end. Ends the process when it cannot be started.
class RunningServer {
 public:
  // Its log and what it keeps between runs go into `folder`; `more` are options. Returns when it is ready.
  RunningServer(const std::string& program, const std::string& repository, const std::string& folder,
                const std::vector<std::string>& more = {});

  // Channels of different numbers are connections of their own.
  std::shared_ptr<grpc::Channel> Connect(int number = 0) const;

  // Closed loop with `concurrency` clients, or, when that is 0, open loop at `rate`. See RunLoad.
  LoadReport Test(const std::string& request, int concurrency, double rate, double seconds) const;

  // By request; false when the server refuses.
  bool Load(const std::string& model) const;
  bool Unload(const std::string& model) const;

  // All metrics as text; one without labels; the sum of one over its labels. -1 when there is none.
  std::string Metrics() const;
  double Metric(const std::string& name) const;
  double SumOf(const std::string& name) const;
  // The bound of the bucket up to which a part `quantile` of what a histogram counted lies, of the series whose labels
  // contain `label`: "code=\"OK\"". -1 when nothing was counted.
  double QuantileOf(const std::string& histogram, const std::string& label, double quantile) const;
  double ResidentBytes() const { return Metric("process_resident_memory_bytes"); }
  ChildProcess& process() { return *process_; }
  const std::string& address() const { return address_; }  // for gRPC

 private:
  std::unique_ptr<ChildProcess> process_;
  std::string address_;
  int http_port_ = 0;
};

// RunningServer::Test of any gRPC server and method.
LoadReport TestServer(const std::string& address, const std::string& method, const std::string& request,
                      int concurrency, double rate, double seconds);

// A serialised baryon.v1.PredictRequest with one float32 input of seeded elements.
std::string PredictRequestOf(const std::string& model, const std::vector<int64_t>& shape);

constexpr char kPredictMethod[] = "/baryon.v1.PredictionService/Predict";

}  // namespace baryon

#endif  // BARYON_TESTS_LOAD_RUNNING_SERVER_H_
