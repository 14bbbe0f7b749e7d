// Writes a network as a graph, layer by layer, with the names that Gluon 1.x gives.
//
// Every array has two names: that of an exported file, made of name scopes and counters
// (resnetv10_stage1_conv0_weight), and that of `save_parameters`, the path through the blocks that own it
// (features.4.0.body.0.weight). Layers are counted when they are made; so networks make them in Gluon's order, which
// need not be the order of the data flow.
#ifndef BARYON_ENGINE_ZOO_NET_BUILDER_H_
#define BARYON_ENGINE_ZOO_NET_BUILDER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/graph/graph.h"

namespace baryon::zoo {

// How a parameter starts.
enum class Start { kWeight, kZeros, kOnes };

struct Parameter {
  NodeId node;            // of the graph
  std::string name;       // in an exported file, behind "arg:" or "aux:"
  std::string structure;  // in a file of save_parameters
  bool is_state;          // a running statistic: "aux:"
  Start start;
};

// A network without values: its inputs are `data` and the parameters.
struct Network {
  Graph graph;                        // types inferred for one picture of the usual size
  std::vector<Parameter> parameters;  // in the order of save_parameters
};

struct ConvOptions {
  int64_t channels;
  IntTuple kernel = {1, 1};
  int64_t stride = 1;
  IntTuple padding = {0, 0};
  int64_t groups = 1;
  bool use_bias = true;
  std::string activation = "";
};

struct BatchNormOptions {
  double epsilon = 1e-5;
  bool scale = true;
};

struct PoolOptions {
  int64_t size = 2;
  int64_t stride = 2;
  int64_t padding = 0;
  bool ceil_mode = false;
};

// One thread. The specifications of layers are the program's own: one that does not fit ends the process.
class NetBuilder {
 public:
  // Names start with `prefix` ("resnetv10_"); `data` is [1, 3, size, size].
  NetBuilder(std::string prefix, int64_t size);

  Value data() const { return data_; }

  // Layers. `path` is where the layer sits among the blocks; an empty `name` is replaced by "conv0" and the like.
  Value Conv(Value x, const std::string& path, const ConvOptions& options, const std::string& name = "");
  Value Dense(Value x, const std::string& path, int64_t units, const std::string& activation = "");
  Value BatchNorm(Value x, const std::string& path, const BatchNormOptions& options = {});
  Value Relu(Value x);
  Value Relu6(Value x);
  Value MaxPool(Value x, const PoolOptions& options);
  Value AvgPool(Value x, const PoolOptions& options);
  Value GlobalAvgPool(Value x);
  Value Flatten(Value x);
  Value Dropout(Value x, double rate);

  // Operators outside of layers. `hint` names the operator as its Python function would: "_plus0", "activation0".
  Value Add(Value a, Value b, absl::string_view hint);
  Value Concat(std::vector<Value> values);
  Value Operator(const std::string& op, absl::string_view hint, const Attrs& attrs, std::vector<Value> inputs);

  // While it lives, names are counted anew behind another prefix: that of the scope around it and `prefix`.
  class Scope {
   public:
    Scope(NetBuilder& net, const std::string& prefix);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    NetBuilder& net_;
    std::string outer_prefix_;
    std::map<std::string, int> outer_layers_, outer_operators_;
  };
  // The next name of a layer or block: "conv0", "conv1".
  std::string NextName(const std::string& hint);

  // The network with `output`. Errors: those of type inference.
  absl::StatusOr<Network> Build(Value output) &&;

 private:
  Value Pool(Value x, absl::string_view type, const PoolOptions& options);
  Value Node(const std::string& op, const std::string& name, const Attrs& attrs, std::vector<Value> inputs);
  Value AddParameter(const std::string& layer, const std::string& path, absl::string_view name, Start start,
                     bool is_state = false);

  std::string prefix_;
  std::map<std::string, int> layers_, operators_;
  Network network_;
  Value data_;
};

// A block whose children follow one another: "features.0", "features.1", ... Reads like Gluon's HybridSequential.
class Sequence {
 public:
  Sequence(NetBuilder& net, std::string path, Value x) : net_(net), path_(std::move(path)), value_(x) {}

  Sequence& Conv(const ConvOptions& options, const std::string& name = "");
  Sequence& Dense(int64_t units, const std::string& activation = "");
  Sequence& BatchNorm(const BatchNormOptions& options = {});
  Sequence& Relu();
  Sequence& Relu6();
  Sequence& MaxPool(const PoolOptions& options);
  Sequence& AvgPool(const PoolOptions& options);
  Sequence& GlobalAvgPool();
  Sequence& Flatten();
  Sequence& Dropout(double rate);
  // A block of its own: `block` gets the net, the path of the child and what it reads, and returns what it computes.
  Sequence& Block(const std::function<Value(NetBuilder& net, const std::string& path, Value x)>& block);

  Value value() const { return value_; }

 private:
  std::string NextPath();
  Sequence& Then(Value value);

  NetBuilder& net_;
  const std::string path_;
  int size_ = 0;
  Value value_;
};

}  // namespace baryon::zoo

#endif  // BARYON_ENGINE_ZOO_NET_BUILDER_H_
