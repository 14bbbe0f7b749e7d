// Classifies the frames of a video as they come: stream_frames HOST:PORT MODEL CHANNELS HEIGHT WIDTH <frames
//
// Frames come on stdin as raw pixels, a byte each, channels last:
//
//   ffmpeg -i video.mp4 -f rawvideo -pix_fmt rgb24 -s 224x224 - | stream_frames localhost:8001 resnet50_v2 3 224 224
//
// Several are under way at a time; the answers come in the order of the frames, a line each.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "clients/cpp/client.h"
#include "clients/cpp/tensors.h"

namespace {

using Answer = absl::StatusOr<baryon::v1::PredictResponse>;

constexpr size_t kInFlight = 8;

struct FrameSize {
  int64_t channels, height, width;
  int64_t bytes() const { return channels * height * width; }
};

// The frame as a network wants it: [1, C, H, W], from 0 to 1.
baryon::v1::Tensor ToTensor(const std::vector<uint8_t>& frame, const FrameSize& size) {
  std::vector<float> pixels(frame.size());
  const int64_t area = size.height * size.width;
  for (int64_t c = 0; c < size.channels; ++c) {
    for (int64_t i = 0; i < area; ++i) pixels[c * area + i] = static_cast<float>(frame[i * size.channels + c]) / 255;
  }
  return baryon::MakeTensor<float>("", {1, size.channels, size.height, size.width}, pixels);
}

std::future<Answer> Ask(const baryon::Client& client, const baryon::v1::PredictRequest& request) {
  auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = promise->get_future();
  client.PredictAsync(request, [promise](Answer response) { promise->set_value(std::move(response)); });
  return answer;
}

// Prints the answer to frame `number`; false: there is none.
bool Print(int number, const Answer& answer) {
  const auto scores =
      answer.ok() ? baryon::ElementsOf<float>(answer->outputs(0)) : absl::StatusOr<std::vector<float>>(answer.status());
  if (!scores.ok()) {
    std::fprintf(stderr, "stream_frames: frame %d: %s\n", number, scores.status().ToString().c_str());
    return false;
  }
  const auto best = std::max_element(scores->begin(), scores->end());
  std::printf("frame %d: class %d, at %.4f\n", number, static_cast<int>(best - scores->begin()), *best);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "stream_frames HOST:PORT MODEL CHANNELS HEIGHT WIDTH <frames\n");
    return 2;
  }
  const FrameSize size{std::atoll(argv[3]), std::atoll(argv[4]), std::atoll(argv[5])};
  const auto client = baryon::Client::Connect(argv[1]);
  if (!client.ok() || size.bytes() <= 0) {
    std::fprintf(stderr, "stream_frames: expected a server, and sizes above 0\n");
    return 1;
  }
  std::vector<uint8_t> frame(size.bytes());
  std::queue<std::future<Answer>> waiting;
  int printed = 0;
  bool more = true;
  while (more || !waiting.empty()) {
    more = more && std::fread(frame.data(), 1, frame.size(), stdin) == frame.size();
    if (more) {
      baryon::v1::PredictRequest request;
      request.mutable_model_spec()->set_name(argv[2]);
      *request.add_inputs() = ToTensor(frame, size);
      waiting.push(Ask(*client, request));
    }
    if (waiting.size() < kInFlight && more) continue;
    if (waiting.empty()) break;
    if (!Print(printed++, waiting.front().get())) return 1;
    waiting.pop();
  }
  return 0;
}
