// Messages of Protocol Buffers as the JSON that Triton's REST API speaks.
#ifndef BARYON_SERVER_SERVICES_PROTO_JSON_H_
#define BARYON_SERVER_SERVICES_PROTO_JSON_H_

#include "google/protobuf/message.h"
#include "nlohmann/json.hpp"

namespace baryon {

// The fields by the names of the .proto, numbers as numbers (Protocol Buffers' own JSON writes 64-bit integers as
// strings), enums by name. Fields that are not set are there with their default, messages and members of a oneof are
// not.
nlohmann::ordered_json ToJson(const google::protobuf::Message& message);

// Text of JSON in which everything that is no UTF-8 is replaced.
std::string Dump(const nlohmann::ordered_json& json);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_PROTO_JSON_H_
