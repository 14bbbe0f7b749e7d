// The operator suite: small graphs with the answers of the real MXNet (tests/golden/operators.zip), each run node by
// node, compiled, and compiled with its parameters known at load. Prints how many cases pass and which operators are
// still missing.
//   --test_env=BARYON_CASES=softmax,Pooling   only cases whose operator is named; failures are printed in full
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "engine/base/status_macros.h"
#include "engine/base/thread_pool.h"
#include "engine/graph/op_registry.h"
#include "engine/graph/run_op.h"
#include "engine/io/npy.h"
#include "engine/io/symbol_json.h"
#include "engine/ops/testing/op_tester.h"
#include "engine/runtime/executable.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

using Json = nlohmann::json;

struct Case {
  std::string name, op, tier;
  Json json;
};

std::vector<Case> ReadCases(const std::string& file) {
  std::vector<Case> cases;
  std::ifstream lines(GoldenFolder("operators") + "/" + file);
  for (std::string line; std::getline(lines, line);) {
    Json json = Json::parse(line);
    cases.push_back({json["name"], json["operator"], json.value("tier", ""), json});
  }
  return cases;
}

const std::map<std::string, Tensor>& Arrays() {
  static const auto* arrays = [] {
    auto* map = new std::map<std::string, Tensor>;
    absl::StatusOr<NamedTensors> tensors = ReadNpz(GoldenFolder("operators") + "/cases.npz");
    EXPECT_TRUE(tensors.ok()) << tensors.status();
    for (auto& [name, tensor] : *tensors) map->emplace(name, tensor);
    return map;
  }();
  return *arrays;
}

ThreadPool& Threads() {
  static ThreadPool* pool = new ThreadPool(2);
  return *pool;
}

// The array of an input of a case, or an empty tensor where there is none: a label, which nobody reads.
Tensor InputOf(const Case& c, const std::string& name) {
  const char* kind = c.json["aux"].contains(name) ? "/aux/" : "/in/";
  const auto it = Arrays().find(absl::StrCat(c.name, kind, name));
  return it == Arrays().end() ? Tensor() : it->second;
}

using Outputs = absl::StatusOr<std::vector<Tensor>>;

// Operator for operator, as the graph stands.
Outputs RunNodeByNode(const Case& c, Graph graph) {
  std::vector<Tensor> inputs;
  for (NodeId id : graph.inputs()) {
    inputs.push_back(InputOf(c, graph.node(id).name));
    if (!inputs.back().empty()) graph.SetType({id, 0}, inputs.back().type());
  }
  BARYON_RETURN_IF_ERROR(InferTypes(graph));
  BARYON_RETURN_IF_ERROR(CheckTypesKnown(graph));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TensorType& type = graph.node(graph.inputs()[i]).types[0];
    if (inputs[i].empty() && type.IsFullyKnown()) inputs[i] = Tensor::Zeros(type);
  }
  return RunGraph(graph, inputs, Threads());
}

// As a model: through all passes, into a plan.
Outputs RunCompiled(const Case& c, Graph graph) {
  CompileOptions options;
  options.numerics = Numerics::kStrict;
  options.passes.verify = true;
  BARYON_ASSIGN_OR_RETURN(const auto executable, Executable::Create(std::move(graph), Threads(), options));
  std::vector<Tensor> inputs;
  for (const TensorSpec& spec : executable->signature().inputs) inputs.push_back(InputOf(c, spec.name));
  return executable->Run(inputs);
}

// The same with every array but the data known at load, as parameters are.
Outputs RunWithParameters(const Case& c, Graph graph) {
  const std::vector<NodeId> inputs = graph.inputs();
  const auto is_data = [&](NodeId id) { return graph.node(id).name == "data"; };
  const auto data = std::find_if(inputs.begin(), inputs.end(), is_data);
  for (NodeId id : inputs) {
    if (id == (data == inputs.end() ? inputs[0] : *data)) continue;
    const Tensor array = InputOf(c, graph.node(id).name);
    if (!array.empty()) graph.BindInput(id, Constant::Literal(array));
  }
  return RunCompiled(c, std::move(graph));
}

// Nothing, or why the case fails.
std::string Failure(const Case& c, Outputs (*run)(const Case&, Graph)) {
  absl::StatusOr<Symbol> symbol = ReadSymbol(c.json["symbol"].dump(), c.name);
  if (!symbol.ok()) return std::string(symbol.status().message());
  std::vector<std::string> names;
  for (const GraphOutput& output : symbol->graph.outputs()) names.push_back(output.name);
  if (Json(names) != c.json["outputs"]) return "names differ: " + Json(names).dump();
  const Outputs outputs = run(c, std::move(symbol->graph));
  if (!outputs.ok()) return std::string(outputs.status().message());
  if (outputs->size() != c.json["outputs"].size())
    return absl::StrCat("expected ", c.json["outputs"].size(), " outputs, got ", outputs->size());
  for (size_t i = 0; i < outputs->size(); ++i) {
    const Tensor& want = Arrays().at(absl::StrCat(c.name, "/out/", i));
    const std::string difference = Difference((*outputs)[i], want, {c.json["rtol"], c.json["atol"]});
    if (!difference.empty()) return absl::StrCat("output ", i, ": ", difference);
  }
  return "";
}

bool IsChosen(const Case& c) {
  const char* chosen = std::getenv("BARYON_CASES");
  if (chosen == nullptr) return true;
  const std::vector<std::string> ops = absl::StrSplit(chosen, ',');
  return std::find(ops.begin(), ops.end(), c.op) != ops.end();
}

// Cases whose answer is not one to follow, with the reason; the test lists them.
const std::map<std::string, const char*>& LeftOut() {
  static const auto* const cases = new std::map<std::string, const char*>{
      {"np-npi_bincount-000", "MXNet 1.9.1 gives no bins in symbolic mode; outside of it, it gives them"},
      {"np-npx_nonzero-000", "MXNet 1.9.1 gives no places in symbolic mode; 2.x gives them"},
  };
  return *cases;
}

// The operators of a case that are not there.
std::set<std::string> UnknownOperators(const Case& c) {
  std::set<std::string> unknown;
  for (const Json& op : c.json["operators"]) {
    if (FindOp(op.get<std::string>()) == nullptr) unknown.insert(op.get<std::string>());
  }
  return unknown;
}

void ExpectAgreement(Outputs (*run)(const Case&, Graph)) {
  std::map<std::string, int> passed, total, missing;
  for (const Case& c : ReadCases("cases.jsonl")) {
    if (!IsChosen(c)) continue;
    if (const auto it = LeftOut().find(c.name); it != LeftOut().end()) {
      std::printf("left out: %s, %s\n", c.name.c_str(), it->second);
      continue;
    }
    ++total[c.tier];
    const std::set<std::string> unknown = UnknownOperators(c);
    for (const std::string& op : unknown) ++missing[op];
    if (!unknown.empty()) continue;
    const std::string failure = Failure(c, run);
    if (failure.empty()) ++passed[c.tier];
    EXPECT_EQ(failure, "") << c.name << " " << c.json["symbol"]["nodes"].dump().substr(0, 600);
  }
  for (const auto& [tier, count] : total) std::printf("%s: %d of %d cases pass\n", tier.c_str(), passed[tier], count);
  for (const auto& [op, count] : missing) std::printf("operator not there: %s, %d cases\n", op.c_str(), count);
}

TEST(OperatorCasesTest, AgreeWithMxnetNodeByNode) { ExpectAgreement(RunNodeByNode); }

TEST(OperatorCasesTest, AgreeWithMxnetCompiled) { ExpectAgreement(RunCompiled); }

TEST(OperatorCasesTest, AgreeWithMxnetWithParametersKnownAtLoad) { ExpectAgreement(RunWithParameters); }

}  // namespace
}  // namespace baryon
