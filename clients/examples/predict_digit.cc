// Draws a digit and asks what it is: predict_digit [HOST:PORT]
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "clients/cpp/client.h"
#include "clients/cpp/tensors.h"

namespace {

// 8x8 pixels, from dark to light; the network was trained on numbers from 0 to 1.
constexpr char kDrawing[] =
    "..3993.."
    ".19339.."
    "....19.."
    "...594.."
    "....392."
    ".....85."
    "..4.293."
    "..4995..";

std::vector<float> Pixels() {
  std::vector<float> pixels;
  for (const char* c = kDrawing; *c != '\0'; ++c) pixels.push_back(*c == '.' ? 0 : static_cast<float>(*c - '0') / 9);
  return pixels;
}

absl::StatusOr<std::vector<float>> AskForScores(const std::string& server) {
  const auto client = baryon::Client::Connect(server);
  if (!client.ok()) return client.status();
  baryon::v1::PredictRequest request;
  request.mutable_model_spec()->set_name("digits");
  *request.add_inputs() = baryon::MakeTensor<float>("", {1, 1, 8, 8}, Pixels());
  const auto response = client->Predict(request);
  if (!response.ok()) return response.status();
  return baryon::ElementsOf<float>(response->outputs(0));
}

}  // namespace

int main(int argc, char** argv) {
  const auto scores = AskForScores(argc > 1 ? argv[1] : "127.0.0.1:8001");
  if (!scores.ok()) {
    std::fprintf(stderr, "predict_digit: %s\n", scores.status().ToString().c_str());
    return 1;
  }
  const auto best = std::max_element(scores->begin(), scores->end());
  std::printf("%d, at %.2f\n", static_cast<int>(best - scores->begin()), *best);
  return 0;
}
