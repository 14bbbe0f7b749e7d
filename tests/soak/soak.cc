// Hours of everything at once: clients of two models with and without deadlines, clients that go in the middle,
// reloads, scrapes. At the end memory and open files are where they were, and every request has exactly one outcome.
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/base/check.h"
#include "proto/predict.grpc.pb.h"
#include "tests/load/running_server.h"
#include "tests/support/mlp_files.h"

namespace baryon {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string program = "bazel-bin/baryon", folder = "/tmp/baryon-soak";
  double minutes = 10;
};

std::atomic<bool> stop{false};
std::atomic<int64_t> requests{0}, answered{0}, failed{0};

// One client: any of the models, any number of rows, sometimes in a hurry, sometimes gone before the answer.
void Ask(const RunningServer& server, uint32_t seed) {
  std::mt19937 random(seed);
  const auto stub = v1::PredictionService::NewStub(server.Connect(static_cast<int>(seed)));
  while (!stop) {
    const bool wide = random() % 4 == 0;
    v1::PredictRequest request;
    BARYON_CHECK(request.ParseFromString(
        PredictRequestOf(wide ? "wide" : "small", {1 + static_cast<int64_t>(random() % 5), wide ? 512 : 64})));
    grpc::ClientContext context;
    if (random() % 5 == 0) {
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::microseconds(random() % 5000));
    }
    v1::PredictResponse response;
    ++requests;
    std::thread cancel;
    if (random() % 20 == 0) cancel = std::thread([&context] { context.TryCancel(); });
    ++(stub->Predict(&context, request, &response).ok() ? answered : failed);
    if (cancel.joinable()) cancel.join();
  }
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Hours of everything at once.", "soak");
  app.add_option("--program", options.program, "baryon")->capture_default_str();
  app.add_option("--folder", options.folder, "For models and logs")->capture_default_str();
  app.add_option("--minutes", options.minutes, "How long")->capture_default_str()->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  const std::string repository = options.folder + "/repository";
  fs::remove_all(repository);
  for (const char* name : {"small", "wide"}) fs::create_directories(repository + "/" + name + "/1");
  BARYON_CHECK(WriteMlp(repository + "/small/1/model", {64, 64, 10}).ok());
  BARYON_CHECK(WriteMlp(repository + "/wide/1/model", {512, 1024, 100}).ok());
  const RunningServer server(options.program, repository, options.folder, {"--model-control", "explicit"});
  BARYON_CHECK(server.Load("small") && server.Load("wide"));

  std::vector<std::thread> threads;
  for (uint32_t client = 0; client < 6; ++client) threads.emplace_back([&, client] { Ask(server, client); });
  threads.emplace_back([&] {
    for (bool wide = false; !stop; wide = !wide) {
      BARYON_CHECK(server.Load(wide ? "wide" : "small"));
      absl::SleepFor(absl::Milliseconds(500));
    }
  });
  const absl::Time start = absl::Now();
  const absl::Duration time = absl::Minutes(options.minutes);
  double settled_memory = 0, settled_files = 0, memory = 0, files = 0;
  while (absl::Now() - start < time) {
    absl::SleepFor(time / 20);
    memory = server.ResidentBytes();
    files = server.Metric("process_open_fds");
    if (absl::Now() - start < time / 4) settled_memory = memory;
    if (absl::Now() - start < time / 4) settled_files = files;
    std::printf("%6.1f min %8.1f MB resident %4.0f files %10lld requests\n", absl::ToDoubleMinutes(absl::Now() - start),
                memory / (1 << 20), files, static_cast<long long>(requests));
    std::fflush(stdout);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  // Whatever became of them, the server has counted each that reached it once: those that never left the client, whose
  // deadline had passed before, are the client's.
  const double counted = server.SumOf("baryon_requests_total"), in_flight = server.SumOf("baryon_inflight_requests");
  std::printf("%lld requests, %lld answered, %lld not; the server counted %.0f, has %.0f in flight\n",
              static_cast<long long>(requests), static_cast<long long>(answered), static_cast<long long>(failed),
              counted, in_flight);
  const bool sound = memory < 1.05 * settled_memory && files <= settled_files + 2 && in_flight == 0 &&
                     counted <= static_cast<double>(requests) && counted >= static_cast<double>(answered);
  std::printf("memory %.3f, files %+.0f: %s\n", memory / settled_memory, files - settled_files,
              sound ? "sound" : "NOT SOUND");
  return sound ? 0 : 1;
}

}  // namespace
}  // namespace baryon

int main(int argc, char** argv) { return baryon::Main(argc, argv); }
