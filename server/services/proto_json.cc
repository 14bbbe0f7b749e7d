#include "server/services/proto_json.h"

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace baryon {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Json = nlohmann::ordered_json;

// The value of `field`, or of its element `index` when it is repeated.
Json ValueOf(const Message& message, const FieldDescriptor* field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
#define BARYON_CASE(type, Name)         \
  case FieldDescriptor::CPPTYPE_##type: \
    return repeated ? reflection.GetRepeated##Name(message, field, index) : reflection.Get##Name(message, field)
    BARYON_CASE(INT32, Int32);
    BARYON_CASE(INT64, Int64);
    BARYON_CASE(UINT32, UInt32);
    BARYON_CASE(UINT64, UInt64);
    BARYON_CASE(FLOAT, Float);
    BARYON_CASE(DOUBLE, Double);
    BARYON_CASE(BOOL, Bool);
    BARYON_CASE(STRING, String);
#undef BARYON_CASE
    case FieldDescriptor::CPPTYPE_ENUM:
      return (repeated ? reflection.GetRepeatedEnum(message, field, index) : reflection.GetEnum(message, field))
          ->name();
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(repeated ? reflection.GetRepeatedMessage(message, field, index)
                             : reflection.GetMessage(message, field));
  }
  return nullptr;
}

// A map is a repeated field of messages with key and value.
Json MapOf(const Message& message, const FieldDescriptor* field) {
  const Reflection& reflection = *message.GetReflection();
  Json json = Json::object();
  for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, field, i);
    const Json key = ValueOf(entry, field->message_type()->map_key(), 0);
    json[key.is_string() ? key.get<std::string>() : key.dump()] = ValueOf(entry, field->message_type()->map_value(), 0);
  }
  return json;
}

}  // namespace

Json ToJson(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  Json json = Json::object();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* const field = message.GetDescriptor()->field(i);
    if (field->is_map()) {
      json[field->name()] = MapOf(message, field);
    } else if (field->is_repeated()) {
      Json& list = json[field->name()] = Json::array();
      for (int k = 0; k < reflection.FieldSize(message, field); ++k) list.push_back(ValueOf(message, field, k));
    } else if (reflection.HasField(message, field) || !field->has_presence()) {
      json[field->name()] = ValueOf(message, field, 0);
    }
  }
  return json;
}

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace baryon
