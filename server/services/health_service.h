// grpc.health.v1.Health, proto/health.proto.
//
// gRPC's own implementation keeps streams of Watch open until their clients go, so that a server that stops would wait
// for everybody who watches it; this one tells them and hangs up.
#ifndef BARYON_SERVER_SERVICES_HEALTH_SERVICE_H_
#define BARYON_SERVER_SERVICES_HEALTH_SERVICE_H_

#include <memory>
#include <string>

namespace grpc {
class Service;
}  // namespace grpc

namespace baryon {

// Who serves, by name. Thread-safe.
class HealthService {
 public:
  static std::unique_ptr<HealthService> Create();
  virtual ~HealthService() = default;

  // Tells those who watch `name` when that is a change.
  virtual void Set(const std::string& name, bool serving) = 0;
  // Ends all watches, once they know the last state, and those that come later.
  virtual void EndWatches() = 0;

  // To be registered with a server, which this object outlives.
  virtual grpc::Service& service() = 0;
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_HEALTH_SERVICE_H_
