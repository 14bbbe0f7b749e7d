#include "engine/gluon/block.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <typeinfo>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "re2/re2.h"

namespace baryon::gluon {
namespace {

// "MLP" for "baryon::(anonymous namespace)::MLP", "Pair" for "Pair<int, std::string>".
std::string PlainClassName(const std::type_info& type) {
  int status = 0;
  char* demangled = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string name = status == 0 ? demangled : type.name();
  std::free(demangled);
  name = name.substr(0, name.find('<'));
  const size_t colon = name.rfind(':');
  return colon == std::string::npos ? name : name.substr(colon + 1);
}

}  // namespace

Block::Block(BlockOptions options) : names_(std::make_shared<BlockNames>(std::move(options.hint), options.prefix)) {}

Block::~Block() = default;

// ---------------------------------------------------------------------------------------------------------------------
// Computing

NDArrays Block::CallMany(absl::Span<const NDArray> inputs) {
  if (!status_.ok()) return {status_};
  for (const NDArray& input : inputs) {
    if (!input.ok()) return {input};
  }
  return RunHooked(inputs, [&] { return ForwardMany(inputs); });
}

NDArrays Block::RunHooked(absl::Span<const NDArray> inputs, absl::FunctionRef<NDArrays()> forward) {
  if (!has_hooks()) return forward();
  // Copies: a hook may detach itself or others.
  for (const auto& [number, hook] : std::vector(hooks_->before)) hook(*this, inputs);
  NDArrays outputs = forward();
  for (const auto& [number, hook] : std::vector(hooks_->after)) hook(*this, inputs, outputs);
  return outputs;
}

NDArray Block::OnlyOutput(NDArrays outputs) const {
  if (outputs.size() == 1) return std::move(outputs[0]);
  return absl::InvalidArgumentError(
      absl::StrCat(class_name(), " gives ", outputs.size(), " outputs: ask for all of them with Call"));
}

NDArray Block::Forward(const NDArray&) {
  return absl::UnimplementedError(
      absl::StrCat("Must define ", class_name(), "::Forward, or ForwardMany for several inputs or outputs."));
}

NDArrays Block::ForwardMany(absl::Span<const NDArray> inputs) {
  if (inputs.size() == 1) return {Forward(inputs[0])};
  return {absl::InvalidArgumentError(absl::StrCat(class_name(), ": expected 1 input, got ", inputs.size()))};
}

// ---------------------------------------------------------------------------------------------------------------------
// Parameters

void Block::CollectInto(const std::string& path, Names names, ParameterDict& all) const {
  for (const auto& [name, parameter] : params_) {
    all.Add(path + (names == Names::kFiles ? FileName(name) : name), parameter);
  }
  for (const auto& [name, child] : children_) child->CollectInto(absl::StrCat(path, name, "."), names, all);
}

ParameterDict Block::CollectParams() const {
  ParameterDict all;
  CollectInto("", Names::kAttributes, all);
  return all;
}

ParameterDict Block::CollectForFiles() const {
  ParameterDict all;
  CollectInto("", Names::kFiles, all);
  return all;
}

absl::StatusOr<ParameterDict> Block::CollectParams(absl::string_view select) const {
  const RE2 pattern(re2::StringPiece(select.data(), select.size()), RE2::Quiet);
  if (!pattern.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", select, "\" is no regular expression: ", pattern.error()));
  }
  ParameterDict selected;
  for (const auto& [name, parameter] : CollectParams()) {
    if (pattern.Match(name, 0, name.size(), RE2::ANCHOR_START, nullptr, 0)) selected.Add(name, parameter);
  }
  return selected;
}

// A parameter keeps its error and reports it when it is read.
void Block::Initialize(const init::Initializer& init, bool force_reinit) {
  for (auto [name, parameter] : CollectParams()) parameter.Initialize({}, init, force_reinit).IgnoreError();
}

void Block::Cast(DType dtype) {
  for (const auto& [name, child] : children_) child->Cast(dtype);
  for (auto [name, parameter] : params_) parameter.Cast(dtype);
}

void Block::SetGradReq(GradReq grad_req) {
  for (auto [name, parameter] : CollectParams()) parameter.set_grad_req(grad_req);
}

Block& Block::ShareParameters(const ParameterDict& shared) {
  const ParameterDict own = CollectParams();
  for (const auto& [name, parameter] : shared) {
    if (Parameter mine = own.Find(name)) {
      mine.ShareWith(parameter);
    } else {
      LogWarning(absl::StrCat("Parameter name ", name, " is not in the current model!"));
    }
  }
  return *this;
}

Parameter Block::Register(std::string name, Parameter parameter) {
  params_.Set(std::move(name), parameter);
  ++changes_;
  AdvanceParameterEpoch();
  return parameter;
}

// ---------------------------------------------------------------------------------------------------------------------
// Structure

void Block::RegisterChild(std::shared_ptr<Block> block, std::string name) {
  if (name.empty()) name = absl::StrCat(children_.size());
  const auto known =
      std::find_if(children_.begin(), children_.end(), [&](const auto& child) { return child.first == name; });
  if (known != children_.end()) {
    known->second = std::move(block);
  } else {
    children_.emplace_back(std::move(name), std::move(block));
  }
  ++changes_;
  AdvanceParameterEpoch();
}

void Block::AnnounceTrace() {
  BeginTrace();
  for (const auto& [name, child] : children_) child->AnnounceTrace();
}

int64_t Block::structure_version() const {
  int64_t sum = changes_;
  for (const auto& [name, child] : children_) sum += child->structure_version();
  return sum;
}

Block& Block::Apply(const std::function<void(Block&)>& fn) {
  for (const auto& [name, child] : std::vector(children_)) child->Apply(fn);
  fn(*this);
  return *this;
}

void Block::Hybridize(bool active, const HybridizeOptions& options) {
  for (const auto& [name, child] : children_) child->Hybridize(active, options);
}

void Block::Fail(absl::Status status) {
  if (status_.ok()) status_ = std::move(status);
}

// ---------------------------------------------------------------------------------------------------------------------
// Hooks

Block::Hooks& Block::hooks() {
  if (hooks_ == nullptr) hooks_ = std::make_shared<Hooks>();
  return *hooks_;
}

namespace {

template <typename List>
void EraseNumber(List& list, int number) {
  list.erase(std::remove_if(list.begin(), list.end(), [number](const auto& entry) { return entry.first == number; }),
             list.end());
}

}  // namespace

HookHandle Block::RegisterForwardPreHook(ForwardPreHook hook) {
  const int number = hooks().next++;
  hooks_->before.emplace_back(number, std::move(hook));
  return HookHandle([list = std::weak_ptr<Hooks>(hooks_), number] {
    if (const auto hooks = list.lock()) EraseNumber(hooks->before, number);
  });
}

HookHandle Block::RegisterForwardHook(ForwardHook hook) {
  const int number = hooks().next++;
  hooks_->after.emplace_back(number, std::move(hook));
  return HookHandle([list = std::weak_ptr<Hooks>(hooks_), number] {
    if (const auto hooks = list.lock()) EraseNumber(hooks->after, number);
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Names and texts

std::string Block::class_name() const { return PlainClassName(typeid(*this)); }

// What a block of one's own is called is known from outside of its base class's constructor only.
const std::shared_ptr<BlockNames>& Block::names() const {
  if (names_->hint().empty()) names_->set_hint(absl::AsciiStrToLower(class_name()));
  return names_;
}

const std::string& Block::prefix() const { return names()->Prefix(); }

void Block::ResolveNames() const {
  for (auto [name, parameter] : params_) {
    if (parameter.export_name().empty()) parameter.set_export_name(prefix() + name);
  }
  prefix();
  for (const auto& [name, child] : children_) child->ResolveNames();
}

std::string Block::name() const {
  const std::string& prefix = this->prefix();
  return !prefix.empty() && prefix.back() == '_' ? prefix.substr(0, prefix.size() - 1) : prefix;
}

std::string Block::ToString() const {
  std::string text = class_name() + "(\n";
  for (const auto& [name, child] : children_) {
    absl::StrAppend(&text, "  (", name, "): ", absl::StrReplaceAll(child->ToString(), {{"\n", "\n  "}}), "\n");
  }
  return children_.empty() ? text + "\n)" : text + ")";
}

std::ostream& operator<<(std::ostream& out, const Block& block) { return out << block.ToString(); }

}  // namespace baryon::gluon
