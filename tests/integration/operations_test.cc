// What operators do with the program: signals, systemd, control over models, memory.
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/predict.grpc.pb.h"
#include "server/testing/http_client.h"
#include "server/testing/temp_folder.h"
#include "tests/integration/child_process.h"
#include "tests/support/mlp_files.h"

namespace baryon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr int64_t kWidth = 64;

class OperationsTest : public testing::Test {
 protected:
  OperationsTest() { WriteModel("small", 1, {kWidth, 32, 10}); }

  void WriteModel(const std::string& name, int version, const std::vector<int64_t>& widths) {
    const std::string folder = files_.path(absl::StrCat("repository/", name, "/", version));
    std::filesystem::create_directories(folder);
    EXPECT_OK(WriteMlp(folder + "/model", widths));
  }

  // A dense layer of as many outputs as inputs, whose weights are a hole in their file.
  void WriteEmptyWeights(const std::string& name, int64_t units) {
    const std::string prefix = absl::StrCat("repository/", name, "/1/model");
    files_.Write(prefix + "-symbol.json",
                 absl::StrCat(R"({"nodes":[{"op":"null","name":"data","inputs":[]},)",
                              R"({"op":"null","name":"w","inputs":[]},)",
                              R"({"op":"FullyConnected","name":"fc","attrs":{"no_bias":"True","num_hidden":")", units,
                              R"("},"inputs":[[0,0,0],[1,0,0]]}],"arg_nodes":[0,1],"heads":[[2,0,0]],)",
                              R"("attrs":{"mxnet_version":["int",10901]}})"));
    std::string head, tail;
    const auto append = [](std::string& to, auto value) { to.append(reinterpret_cast<char*>(&value), sizeof(value)); };
    for (uint64_t value : {0x112, 0, 1}) append(head, value);          // a list of one array
    for (uint32_t value : {0xF993FAC9u, 0u, 2u}) append(head, value);  // dense, of two axes
    for (int i = 0; i < 2; ++i) append(head, units);
    for (int32_t value : {1, 0, 0}) append(head, value);  // on the processor, float32
    for (uint64_t value : {1, 5}) append(tail, value);    // one name
    tail += "arg:w";
    files_.Write(prefix + "-0000.params", head);
    const std::string path = files_.path(prefix + "-0000.params");
    std::filesystem::resize_file(path, head.size() + static_cast<size_t>(units * units) * sizeof(float));
    std::ofstream(path, std::ios::binary | std::ios::app) << tail;
  }

  void Start(std::vector<std::string> more = {}, std::vector<std::string> environment = {}) {
    std::vector<std::string> arguments = {"./baryon",       "serve",    "--repository",      files_.path("repository"),
                                          "--grpc-port",    grpc_port_, "--http-port",       "0",
                                          "--metrics-port", "0",        "--measure-seconds", "0.1"};
    arguments.insert(arguments.begin(), before_.begin(), before_.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    environment.push_back("BARYON_CACHE=" + files_.path("cache"));
    server_ = std::make_unique<ChildProcess>(arguments, environment, log_);
  }
  void AwaitReady() {
    const std::string line = server_->ReadLine();
    EXPECT_THAT(line, StartsWith("baryon: ready grpc="));
    grpc_ = AddressIn(line, " grpc=");
    const std::vector<std::string> http = absl::StrSplit(AddressIn(line, " http="), ':');
    EXPECT_TRUE(absl::SimpleAtoi(http.back(), &http_port_));
  }
  static std::string AddressIn(const std::string& line, const std::string& key) {
    const size_t begin = line.find(key) + key.size();
    return line.substr(begin, line.find(' ', begin) - begin);
  }

  std::string Log() const {
    std::ifstream file(files_.path("log"));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void AwaitLog(const std::string& text) const {
    while (!absl::StrContains(Log(), text)) std::this_thread::yield();
  }
  double Metric(const std::string& name) const {
    const std::string text = HttpGet(http_port_, "/metrics");
    const size_t begin = text.find("\n" + name + " ");
    return begin == std::string::npos ? -1 : std::strtod(text.c_str() + begin + name.size() + 2, nullptr);
  }

  grpc::Status Predict(const std::string& model, int64_t width = kWidth) const {
    const auto stub = v1::PredictionService::NewStub(grpc::CreateChannel(grpc_, grpc::InsecureChannelCredentials()));
    v1::PredictRequest request;
    request.mutable_model_spec()->set_name(model);
    v1::Tensor& input = *request.add_inputs();
    input.set_dtype("float32");
    input.add_shape(1);
    input.add_shape(width);
    input.set_data(std::string(width * sizeof(float), '\0'));
    grpc::ClientContext context;
    v1::PredictResponse response;
    return stub->Predict(&context, request, &response);
  }
  // The exit code of a command that asks the server; its output.
  int Run(std::vector<std::string> command, std::string* output = nullptr) const {
    command.insert(command.begin(), "./baryon");
    command.insert(command.end(), {"--server", grpc_});
    ChildProcess client(command);
    const std::string all = client.ReadAll();
    if (output != nullptr) *output = all;
    return client.Wait();
  }

  // Runs it as `sh` does after this: "ulimit -n 64".
  void Before(const std::string& command) { before_ = {"/bin/sh", "-c", command + " && exec \"$@\"", "sh"}; }

  // Whether a program that does nothing can be run so.
  bool CanRun(const std::vector<std::string>& program) const {
    std::vector<std::string> probe = before_;
    probe.insert(probe.end(), program.begin(), program.end());
    ChildProcess child(probe, {}, "/dev/null");
    child.ReadAll();
    return child.Wait() == 0;
  }

  TempFolder files_;
  std::string log_ = files_.path("log");
  std::vector<std::string> before_;
  std::unique_ptr<ChildProcess> server_;
  std::string grpc_, grpc_port_ = "0";
  int http_port_ = 0;
};

// --- Signals

TEST_F(OperationsTest, SigtermEndsItWithZeroWhileItLoads) {
  WriteModel("large", 1, {2048, 4096, 1024});
  Start();
  AwaitLog("loaded");
  server_->Signal(SIGTERM);
  server_->ReadAll();
  EXPECT_EQ(server_->Wait(), 0);
}

TEST_F(OperationsTest, ASecondSignalEndsItAtOnce) {
  Start({"--linger-seconds", "3600", "--drain-seconds", "3600"});
  AwaitReady();
  std::atomic<bool> stop{false};
  std::thread client([&] {
    while (!stop) Predict("small");  // never leaves it in peace
  });
  server_->Signal(SIGTERM);
  while (!absl::StartsWith(HttpGet(http_port_, "/v2/health/ready"), "HTTP/1.1 503")) std::this_thread::yield();
  EXPECT_TRUE(Predict("small").ok()) << "who has not noticed is still answered";
  server_->Signal(SIGINT);
  EXPECT_EQ(server_->Wait(), 0);
  stop = true;
  client.join();
}

TEST_F(OperationsTest, SighupReadsTheRepositoryAgain) {
  Start({"--model-control", "none"});
  AwaitReady();
  WriteModel("other", 1, {kWidth, 3});
  EXPECT_EQ(Predict("other").error_code(), grpc::StatusCode::NOT_FOUND);
  server_->Signal(SIGHUP);
  while (!Predict("other").ok()) std::this_thread::yield();
  EXPECT_TRUE(Predict("small").ok());
}

TEST_F(OperationsTest, Sigusr1WritesDownWhatGoesOn) {
  Start();
  AwaitReady();
  server_->Signal(SIGUSR1);
  AwaitLog("model \"small\" version 1: 0 requests of 0 rows and 0 bytes queued");
  EXPECT_THAT(Log(), HasSubstr("ready, 0 batches running"));
  EXPECT_TRUE(Predict("small").ok());
}

TEST_F(OperationsTest, AServerThatWasKilledStartsAgain) {
  Start();
  AwaitReady();
  grpc_port_ = grpc_.substr(grpc_.rfind(':') + 1);
  EXPECT_TRUE(Predict("small").ok());
  server_->Signal(SIGKILL);
  EXPECT_EQ(server_->Wait(), -1);
  Start();
  AwaitReady();
  EXPECT_TRUE(Predict("small").ok());
}

// As in a container without an init: signals do what they do elsewhere.
TEST_F(OperationsTest, MayBeTheFirstProcessOfItsContainer) {
  before_ = {"/usr/bin/unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"};
  if (!CanRun({"/bin/true"})) GTEST_SKIP() << "this machine allows no namespaces";
  Start();
  AwaitReady();
  EXPECT_TRUE(Predict("small").ok());
  std::ifstream children(absl::StrCat("/proc/", server_->pid(), "/task/", server_->pid(), "/children"));
  pid_t first = 0;
  ASSERT_TRUE(children >> first);
  kill(first, SIGHUP);
  EXPECT_TRUE(Predict("small").ok());
  kill(first, SIGTERM);
  EXPECT_EQ(server_->Wait(), 0);
}

// --- What the machine does not give

// The soft limit is for programs that call select(): gRPC never accepts again once it has met it.
TEST_F(OperationsTest, TakesMoreConnectionsThanTheSoftLimitOfDescriptors) {
  Before("ulimit -S -n 64");
  Start();
  AwaitReady();
  int grpc_port = 0;
  ASSERT_TRUE(absl::SimpleAtoi(grpc_.substr(grpc_.rfind(':') + 1), &grpc_port));
  std::vector<std::unique_ptr<TestConnection>> connections;
  for (int i = 0; i < 100; ++i) {
    connections.push_back(std::make_unique<TestConnection>(http_port_));
    connections.push_back(std::make_unique<TestConnection>(grpc_port));
  }
  EXPECT_THAT(HttpGet(http_port_, "/v2/health/live"), StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(Predict("small").ok());
  connections.clear();
  EXPECT_TRUE(Predict("small").ok());
}

TEST_F(OperationsTest, SaysThatTheMachineGivesTooLittle) {
  Before("ulimit -v 300000");
  if (!CanRun({"./baryon", "--version"})) GTEST_SKIP() << "a sanitizer needs all addresses there are";
  Start({"--threads", "64"});
  EXPECT_EQ(server_->Wait(), 1);
  EXPECT_THAT(Log(), HasSubstr("baryon: error: the machine gives no more threads or memory"));
}

TEST_F(OperationsTest, AModelThatTheMachineCannotHoldIsRefused) {
  Before("ulimit -v 16000000");
  if (!CanRun({"./baryon", "--version"})) GTEST_SKIP() << "a sanitizer needs all addresses there are";
  WriteEmptyWeights("huge", 1 << 16);
  Start({"--model-control", "explicit"});
  AwaitReady();
  EXPECT_EQ(Run({"load", "small"}), 0);
  EXPECT_THAT(HttpPost(http_port_, "/v2/repository/models/huge/load", ""),
              AllOf(StartsWith("HTTP/1.1 429"), HasSubstr("no memory for a tensor of float32 [65536, 65536]")));
  EXPECT_TRUE(Predict("small").ok());
  EXPECT_EQ(Run({"load", "small"}), 0);
}

TEST_F(OperationsTest, ALogThatCannotBeWrittenStopsNobody) {
  log_ = "/dev/full";
  Start({"--log-requests"});
  AwaitReady();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Predict("small").ok());
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->Wait(), 0);
}

TEST_F(OperationsTest, NeedsNoFolderOfItsOwn) {
  Start({}, {"HOME=", "TMPDIR=/proc/none", "BARYON_CACHE=/proc/none"});
  AwaitReady();
  EXPECT_TRUE(Predict("small").ok());
  EXPECT_THAT(Log(), HasSubstr("/proc/none")) << "it says what it could not keep";
}

// --- Who gets in

TEST_F(OperationsTest, TokensComeFromTheFilesOfTheCommandLine) {
  files_.Write("token", "the-token-of-users\n");
  Start({"--auth-token-file", files_.path("token")});
  AwaitReady();
  EXPECT_EQ(Predict("small").error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_THAT(HttpPost(http_port_, "/predictions/small", "[]"), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(HttpPost(http_port_, "/predictions/small", "[]", "Authorization: Bearer the-token-of-users\r\n"),
              StartsWith("HTTP/1.1 400"));
}

TEST_F(OperationsTest, KeysThatCannotBeUsedEndItWithTheReason) {
  files_.Write("cert.pem", "no certificate");
  Start({"--tls-cert", files_.path("cert.pem"), "--tls-key", files_.path("cert.pem")});
  EXPECT_EQ(server_->Wait(), 1);
  EXPECT_THAT(Log(), HasSubstr("cert.pem"));
  Start({"--tls-cert", files_.path("cert.pem")});
  EXPECT_EQ(server_->Wait(), 2) << "a certificate needs its key";
}

TEST_F(OperationsTest, AClientThatClosesItsEndIsNoReasonToDie) {
  Start();
  AwaitReady();
  server_->Signal(SIGPIPE);
  EXPECT_TRUE(Predict("small").ok());
}

TEST_F(OperationsTest, AProcessThatWasStoppedGoesOn) {
  Start();
  AwaitReady();
  server_->Signal(SIGSTOP);
  server_->Signal(SIGCONT);
  EXPECT_TRUE(Predict("small").ok());
}

TEST_F(OperationsTest, SystemdIsTold) {
  // In the abstract namespace, under a name that the kernel picks: the path of a test's folder may be too long.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(manager, reinterpret_cast<sockaddr*>(&address), sizeof(address.sun_family)), 0);
  socklen_t size = sizeof(address);
  ASSERT_EQ(getsockname(manager, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string name(address.sun_path + 1, size - sizeof(address.sun_family) - 1);
  const auto next = [&] {
    char buffer[512];
    while (true) {
      const ssize_t size = recv(manager, buffer, sizeof(buffer), 0);
      const std::string text(buffer, size < 0 ? 0 : static_cast<size_t>(size));
      if (text != "WATCHDOG=1") return text;
    }
  };
  Start({}, {"NOTIFY_SOCKET=@" + name, "WATCHDOG_USEC=100000"});
  EXPECT_THAT(next(), StartsWith("READY=1\nSTATUS=baryon: ready grpc="));
  char buffer[64];
  EXPECT_EQ(recv(manager, buffer, sizeof(buffer), 0), static_cast<ssize_t>(std::strlen("WATCHDOG=1")));
  server_->Signal(SIGHUP);
  EXPECT_THAT(next(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_THAT(next(), StartsWith("READY=1"));
  server_->Signal(SIGTERM);
  EXPECT_EQ(next(), "STOPPING=1");
  EXPECT_EQ(server_->Wait(), 0);
  close(manager);
}

// --- Logs

TEST_F(OperationsTest, RequestsAreLinesOfJsonWhenAsked) {
  Start({"--log-format", "json", "--log-requests"});
  AwaitReady();
  const auto stub = v1::PredictionService::NewStub(grpc::CreateChannel(grpc_, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.AddMetadata("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  v1::PredictRequest request;
  request.mutable_model_spec()->set_name("no\nsuch");
  v1::PredictResponse response;
  stub->Predict(&context, request, &response);
  AwaitLog("\"message\":\"request\",\"model\":\"\\\"no\\\\nsuch\\\"\"");
  EXPECT_THAT(Log(), HasSubstr("\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"parent_id\":\"00f067aa0ba902b7\","
                               "\"span_id\":\""));
  EXPECT_THAT(Log(), HasSubstr("\"code\":\"NOT_FOUND\""));
  const auto passed_on = context.GetServerTrailingMetadata().find("traceparent");
  ASSERT_NE(passed_on, context.GetServerTrailingMetadata().end());
  const std::string traceparent(passed_on->second.data(), passed_on->second.size());
  EXPECT_THAT(traceparent, StartsWith("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
  EXPECT_THAT(Log(), HasSubstr(absl::StrCat("\"span_id\":\"", traceparent.substr(36, 16), "\"")))
      << "what comes back is the server's own part of the trace";
}

// --- Models

TEST_F(OperationsTest, ModelsComeAndGoByCommand) {
  Start({"--model-control", "explicit"});
  AwaitReady();
  std::string output;
  EXPECT_EQ(Run({"load", "small"}), 0);
  EXPECT_EQ(Run({"status"}, &output), 0);
  EXPECT_THAT(output, HasSubstr("small"));
  EXPECT_THAT(output, HasSubstr("ready"));
  EXPECT_EQ(Run({"perf", "small"}), 1) << "its graph takes any shape of 64 elements: one has to be named";
  EXPECT_EQ(Run({"perf", "small", "--shape", "data=-1,64", "--concurrency", "2", "--seconds", "0.2", "--warmup-seconds",
                 "0.1", "--json"},
                &output),
            0);
  EXPECT_THAT(output, HasSubstr("\"concurrency\":2"));
  EXPECT_THAT(output, HasSubstr("\"failed\":{}"));
  EXPECT_THAT(output, HasSubstr("\"rows\":1"));
  EXPECT_EQ(Run({"perf", "small", "--shape", "data=2,64", "--concurrency", "1", "--seconds", "0.1", "--warmup-seconds",
                 "0", "--json"},
                &output),
            0);
  EXPECT_THAT(output, HasSubstr("\"rows\":2")) << "those of the shape";
  EXPECT_EQ(Run({"perf", "small", "--shape", "data=2,64", "--rows", "3"}), 1) << "they contradict each other";
  EXPECT_EQ(Run({"unload", "small"}), 0);
  EXPECT_EQ(Run({"unload", "small"}), 1);
  EXPECT_EQ(Run({"load", "nobody"}), 1);
}

TEST_F(OperationsTest, UnloadingGivesTheMemoryBack) {
#if defined(__SANITIZE_ADDRESS__) || defined(_GLIBCXX_TSAN)  // of ThreadSanitizer in tests, see .bazelrc
  GTEST_SKIP() << "the allocators of sanitizers keep what was freed";
#endif
  WriteModel("large", 1, {2048, 4096, 2048});  // 64 MB
  Start({"--model-control", "explicit"});
  AwaitReady();
  const auto load_use_unload = [&] {
    EXPECT_EQ(Run({"load", "large"}), 0);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(Predict("large", 2048).ok());
    EXPECT_GT(Metric("process_resident_memory_bytes"), 64 << 20);
    EXPECT_EQ(Run({"unload", "large"}), 0);
  };
  EXPECT_EQ(Run({"load", "small"}), 0);
  EXPECT_TRUE(Predict("small").ok());
  load_use_unload();
  const double limit = 96 << 20;
  while (Metric("process_resident_memory_bytes") > limit) std::this_thread::yield();
  const double before = Metric("process_resident_memory_bytes");
  for (int i = 0; i < 3; ++i) load_use_unload();
  while (Metric("process_resident_memory_bytes") > 1.03 * before) std::this_thread::yield();
}

// Neither a file that is cut short under a running model nor one that vanishes ends the server or changes its answers.
TEST_F(OperationsTest, FilesMayVanishUnderAModelThatServes) {
  Start({"--model-control", "none"});
  AwaitReady();
  const std::string params = files_.path("repository/small/1/model-0000.params");
  std::filesystem::resize_file(params, 100);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Predict("small").ok());
  server_->Signal(SIGHUP);
  AwaitLog("model-0000.params");
  EXPECT_TRUE(Predict("small").ok()) << "a version that can no longer be loaded serves on";
  std::filesystem::remove(params);
  EXPECT_TRUE(Predict("small").ok());
}

TEST_F(OperationsTest, AFolderInThePlaceOfAFileLeavesTheModelServing) {
  Start({"--model-control", "none"});
  AwaitReady();
  const std::string symbol = files_.path("repository/small/1/model-symbol.json");
  std::filesystem::remove(symbol);
  std::filesystem::create_directory(symbol);
  server_->Signal(SIGHUP);
  AwaitLog("small");
  EXPECT_TRUE(Predict("small").ok());
}

// The same, where a trainer went wrong: that is for people to see in the answers, not a reason not to load.
TEST_F(OperationsTest, WeightsThatAreNoNumbersServeAsTheyAre) {
  WriteModel("odd", 1, {kWidth, 32, 10});
  const std::string path = files_.path("repository/odd/1/model-0000.params");
  std::fstream params(path, std::ios::in | std::ios::out | std::ios::binary);
  params.seekp(static_cast<int64_t>(std::filesystem::file_size(path)) / 2);
  const std::vector<uint32_t> nan(4, 0x7FC00000);
  params.write(reinterpret_cast<const char*>(nan.data()), sizeof(uint32_t) * nan.size());
  params.close();
  Start();
  AwaitReady();
  EXPECT_TRUE(Predict("odd").ok());
  EXPECT_TRUE(Predict("small").ok());
}

}  // namespace
}  // namespace baryon
