// Says what is on pictures: classify_picture HOST:PORT MODEL PICTURE...
//
// The model has to say how pictures become its input (preprocess.json), as those of the zoo do.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "clients/cpp/client.h"
#include "clients/cpp/tensors.h"

namespace {

std::string ReadAll(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "classify_picture HOST:PORT MODEL PICTURE...\n");
    return 2;
  }
  std::vector<std::string> pictures;
  for (int i = 3; i < argc; ++i) pictures.push_back(ReadAll(argv[i]));

  baryon::v1::PredictRequest request;
  request.mutable_model_spec()->set_name(argv[2]);
  request.set_top(3);
  *request.add_inputs() = baryon::MakePictures("", std::move(pictures));  // a row each
  const auto client = baryon::Client::Connect(argv[1]);
  const auto response = client.ok() ? client->Predict(request) : client.status();
  if (!response.ok()) {
    std::fprintf(stderr, "classify_picture: %s\n", response.status().ToString().c_str());
    return 1;
  }
  for (int row = 0; row < response->rows_size(); ++row) {
    std::printf("%s\n", argv[3 + row]);
    for (const baryon::v1::ScoredClass& best : response->rows(row).classes()) {
      const std::string label = best.label().empty() ? std::to_string(best.index()) : best.label();
      std::printf("  %8.4f  %s\n", best.score(), label.c_str());
    }
  }
  return 0;
}
