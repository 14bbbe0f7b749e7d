// grpc.reflection.v1.ServerReflection, proto/reflection.proto: the version that tools ask for first. gRPC's own plugin
// knows only the one before it, v1alpha.
#ifndef BARYON_SERVER_SERVICES_REFLECTION_SERVICE_H_
#define BARYON_SERVER_SERVICES_REFLECTION_SERVICE_H_

#include <memory>
#include <string>
#include <vector>

namespace grpc {
class Service;
}  // namespace grpc

namespace baryon {

// Lists `services` and describes every message that the program is linked with. Anybody may ask. Thread-safe.
std::unique_ptr<grpc::Service> MakeReflectionService(std::vector<std::string> services);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_REFLECTION_SERVICE_H_
