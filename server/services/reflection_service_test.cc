#include "server/services/reflection_service.h"

#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/reflection.grpc.pb.h"
#include "server/testing/service_tester.h"

namespace baryon {
namespace {

using grpc::reflection::v1::ServerReflection;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;
using testing::Contains;
using testing::HasSubstr;

class ReflectionServiceTest : public testing::Test {
 protected:
  ServerReflectionResponse Ask(const ServerReflectionRequest& request) {
    ServerReflectionResponse response;
    EXPECT_TRUE(stream_->Write(request));
    EXPECT_TRUE(stream_->Read(&response));
    EXPECT_EQ(response.original_request().DebugString(), request.DebugString());
    return response;
  }
  ServerReflectionResponse AskForSymbol(const std::string& name) {
    ServerReflectionRequest request;
    request.set_file_containing_symbol(name);
    return Ask(request);
  }
  static std::set<std::string> FilesOf(const ServerReflectionResponse& response) {
    std::set<std::string> names;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      names.insert(file.name());
    }
    return names;
  }

  ServiceTester tester_;
  const std::unique_ptr<ServerReflection::Stub> stub_ =
      ServerReflection::NewStub(tester_.Serve(MakeReflectionService({"a.B", "c.D"})));
  grpc::ClientContext context_;
  const std::unique_ptr<grpc::ClientReaderWriter<ServerReflectionRequest, ServerReflectionResponse>> stream_ =
      stub_->ServerReflectionInfo(&context_);
};

TEST_F(ReflectionServiceTest, ListsTheServices) {
  ServerReflectionRequest request;
  request.set_list_services("*");
  const ServerReflectionResponse response = Ask(request);
  ASSERT_EQ(response.list_services_response().service_size(), 2);
  EXPECT_EQ(response.list_services_response().service(1).name(), "c.D");
  EXPECT_TRUE(stream_->WritesDone());
  EXPECT_TRUE(stream_->Finish().ok());
}

TEST_F(ReflectionServiceTest, SendsAFileWithWhatItImportsOnce) {
  EXPECT_THAT(FilesOf(AskForSymbol("grpc.reflection.v1.ServerReflection")), Contains("proto/reflection.proto"));
  EXPECT_THAT(FilesOf(AskForSymbol("google.protobuf.FileDescriptorProto")),
              Contains("google/protobuf/descriptor.proto"));
  EXPECT_THAT(FilesOf(AskForSymbol("inference.GRPCInferenceService.ModelInfer")),
              testing::AllOf(Contains("proto/inference.proto"), Contains("proto/model_config.proto")));
  ServerReflectionRequest request;
  request.set_file_by_filename("proto/inference.proto");
  EXPECT_THAT(FilesOf(Ask(request)), testing::ElementsAre("proto/inference.proto"))
      << "it is sent because it was asked for; what it imports was sent before";
}

TEST_F(ReflectionServiceTest, SaysWhatItDoesNotKnow) {
  EXPECT_EQ(AskForSymbol("no.Such").error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(AskForSymbol("no\nSuch").error_response().error_message(), HasSubstr("\"no\\nSuch\""));
  EXPECT_EQ(Ask({}).error_response().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  ServerReflectionRequest request;
  request.mutable_file_containing_extension()->set_containing_type("google.protobuf.FieldOptions");
  request.mutable_file_containing_extension()->set_extension_number(123456);
  EXPECT_EQ(Ask(request).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ReflectionServiceTest, ListsExtensions) {
  ServerReflectionRequest request;
  request.set_all_extension_numbers_of_type("google.protobuf.FieldOptions");
  EXPECT_EQ(Ask(request).all_extension_numbers_response().base_type_name(), "google.protobuf.FieldOptions");
  request.set_all_extension_numbers_of_type("no.Such");
  EXPECT_TRUE(Ask(request).has_error_response());
}

}  // namespace
}  // namespace baryon
