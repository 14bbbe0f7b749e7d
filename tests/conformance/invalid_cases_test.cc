// Graphs that cannot be run (tests/golden/operators.zip, invalid.jsonl): each is refused at load or at the first
// request with an error that says what was expected, also where MXNet itself notices nothing.
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/base/thread_pool.h"
#include "engine/graph/op_registry.h"
#include "engine/load_model.h"
#include "engine/runtime/executable.h"
#include "engine/tensor/dtype.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

using Json = nlohmann::json;

struct InvalidCase {
  std::string name, op;
  Json json;
};

std::vector<InvalidCase> ReadInvalidCases() {
  std::vector<InvalidCase> cases;
  std::ifstream lines(GoldenFolder("operators") + "/invalid.jsonl");
  for (std::string line; std::getline(lines, line);) {
    Json json = Json::parse(line);
    const std::string name = json["name"];  // bad-OPERATOR-NN
    cases.push_back({name, name.substr(4, name.size() - 7), json});
  }
  return cases;
}

NamedTensors ZeroInputs(const Json& json) {
  NamedTensors inputs;
  for (const auto& [name, type] : json.items()) {
    const DType dtype = DTypeFromName(type["dtype"].get<std::string>()).value();
    const std::vector<int64_t> dims = type["shape"];
    inputs.emplace_back(name, Tensor::Zeros({dtype, Shape(dims)}));
  }
  return inputs;
}

// What a user does with such a file: loads it, and asks once.
absl::Status LoadAndRun(const InvalidCase& invalid, ThreadPool& pool) {
  const std::string file = testing::TempDir() + "/" + invalid.name + "-symbol.json";
  std::ofstream(file) << invalid.json["symbol"].dump();
  BARYON_ASSIGN_OR_RETURN(const auto executable, LoadModel(file, pool));
  return executable->Run(ZeroInputs(invalid.json["inputs"])).status();
}

bool IsKnown(const std::string& op) {
  return FindOp(op) != nullptr || FindOp("_" + op) != nullptr || op == "Custom" || op == "NoSuchOperator";
}

TEST(InvalidCasesTest, AreRefusedWithAClearError) {
  ThreadPool pool(2);
  int refused = 0, total = 0;
  for (const InvalidCase& invalid : ReadInvalidCases()) {
    ++total;
    if (!IsKnown(invalid.op)) {
      std::printf("operator not there: %s\n", invalid.name.c_str());
      continue;
    }
    const absl::Status status = LoadAndRun(invalid, pool);
    const std::string why = invalid.json["why"];
    std::printf("%s (%s): %s\n", invalid.name.c_str(), why.c_str(), status.ToString().c_str());
    EXPECT_FALSE(status.ok()) << invalid.name << ": " << why << "; " << invalid.json["symbol"]["nodes"].dump();
    EXPECT_NE(status.code(), absl::StatusCode::kInternal) << invalid.name;
    if (!status.ok()) ++refused;
  }
  std::printf("%d of %d invalid graphs are refused\n", refused, total);
}

}  // namespace
}  // namespace baryon
