#include "engine/graph/graph_text.h"

#include <random>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

// --- Writing

// A name for every node that no other node has.
std::vector<std::string> UniqueNames(const Graph& graph, const std::vector<NodeId>& order) {
  std::vector<std::string> names(graph.num_nodes());
  absl::flat_hash_map<std::string, int> seen;
  for (NodeId id : order) {
    const std::string& name = graph.node(id).name;
    const int count = ++seen[name];
    names[id] = count == 1 ? name : absl::StrCat(name, "#", count);
  }
  return names;
}

// --- Reading

absl::Status Expected(absl::string_view what, absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", what, ", got \"", text, "\""));
}

// "float32 [1, 3]"
absl::StatusOr<TensorType> ParseType(absl::string_view text) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(absl::StripAsciiWhitespace(text), absl::MaxSplits(' ', 1));
  if (parts.size() != 2) return Expected("a dtype and a shape", text);
  const std::optional<DType> dtype = DTypeFromName(parts[0]);
  if (!dtype.has_value()) return Expected("a dtype", parts[0]);
  IntTuple dims;
  BARYON_RETURN_IF_ERROR(ParseAttr(parts[1], dims));
  return TensorType{*dtype, Shape(absl::MakeSpan(dims))};
}

// "a=1, kernel=(3, 3)": cut at the commas outside of brackets.
absl::StatusOr<Attrs> ParseAttrs(absl::string_view text) {
  Attrs attrs;
  int depth = 0;
  std::string piece;
  std::vector<std::string> pieces;
  for (char c : text) {
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
    if (c == ',' && depth == 0) {
      pieces.push_back(std::move(piece));
      piece.clear();
    } else {
      piece += c;
    }
  }
  if (!absl::StripAsciiWhitespace(piece).empty()) pieces.push_back(piece);
  for (const std::string& p : pieces) {
    const std::vector<std::string> parts = absl::StrSplit(absl::StripAsciiWhitespace(p), absl::MaxSplits('=', 1));
    if (parts.size() != 2) return Expected("name=value", p);
    attrs.Set(parts[0], parts[1]);
  }
  return attrs;
}

Tensor SeededTensor(absl::string_view name, const TensorType& type) {
  Tensor tensor = Tensor::Allocate({DType::kFloat32, type.shape});
  uint32_t seed = 17;
  for (char c : name) seed = seed * 31 + static_cast<unsigned char>(c);
  std::mt19937 generator(seed);
  const bool positive = absl::EndsWith(name, "var") || absl::EndsWith(name, "gamma");
  std::uniform_real_distribution<float> distribution(positive ? 0.5f : -1.0f, positive ? 1.5f : 1.0f);
  float* data = tensor.mutable_data<float>();
  for (int64_t i = 0; i < tensor.num_elements(); ++i) data[i] = distribution(generator);
  return tensor.Cast(type.dtype);
}

class GraphReader {
 public:
  absl::Status ReadLine(absl::string_view line) {
    if (absl::ConsumePrefix(&line, "input ")) return ReadInput(line);
    if (absl::ConsumePrefix(&line, "const ")) return ReadConstant(line);
    if (absl::ConsumePrefix(&line, "output ")) return ReadOutput(line);
    return ReadOperator(line);
  }
  Graph Take() { return std::move(graph_); }

 private:
  absl::Status ReadInput(absl::string_view line) {
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(": ", 1));
    if (parts.size() != 2) return Expected("input NAME: TYPE", line);
    BARYON_ASSIGN_OR_RETURN(TensorType type, ParseType(parts[1]));
    return Define(parts[0], graph_.AddInput(std::string(parts[0]), std::move(type)));
  }

  absl::Status ReadConstant(absl::string_view line) {
    const std::vector<absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(": ", 1));
    if (parts.size() != 2) return Expected("const NAME: TYPE", line);
    const std::vector<absl::string_view> sides = absl::StrSplit(parts[1], absl::MaxSplits(" = ", 1));
    BARYON_ASSIGN_OR_RETURN(const TensorType type, ParseType(sides[0]));
    Tensor tensor = SeededTensor(parts[0], type);
    if (sides.size() == 2) {
      std::vector<double> values;
      for (absl::string_view text : absl::StrSplit(sides[1], ' ', absl::SkipEmpty())) {
        if (!absl::SimpleAtod(text, &values.emplace_back())) return Expected("a number", text);
      }
      if (static_cast<int64_t>(values.size()) != type.shape.num_elements())
        return Expected("as many numbers as elements", line);
      tensor = Tensor::FromData<double>(type.shape, absl::MakeConstSpan(values)).Cast(type.dtype);
    }
    return Define(parts[0], graph_.AddConstant(std::string(parts[0]), Constant::Literal(std::move(tensor))));
  }

  absl::Status ReadOutput(absl::string_view line) {
    const std::vector<absl::string_view> sides = absl::StrSplit(line, " = ");
    if (sides.size() != 2) return Expected("output NAME = VALUE", line);
    BARYON_ASSIGN_OR_RETURN(const Value value, Find(sides[1]));
    graph_.AddOutput(value, std::string(sides[0]));
    return absl::OkStatus();
  }

  // NAME = OP(VALUE, VALUE) {ATTRS} : TYPES
  absl::Status ReadOperator(absl::string_view line) {
    const size_t equals = line.find(" = "), open = line.find('('), close = line.find(')');
    if (equals == absl::string_view::npos || open == absl::string_view::npos || close == absl::string_view::npos) {
      return Expected("NAME = OP(VALUES)", line);
    }
    const absl::string_view name = line.substr(0, equals), op = line.substr(equals + 3, open - equals - 3);
    std::vector<Value> inputs;
    for (absl::string_view text : absl::StrSplit(line.substr(open + 1, close - open - 1), ", ", absl::SkipEmpty())) {
      BARYON_ASSIGN_OR_RETURN(inputs.emplace_back(), Find(text));
    }
    Attrs attrs;
    const size_t brace = line.find('{', close), end = line.rfind('}');
    if (brace != absl::string_view::npos && end != absl::string_view::npos) {
      BARYON_ASSIGN_OR_RETURN(attrs, ParseAttrs(line.substr(brace + 1, end - brace - 1)));
    }
    BARYON_ASSIGN_OR_RETURN(const NodeId id, graph_.AddOperator(op, std::string(name), attrs, std::move(inputs)));
    return Define(name, id);
  }

  absl::Status Define(absl::string_view name, NodeId id) {
    if (!nodes_.emplace(std::string(name), id).second) return Expected("a new name", name);
    return absl::OkStatus();
  }

  absl::StatusOr<Value> Find(absl::string_view text) const {
    const std::vector<absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
    Value value;
    const auto it = nodes_.find(std::string(parts[0]));
    if (it == nodes_.end()) return Expected("a value defined above", text);
    value.node = it->second;
    if (parts.size() == 2 && !absl::SimpleAtoi(parts[1], &value.output)) return Expected("an output number", text);
    return value;
  }

  Graph graph_;
  absl::flat_hash_map<std::string, NodeId> nodes_;
};

}  // namespace

Attrs NonDefaultAttrs(const Node& node) {
  Attrs texts = node.attr_texts();
  Attrs shown;
  for (const auto& [name, text] : texts) {
    Attrs without = texts;
    without.Erase(name);
    const absl::StatusOr<BoundAttrs> bound = node.op->bind(without, /*from_file=*/false);
    const std::string* by_default = nullptr;
    Attrs defaults;
    if (bound.ok()) {
      defaults = node.op->format(bound->get());
      by_default = defaults.Find(name);
    }
    if (by_default == nullptr || *by_default != text) shown.Set(name, text);
  }
  return shown;
}

std::string GraphToText(const Graph& graph) {
  std::vector<NodeId> order = graph.inputs();
  for (NodeId id : graph.TopologicalOrder()) {
    if (graph.node(id).kind != NodeKind::kInput) order.push_back(id);
  }
  const std::vector<std::string> names = UniqueNames(graph, order);
  const auto value_text = [&](const Value& value) {
    return value.output == 0 ? names[value.node] : absl::StrCat(names[value.node], ":", value.output);
  };
  std::string text;
  for (NodeId id : order) {
    const Node& node = graph.node(id);
    if (node.kind == NodeKind::kInput)
      absl::StrAppend(&text, "input ", names[id], ": ", node.types[0].ToString(), "\n");
    if (node.kind == NodeKind::kConstant) {
      absl::StrAppend(&text, "const ", names[id], ": ", node.types[0].ToString(), "\n");
    }
    if (!node.is_op()) continue;
    absl::StrAppend(
        &text, names[id], " = ", node.op->name(), "(",
        absl::StrJoin(node.inputs, ", ",
                      [&](std::string* out, const Value& value) { absl::StrAppend(out, value_text(value)); }),
        ")");
    if (const Attrs attrs = NonDefaultAttrs(node); !attrs.empty()) absl::StrAppend(&text, " {", attrs.ToString(), "}");
    const absl::Span<const TensorType> visible = absl::MakeSpan(node.types).subspan(0, node.num_visible_outputs);
    absl::StrAppend(
        &text, " : ",
        absl::StrJoin(visible, ", ",
                      [](std::string* out, const TensorType& type) { absl::StrAppend(out, type.ToString()); }),
        "\n");
  }
  for (const GraphOutput& output : graph.outputs()) {
    absl::StrAppend(&text, "output ", output.name, " = ", value_text(output.value), "\n");
  }
  return text;
}

absl::StatusOr<Graph> GraphFromText(absl::string_view text) {
  GraphReader reader;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    if (absl::Status status = reader.ReadLine(line); !status.ok()) {
      return Annotate(status, absl::StrCat("line ", number));
    }
  }
  Graph graph = reader.Take();
  BARYON_RETURN_IF_ERROR(InferTypes(graph));
  return graph;
}

}  // namespace baryon
