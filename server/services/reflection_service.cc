#include "server/services/reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/reflection.grpc.pb.h"
#include "server/quote.h"

namespace baryon {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

// One stream: what it has sent, and its answers.
class Answers {
 public:
  explicit Answers(const std::vector<std::string>& services) : services_(services) {}

  void Answer(const ServerReflectionRequest& request, ServerReflectionResponse& response) {
    response.Clear();
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    switch (request.message_request_case()) {
      case ServerReflectionRequest::kFileByFilename:
        return AddFile(pool_.FindFileByName(request.file_by_filename()), request.file_by_filename(), response);
      case ServerReflectionRequest::kFileContainingSymbol:
        return AddFile(pool_.FindFileContainingSymbol(request.file_containing_symbol()),
                       request.file_containing_symbol(), response);
      case ServerReflectionRequest::kFileContainingExtension: {
        const auto& wanted = request.file_containing_extension();
        const Descriptor* const type = pool_.FindMessageTypeByName(wanted.containing_type());
        const FieldDescriptor* const field =
            type == nullptr ? nullptr : pool_.FindExtensionByNumber(type, wanted.extension_number());
        return AddFile(field == nullptr ? nullptr : field->file(), wanted.containing_type(), response);
      }
      case ServerReflectionRequest::kAllExtensionNumbersOfType:
        return AddExtensions(request.all_extension_numbers_of_type(), response);
      case ServerReflectionRequest::kListServices:
        for (const std::string& name : services_) {
          response.mutable_list_services_response()->add_service()->set_name(name);
        }
        return;
      case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
        return AddError(grpc::StatusCode::INVALID_ARGUMENT, "expected a request, got none", response);
    }
  }

 private:
  static void AddError(grpc::StatusCode code, const std::string& message, ServerReflectionResponse& response) {
    response.mutable_error_response()->set_error_code(code);
    response.mutable_error_response()->set_error_message(message);
  }

  void AddFile(const FileDescriptor* file, const std::string& what, ServerReflectionResponse& response) {
    if (file == nullptr) {
      return AddError(grpc::StatusCode::NOT_FOUND, absl::StrCat("nothing is called ", Quote(what)), response);
    }
    auto& files = *response.mutable_file_descriptor_response();
    std::vector<const FileDescriptor*> wanted = {file};
    while (!wanted.empty()) {
      const FileDescriptor* const next = wanted.back();
      wanted.pop_back();
      if (!sent_.insert(next->name()).second && next != file) continue;
      google::protobuf::FileDescriptorProto proto;
      next->CopyTo(&proto);
      files.add_file_descriptor_proto(proto.SerializeAsString());
      for (int i = 0; i < next->dependency_count(); ++i) {
        if (sent_.count(next->dependency(i)->name()) == 0) wanted.push_back(next->dependency(i));
      }
    }
  }

  void AddExtensions(const std::string& name, ServerReflectionResponse& response) {
    const Descriptor* const type = pool_.FindMessageTypeByName(name);
    if (type == nullptr) {
      return AddError(grpc::StatusCode::NOT_FOUND, absl::StrCat("no message is called ", Quote(name)), response);
    }
    response.mutable_all_extension_numbers_response()->set_base_type_name(name);
    std::vector<const FieldDescriptor*> extensions;
    pool_.FindAllExtensions(type, &extensions);
    for (const FieldDescriptor* extension : extensions) {
      response.mutable_all_extension_numbers_response()->add_extension_number(extension->number());
    }
  }

  const std::vector<std::string>& services_;
  const DescriptorPool& pool_ = *DescriptorPool::generated_pool();
  std::set<std::string> sent_;  // names of files
};

// Reads, answers, reads again.
class Stream final : public grpc::ServerBidiReactor<ServerReflectionRequest, ServerReflectionResponse> {
 public:
  explicit Stream(const std::vector<std::string>& services) : answers_(services) { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    answers_.Answer(request_, response_);
    StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  Answers answers_;
  ServerReflectionRequest request_;
  ServerReflectionResponse response_;
};

class ReflectionService final : public grpc::reflection::v1::ServerReflection::CallbackService {
 public:
  explicit ReflectionService(std::vector<std::string> services) : services_(std::move(services)) {}

  grpc::ServerBidiReactor<ServerReflectionRequest, ServerReflectionResponse>* ServerReflectionInfo(
      grpc::CallbackServerContext*) override {
    return new Stream(services_);
  }

 private:
  const std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeReflectionService(std::vector<std::string> services) {
  return std::make_unique<ReflectionService>(std::move(services));
}

}  // namespace baryon
