// The weights of blocks: mxnet.gluon.Parameter.
#ifndef BARYON_ENGINE_GLUON_PARAMETER_H_
#define BARYON_ENGINE_GLUON_PARAMETER_H_

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "engine/gluon/initializer.h"
#include "engine/gluon/ndarray.h"

namespace baryon::gluon {

// What training would do with a parameter; kept as data, as nothing is trained here. kNull: not trainable.
enum class GradReq { kWrite, kAdd, kNull };

struct ParameterOptions {
  Shape shape = Shape::Unknown();  // dimensions of 0 or -1 are not known yet
  DType dtype = DType::kFloat32;
  GradReq grad_req = GradReq::kWrite;
  double lr_mult = 1, wd_mult = 1;
  init::Initializer init = {};       // empty: the one that Initialize is given
  bool allow_deferred_init = false;  // with an unknown shape: initialise at the first forward
  bool differentiable = true;        // false: grad_req stays kNull
};

enum class DTypeSource { kCurrent, kSaved };

struct LoadOptions {
  bool allow_missing = false;  // parameters that the file lacks stay as they are
  bool ignore_extra = false;   // arrays without a parameter are skipped
  bool cast_dtype = false;     // a file of another dtype is taken: converted to the parameter's (kCurrent), or the
  DTypeSource dtype_source = DTypeSource::kCurrent;  // parameter to the file's (kSaved)
};

// A handle: copies are the same parameter. One thread changes it while nobody reads. Messages are those of MXNet 2.
class Parameter {
 public:
  Parameter() = default;  // none; has no value
  explicit Parameter(std::string name, ParameterOptions options = {});

  explicit operator bool() const { return slot_ != nullptr; }
  const std::string& name() const;  // "weight"
  const Shape& shape() const;       // dimensions of -1 are unknown; no rank: nothing is known
  DType dtype() const;
  GradReq grad_req() const;
  void set_grad_req(GradReq grad_req);
  double lr_mult() const;
  double wd_mult() const;
  bool is_constant() const;
  bool is_initialized() const;
  int64_t size() const { return shape().num_elements(); }

  // The elements; while a block is traced, the constant or input of the graph that stands for them. Errors:
  // FAILED_PRECONDITION, not initialised, or deferred until the first forward.
  NDArray data() const;

  // INVALID_ARGUMENT when `shape` contradicts what is known.
  absl::Status SetShape(const Shape& shape);
  // New elements, converted to the parameter's dtype; settles an unknown shape. Errors: INVALID_ARGUMENT, the shape;
  // FAILED_PRECONDITION, Initialize was not called before.
  absl::Status SetData(const NDArray& data);
  // The same from a file, whether initialised or not. Errors: INVALID_ARGUMENT, shape or dtype.
  absl::Status LoadData(const NDArray& data, const LoadOptions& options = {});
  // Whether LoadData would take elements of `type`.
  absl::Status CheckLoad(const TensorType& type, const LoadOptions& options = {}) const;
  // Fills it by `init`, else by its own initializer, else by `default_init`. With an unknown shape: now recorded, done
  // at the first forward. Initialised already: warns and leaves it alone, unless `force_reinit`. Errors:
  // INVALID_ARGUMENT, an unknown shape that may not be deferred; those of the initializer.
  absl::Status Initialize(const init::Initializer& init = {}, const init::Initializer& default_init = init::Uniform(),
                          bool force_reinit = false);
  // Does what Initialize has recorded. Errors: INVALID_ARGUMENT, the shape is still unknown.
  absl::Status FinishDeferredInit();
  // Another dtype, elements converted.
  void Cast(DType dtype);

  // Makes this parameter, in all its copies, the same as `other`.
  void ShareWith(const Parameter& other);
  // True for copies and shared ones.
  friend bool operator==(const Parameter& a, const Parameter& b) { return a.identity() == b.identity(); }
  friend bool operator!=(const Parameter& a, const Parameter& b) { return !(a == b); }
  const void* identity() const;

  // "Parameter (shape=(5, -1), dtype=float32)"
  std::string ToString() const;

  // --- For blocks

  // Grows with each change of the elements or the dtype.
  int64_t version() const;
  // The name in exported files, "dense0_weight"; empty until the block has given it.
  const std::string& export_name() const;
  void set_export_name(std::string name);

 private:
  friend class Constant;
  struct State;
  State& state() const;
  absl::Status NotInitialized() const;
  void Store(Tensor tensor);

  // Two steps, so that sharing reaches every copy of the handle.
  std::shared_ptr<std::shared_ptr<State>> slot_;
};

std::ostream& operator<<(std::ostream& out, const Parameter& parameter);

// A parameter that training does not change: anchors, offsets. Saved and exported like any other. Initialised from the
// start.
class Constant : public Parameter {
 public:
  explicit Constant(const NDArray& value);
  Constant(std::string name, const NDArray& value);
};

// A number that changes whenever any parameter of the process does, or the structure of any block: what hybridized
// blocks compare first.
int64_t ParameterEpoch();
void AdvanceParameterEpoch();

// Parameters by their names, in order: what `params` and `collect_params` give. A value; the parameters are shared.
class ParameterDict {
 public:
  using Entry = std::pair<std::string, Parameter>;

  void Add(std::string name, Parameter parameter) { entries_.emplace_back(std::move(name), std::move(parameter)); }
  void Set(std::string name, Parameter parameter);  // replaces one of that name

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  std::vector<std::string> names() const;
  // The parameter, or none.
  Parameter Find(absl::string_view name) const;
  Parameter operator[](absl::string_view name) const { return Find(name); }

  // "{'weight': Parameter (shape=(5, 3), dtype=float32), 'bias': Parameter (shape=(5,), dtype=float32)}"
  std::string ToString() const;

 private:
  std::vector<Entry> entries_;
};

std::ostream& operator<<(std::ostream& out, const ParameterDict& parameters);

}  // namespace baryon::gluon

#endif  // BARYON_ENGINE_GLUON_PARAMETER_H_
