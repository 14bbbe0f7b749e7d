#include "engine/runtime/tuner.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "engine/base/file.h"
#include "engine/base/processor_name.h"
#include "engine/base/status_macros.h"
#include "engine/base/thread_pool.h"
#include "engine/graph/op_def.h"

namespace baryon {
namespace {

constexpr char kOperator[] = "Convolution", kAttribute[] = "algorithm";
// The names of kernels/conv.h. Those that cannot compute a convolution come out as its rule's.
constexpr const char* kAlgorithms[] = {"indirect", "winograd2", "winograd3", "winograd4", "strassen1", "strassen2"};
constexpr int kRuns = 5;
constexpr double kLeastGain = 1.03;
constexpr int64_t kMostFileBytes = 1 << 20;
constexpr int64_t kFloodBytes = 64 << 20;  // more than a cache holds

// A convolution with operands of its own, and the ways to compute it.
class Contest {
 public:
  // `node` with one row of data. Errors: RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<Contest>> Make(const Graph& graph, const Node& node) {
    auto contest = std::make_unique<Contest>();
    for (const Value& input : node.inputs) {
      const bool is_constant = graph.node(input.node).kind == NodeKind::kConstant;
      TensorType type = graph.type(input);
      if (!is_constant) type.shape[0] = 1;
      BARYON_ASSIGN_OR_RETURN(Tensor tensor, Filled(type));
      contest->constants_.push_back(is_constant ? Constant::Literal(tensor) : nullptr);
      contest->input_types_.push_back(type);
      contest->operands_.push_back(std::move(tensor));
    }
    contest->output_types_ = node.types;
    contest->output_types_[0].shape[0] = 1;
    BARYON_ASSIGN_OR_RETURN(contest->output_, Filled(contest->output_types_[0]));
    BARYON_ASSIGN_OR_RETURN(contest->flood_, Filled({DType::kFloat32, {kFloodBytes / int64_t{sizeof(float)}}}));
    return contest;
  }

  // Takes the way called `algorithm` into the contest ("": the rule's), unless it is there under another name.
  absl::Status Enter(const Node& node, const std::string& algorithm, int num_threads, Numerics numerics) {
    Entry entry;
    entry.name = algorithm;
    entry.cache = std::make_unique<PreparedCache>();
    Attrs texts = node.attr_texts();
    texts.Set(kAttribute, algorithm);
    BARYON_ASSIGN_OR_RETURN(const BoundAttrs attrs, node.op->bind(texts, /*from_file=*/false));
    PrepareContext context(input_types_, output_types_, constants_, num_threads, numerics, *entry.cache);
    BARYON_ASSIGN_OR_RETURN(entry.kernel, node.op->prepare(attrs.get(), context));
    for (const Entry& other : entries_) {
      if (other.kernel->algorithm() == entry.kernel->algorithm()) return absl::OkStatus();
    }
    const int64_t bytes = entry.kernel->workspace_bytes() + kTensorAlignment;
    entry.stride = bytes / kTensorAlignment * kTensorAlignment;
    BARYON_ASSIGN_OR_RETURN(entry.workspace, Tensor::TryAllocate({DType::kUInt8, {entry.stride * num_threads}}));
    entries_.push_back(std::move(entry));
    return absl::OkStatus();
  }

  void RunRound(ThreadPool& pool) {
    for (Entry& entry : entries_) entry.least = std::min(entry.least, Time(entry, pool));
  }

  bool has_rivals() const { return entries_.size() > 1; }
  // The fastest, or the rule's where no other is faster by enough.
  std::string Winner() const {
    const Entry* best = &entries_[0];
    absl::Duration limit = entries_[0].least / kLeastGain;
    for (const Entry& entry : entries_) {
      if (entry.least >= limit) continue;
      best = &entry;
      limit = entry.least;
    }
    return best->name;
  }

 private:
  struct Entry {
    std::string name;
    std::unique_ptr<PreparedCache> cache;
    std::unique_ptr<Kernel> kernel;
    Tensor workspace;
    int64_t stride = 0;
    absl::Duration least = absl::InfiniteDuration();
  };

  static absl::StatusOr<Tensor> Filled(const TensorType& type) {
    BARYON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::TryAllocate(type));
    std::fill_n(tensor.mutable_data<float>(), tensor.num_elements(), 0.01f);
    return tensor;
  }

  // Weights come from memory within a network, data from the step before.
  absl::Duration Time(Entry& entry, ThreadPool& pool) {
    std::fill_n(flood_.mutable_data<float>(), flood_.num_elements(), 0.01f);
    std::vector<TensorView> inputs;
    for (size_t i = 0; i < operands_.size(); ++i) {
      inputs.push_back(operands_[i].view());
      if (constants_[i] != nullptr) continue;
      std::fill_n(operands_[i].mutable_data<float>(), operands_[i].num_elements(), 0.01f);
    }
    const std::vector<TensorView> outputs = {
        TensorView(output_types_[0].dtype, &output_types_[0].shape, output_.mutable_raw_data())};
    Resources resources(pool, static_cast<char*>(entry.workspace.mutable_raw_data()), entry.stride);
    OpContext context(inputs, outputs, resources);
    const absl::Time start = absl::Now();
    entry.kernel->Compute(context);
    return absl::Now() - start;
  }

  TensorTypes input_types_, output_types_;
  std::vector<std::shared_ptr<const Constant>> constants_;
  std::vector<Tensor> operands_;
  Tensor output_, flood_;
  std::vector<Entry> entries_;
};

bool CanBeTuned(const Graph& graph, const Node& node) {
  return node.is_op() && node.Is(kOperator) && node.types[0].dtype == DType::kFloat32 && node.types[0].IsFullyKnown() &&
         graph.node(node.inputs[1].node).kind == NodeKind::kConstant && node.types[0].shape.num_elements() > 0;
}

// What all choices of a graph depend on.
std::string Conditions(Numerics numerics) {
  const char* instructions = std::getenv("BARYON_CPU");
  return absl::StrCat(ProcessorName(), instructions == nullptr ? "" : absl::StrCat(" ", instructions), "; ",
                      numerics == Numerics::kStrict ? "strict" : "fast", ";");
}

// Everything a choice depends on, but for the number of rows: the conditions, and behind them the convolution.
std::string KeyOf(const Graph& graph, const Node& node, const std::string& conditions) {
  std::string key = conditions;
  for (const Value& input : node.inputs) {
    Shape shape = graph.type(input).shape;
    if (graph.node(input.node).kind != NodeKind::kConstant) shape[0] = 1;
    absl::StrAppend(&key, " ", shape.ToString());
  }
  for (const auto& [name, text] : node.attr_texts()) {
    if (name != kAttribute) absl::StrAppend(&key, " ", name, "=", text);
  }
  return key;
}

// A choice a line: its name, a tab, its key.
std::map<std::string, std::string> ReadChoices(const std::string& file) {
  std::map<std::string, std::string> choices;
  const absl::StatusOr<std::string> text = file.empty() ? "" : ReadFile(file, kMostFileBytes);
  if (!text.ok()) return choices;
  for (absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(line, absl::MaxSplits('\t', 1));
    const bool known = parts.first.empty() || std::find(std::begin(kAlgorithms), std::end(kAlgorithms),
                                                        absl::string_view(parts.first)) != std::end(kAlgorithms);
    if (known && !parts.second.empty()) choices[parts.second] = parts.first;
  }
  return choices;
}

}  // namespace

Tuner::Tuner(std::string file, absl::Duration budget)
    : file_(std::move(file)), budget_(budget), choices_(ReadChoices(file_)) {}

std::map<std::string, std::string> Tuner::choices() const {
  absl::MutexLock lock(&mutex_);
  return choices_;
}

absl::Status Tuner::Tune(Numerics numerics, Graph& graph) {
  absl::MutexLock lock(&mutex_);
  ThreadPool pool(1);
  const std::string conditions = Conditions(numerics);
  const absl::Time deadline = absl::Now() + budget_;
  bool changed = false;
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    if (!CanBeTuned(graph, node)) continue;
    const std::string key = KeyOf(graph, node, conditions);
    auto choice = choices_.find(key);
    if (choice == choices_.end()) {
      if (absl::Now() > deadline) continue;
      BARYON_ASSIGN_OR_RETURN(std::string name, Choose(graph, node, numerics, pool));
      choice = choices_.emplace(key, std::move(name)).first;
      changed = true;
    }
    if (choice->second.empty()) continue;
    Attrs attrs = node.attr_texts();
    attrs.Set(kAttribute, choice->second);
    BARYON_RETURN_IF_ERROR(graph.SetAttrs(id, attrs));
  }
  return changed ? Save() : absl::OkStatus();
}

absl::StatusOr<std::string> Tuner::Choose(const Graph& graph, const Node& node, Numerics numerics, ThreadPool& pool) {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<Contest> contest, Contest::Make(graph, node));
  BARYON_RETURN_IF_ERROR(contest->Enter(node, "", pool.num_threads(), numerics));
  for (const char* algorithm : kAlgorithms) {
    BARYON_RETURN_IF_ERROR(contest->Enter(node, algorithm, pool.num_threads(), numerics));
  }
  for (int run = 0; run < kRuns && contest->has_rivals(); ++run) contest->RunRound(pool);
  return contest->Winner();
}

absl::Status Tuner::Save() const {
  if (file_.empty()) return absl::OkStatus();
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(file_).parent_path(), error);
  std::string text;
  for (const auto& [key, name] : choices_) absl::StrAppend(&text, name, "\t", key, "\n");
  return WriteFileAtomically(file_, text);
}

}  // namespace baryon
