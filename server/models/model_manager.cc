// Everything that can happen (a look at the disk, a request, a load that ends) changes what is known about one model
// and then reconciles: what should serve is compared with what serves, loads are started, and what is no longer needed
// goes. That happens under one lock; loading itself, freeing models and calling back do not.
#include "server/models/model_manager.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "server/batching/clock.h"
#include "server/models/choose_versions.h"
#include "server/quote.h"
#include "server/refusal.h"

namespace baryon {
namespace {

absl::Status Stopping() { return Refuse(Refusal::kDraining, "the server is stopping"); }

// What of a configuration a version has to be loaded again for: all but which versions serve and what they are called.
std::string KeyOf(inference::ModelConfig config) {
  config.clear_version_policy();
  std::vector<std::string> labels;
  for (const auto& [name, value] : config.parameters()) {
    if (absl::StartsWith(name, "version_label.")) labels.push_back(name);
  }
  for (const std::string& label : labels) config.mutable_parameters()->erase(label);
  std::string key;
  google::protobuf::io::StringOutputStream text(&key);
  google::protobuf::io::CodedOutputStream stream(&text);
  stream.SetSerializationDeterministic(true);
  config.SerializeToCodedStream(&stream);
  stream.Trim();
  return key;
}

std::string Megabytes(int64_t bytes) { return absl::StrCat((bytes + (1 << 20) - 1) >> 20, " MB"); }

}  // namespace

ModelManager::ModelManager(ModelRepository repository, const ModelLoader& loader, ModelRegistry& registry,
                           TaskRunner& runner, Options options)
    : repository_(std::move(repository)), loader_(loader), registry_(registry), runner_(runner), options_(options) {
  registry_.OnWanted([this](const std::string& name) { Wake(name); });
  absl::MutexLock lock(&mutex_);
  for (const std::string& name : repository_.NamesOneByOne()) models_[name].wanted = true;
}

ModelManager::~ModelManager() {
  Stop();
  registry_.OnWanted([](const std::string&) {});
}

// --- Life

void ModelManager::Start(absl::Duration poll_interval, std::function<void()> loaded) {
  on_loaded_ = std::move(loaded);
  {
    absl::MutexLock lock(&mutex_);
    starting_ = true;
  }
  thread_ = std::thread([this, poll_interval] { Run(poll_interval); });
}

void ModelManager::Run(absl::Duration poll_interval) {
  Trust trust = Trust::kAll;
  const auto interval = absl::ToChronoNanoseconds(std::min(poll_interval, absl::Hours(24 * 365)));
  while (true) {
    Update(trust);
    std::unique_lock<std::mutex> lock(poll_mutex_);
    const bool asked = poll_.wait_for(lock, interval, [this] { return poll_stopping_ || rescan_; });
    if (poll_stopping_) return;
    trust = asked ? Trust::kAll : Trust::kStable;
    rescan_ = false;
  }
}

void ModelManager::Rescan() {
  {
    std::lock_guard<std::mutex> lock(poll_mutex_);
    rescan_ = true;
  }
  poll_.notify_one();
}

void ModelManager::GiveUp() {
  {
    std::lock_guard<std::mutex> lock(poll_mutex_);
    poll_stopping_ = true;
  }
  poll_.notify_one();
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
  for (auto& [name, model] : models_) {
    for (auto& [number, version] : model.versions) version.stop.request_stop();
  }
}

void ModelManager::Stop() {
  GiveUp();
  if (thread_.joinable()) thread_.join();
  Effects effects;
  {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &ModelManager::no_loads));
    for (auto& [name, model] : models_) {
      for (Order& order : model.orders) {
        effects.calls.push_back([done = std::make_shared<Done>(std::move(order.done))] { (*done)(Stopping()); });
      }
      model.orders.clear();
    }
  }
  Perform(std::move(effects));
}

void ModelManager::Perform(Effects effects) {
  effects.released.clear();
  for (std::function<void()>& task : effects.tasks) runner_.Run(std::move(task));
  if (effects.changed) on_change_();
  for (const std::function<void()>& call : effects.calls) call();
  if (effects.loaded) on_loaded_();
}

// --- Looking at the disk

ModelManager::Scan ModelManager::LookAtDisk() {
  Scan scan;
  {
    absl::MutexLock lock(&mutex_);
    scan.number = ++scans_;
  }
  scan.found = repository_.Scan();
  return scan;
}

void ModelManager::Follow(Scan scan, Trust trust) {
  if (!scan.found.ok()) LogError(scan.found.status().message());  // what serves goes on
  Effects effects;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    if (scan.found.ok()) {
      std::map<std::string, std::vector<ModelVersion>> by_name;
      for (ModelVersion& version : *scan.found) by_name[version.name].push_back(std::move(version));
      for (const auto& [name, found] : by_name) models_[name];
      std::vector<std::string> names;
      for (const auto& [name, model] : models_) names.push_back(name);
      for (const std::string& name : names) {
        Model& model = models_[name];
        if (model.last_scan > scan.number) continue;  // a request to load it has looked since
        if (options_.choice == Choice::kAll) model.wanted = true;
        if (model.given_files != nullptr) by_name[name] = ModelRepository::VersionsAt(name, model.given_files->path());
        Look(name, model, std::move(by_name[name]), trust);
        Reconcile(name, model, effects);
        ForgetIfGone(name, effects);
      }
    }
    if (starting_ && unfinished_loads_ == 0) {
      starting_ = false;
      effects.loaded = true;
    }
  }
  Perform(std::move(effects));
}

void ModelManager::Look(const std::string& name, Model& model, std::vector<ModelVersion> found, Trust trust) {
  const std::string config = found.empty() ? "" : found.front().config_fingerprint;
  const bool config_is_whole = trust == Trust::kAll || config == model.config_seen_as;
  model.config_seen_as = config;
  model.found = std::move(found);
  if (config_is_whole && (trust == Trust::kAll || config != model.config_read_from)) {
    model.config_read_from = config;
    ReadSettings(name, model);
  }
  std::map<int64_t, std::string> before;
  for (auto& [number, version] : model.versions) {
    before[number] = std::exchange(version.seen_as, "");
    version.whole_as.clear();
  }
  for (const ModelVersion& file : model.found) {
    Version& version = model.versions[file.version];
    version.seen_as = file.fingerprint;
    if (trust == Trust::kAll || before[file.version] == file.fingerprint) version.whole_as = file.fingerprint;
    if (trust == Trust::kAll) version.failed_from.clear();
  }
}

// A configuration that cannot be read is reported, and the one before it stays in force.
void ModelManager::ReadSettings(const std::string& name, Model& model) {
  if (model.found.empty()) return;
  absl::StatusOr<ModelSettings> settings = model.given_config.has_value()
                                               ? ReadModelSettings(*model.given_config, name)
                                               : ReadModelSettingsOf(model.found.front().settings_folder, name);
  model.settings_error = Annotate(settings.status(), absl::StrCat("loading model ", Quote(name)));
  if (!settings.ok()) return LogError(model.settings_error.message());
  model.settings = *std::move(settings);
  model.settings_key = KeyOf(model.settings.config);
  registry_.SetLabels(name, model.settings.version_labels);
}

std::string ModelManager::FingerprintOf(const Model& model, const ModelVersion& version) {
  return absl::StrCat(version.fingerprint, "\n", model.settings_key);
}

// --- What follows

void ModelManager::Reconcile(const std::string& name, Model& model, Effects& effects) {
  if (!model.wanted || model.evicted || stopping_) return;
  if (model.found.empty()) {
    if (!IsLoading(model)) RetireAll(name, model, effects);
    return;
  }
  if (!model.settings_error.ok()) {
    return registry_.SetFailed(name, model.found.back().version, model.settings_error);
  }
  VersionChoice choice;
  do {  // again when a load has failed before it began
    std::vector<VersionFacts> facts;
    for (const ModelVersion& file : model.found) {
      const Version& version = model.versions[file.version];
      const std::string fingerprint = FingerprintOf(model, file);
      const bool current = version.serves_from == fingerprint;
      const bool loading = version.loads_from == fingerprint;
      const bool busy = !version.loads_from.empty();  // with files that have changed since: one load at a time
      const bool may_load = version.whole_as == file.fingerprint && version.failed_from != fingerprint && !busy;
      facts.push_back({file.version, !version.serves_from.empty(), current, loading || busy, may_load});
      if (current && !busy) registry_.Settle(name, file.version);
    }
    choice = ChooseVersions(facts, model.settings.versions);
    for (int64_t number : choice.load) {
      const auto is_it = [&](const ModelVersion& file) { return file.version == number; };
      StartLoad(name, model, *std::find_if(model.found.begin(), model.found.end(), is_it), effects);
    }
  } while (!choice.load.empty() && !IsLoading(model));
  if (!choice.settled || choice.keep.empty()) return;
  std::vector<int64_t> others;
  for (const auto& [number, version] : model.versions) {
    const bool kept = std::count(choice.keep.begin(), choice.keep.end(), number) > 0;
    const bool may_go = !version.serves_from.empty() || version.seen_as.empty();  // what failed stays listed
    if (!kept && may_go && version.loads_from.empty()) others.push_back(number);
  }
  for (int64_t number : others) Retire(name, model, number, effects);
}

void ModelManager::StartLoad(const std::string& name, Model& model, const ModelVersion& file, Effects& effects) {
  Version& version = model.versions[file.version];
  const std::string fingerprint = FingerprintOf(model, file);
  if (absl::Status room = MakeRoom(name, file.size_bytes, effects); !room.ok()) {
    room = Annotate(room, absl::StrCat("loading model ", Quote(name), " version ", file.version));
    return Fail(name, file.version, version, fingerprint, std::move(room));
  }
  version.loads_from = fingerprint;
  version.load = next_load_++;
  version.load_bytes = file.size_bytes;
  version.stop = std::stop_source();
  ++loads_;
  ++unfinished_loads_;
  registry_.SetLoading(name, file.version);
  effects.tasks.push_back([this, name, number = file.version, load = version.load, file, settings = model.settings,
                           stop = version.stop.get_token()] { LoadNow(name, number, load, file, settings, stop); });
}

// On a thread of the runner.
void ModelManager::LoadNow(const std::string& name, int64_t number, int64_t load, const ModelVersion& file,
                           const ModelSettings& settings, const std::stop_token& stop) {
  const bool in_background = registry_.num_models() > 0;
  if (in_background) runner_.YieldToRequests();
  absl::StatusOr<std::shared_ptr<const ServedModel>> result = loader_.Load(file, settings, in_background, stop);
  // Half of it may be of before, half of after.
  if (result.ok() && ModelRepository::FingerprintNow(file) != file.fingerprint) {
    result = absl::DataLossError(absl::StrCat("loading model ", Quote(name), " version ", number,
                                              ": its files changed while they were being read"));
  }
  Effects effects;
  {
    absl::MutexLock lock(&mutex_);
    FinishLoad(name, number, load, std::move(result), effects);
    if (--unfinished_loads_ == 0 && starting_) {
      starting_ = false;
      effects.loaded = !stopping_;
    }
  }
  const std::vector<std::shared_ptr<const ServedModel>> replaced = std::exchange(effects.released, {});
  Perform(std::move(effects));
  Outlast(replaced);
  absl::MutexLock lock(&mutex_);
  --loads_;  // last: the manager may go now
}

// Whoever holds a version last frees it, which takes milliseconds: rather this thread than one that answers a request.
void ModelManager::Outlast(const std::vector<std::shared_ptr<const ServedModel>>& models) {
  constexpr absl::Duration kLongest = absl::Milliseconds(100), kLook = absl::Milliseconds(1);
  const absl::Time end = MonotonicNow() + kLongest;
  for (const std::shared_ptr<const ServedModel>& model : models) {
    while (model.use_count() > 1 && MonotonicNow() < end) absl::SleepFor(kLook);
  }
}

void ModelManager::FinishLoad(const std::string& name, int64_t number, int64_t load,
                              absl::StatusOr<std::shared_ptr<const ServedModel>> result, Effects& effects) {
  Model& model = models_[name];
  Version& version = model.versions[number];
  if (version.load != load) return;
  const std::string fingerprint = std::exchange(version.loads_from, "");
  version.load_bytes = 0;
  if (result.ok()) {
    if (absl::Status room = MakeRoom(name, (*result)->memory_bytes(), effects); !room.ok()) {
      result = Annotate(room, absl::StrCat("loading model ", Quote(name), " version ", number));
    }
  }
  if (version.stop.stop_requested()) {
    if (result.ok()) effects.released.push_back(*std::move(result));
    registry_.Settle(name, number);
  } else if (!result.ok()) {
    Fail(name, number, version, fingerprint, result.status());
  } else {
    version.failed_from.clear();
    version.serves_from = fingerprint;
    effects.released.push_back(registry_.Publish(*std::move(result)));
    effects.changed = true;
  }
  // What was given up is not begun again: whoever asked for that says what comes next.
  if (!version.stop.stop_requested()) Reconcile(name, model, effects);
  Obey(name, model, effects);
  ForgetIfGone(name, effects);
}

void ModelManager::Fail(const std::string& name, int64_t number, Version& version, const std::string& fingerprint,
                        absl::Status error) {
  LogError(error.message());
  version.failed_from = fingerprint;
  version.error = error;
  registry_.SetFailed(name, number, std::move(error));
}

void ModelManager::Retire(const std::string& name, Model& model, int64_t number, Effects& effects) {
  Version& version = model.versions[number];
  if (std::shared_ptr<const ServedModel> removed = registry_.Remove(name, number); removed != nullptr) {
    LogInfo("unloaded", {{"model", name}, {"version", absl::StrCat(number)}});
    effects.released.push_back(std::move(removed));
    effects.changed = true;
  }
  version.serves_from.clear();
  version.failed_from = version.seen_as.empty() ? "" : version.failed_from;
  if (version.seen_as.empty()) model.versions.erase(number);
}

void ModelManager::RetireAll(const std::string& name, Model& model, Effects& effects) {
  std::vector<int64_t> numbers;
  for (const auto& [number, version] : model.versions) numbers.push_back(number);
  for (const ModelRegistry::Entry& entry : registry_.List()) {
    if (entry.name == name) numbers.push_back(entry.version);
  }
  for (int64_t number : numbers) Retire(name, model, number, effects);
}

// A name of which nothing is left, on disk or in service.
void ModelManager::ForgetIfGone(const std::string& name, Effects& effects) {
  Model& model = models_[name];
  if (!model.found.empty() || !model.orders.empty() || IsLoading(model)) return;
  RetireAll(name, model, effects);
  if (options_.choice == Choice::kAll || !model.wanted) models_.erase(name);
}

bool ModelManager::IsLoading(const Model& model) {
  return std::any_of(model.versions.begin(), model.versions.end(),
                     [](const auto& version) { return !version.second.loads_from.empty(); });
}

// --- Requests

void ModelManager::Load(std::string name, Done done, std::optional<inference::ModelConfig> config,
                        std::shared_ptr<const UploadedModel> files) {
  Enqueue(std::move(name), {true, std::move(config), std::move(files), false, std::move(done)});
}

void ModelManager::Unload(std::string name, Done done, bool wait_until_freed) {
  Enqueue(std::move(name), {false, std::nullopt, nullptr, wait_until_freed, std::move(done)});
}

void ModelManager::Enqueue(std::string name, Order order) {
  absl::Status refused;
  if (options_.choice != Choice::kByRequest) {
    refused = absl::FailedPreconditionError(
        absl::StrCat("model ", Quote(name), ": expected a server that loads by request (--model-control explicit), ",
                     "got one that serves what its repository holds"));
    return order.done(refused);
  }
  Effects effects;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) {
      refused = Stopping();
    } else {
      Model& model = models_[name];
      // A load that is to be undone need not be finished.
      if (!order.load) {
        for (auto& [number, version] : model.versions) version.stop.request_stop();
      }
      model.orders.push_back(std::move(order));
      if (model.orders.size() == 1) Obey(name, model, effects);
      ForgetIfGone(name, effects);
    }
  }
  if (!refused.ok()) return order.done(refused);
  Perform(std::move(effects));
}

// Ends the order that is being obeyed, if nothing is left to do for it, and begins the next.
void ModelManager::Obey(const std::string& name, Model& model, Effects& effects) {
  while (!model.orders.empty() && !IsLoading(model)) {
    Order& order = model.orders.front();
    if (!order.load) {
      Unloaded(name, model, effects);
    } else {
      std::optional<absl::Status> outcome;
      if (!order.begun) {
        order.begun = true;
        outcome = BeginLoad(name, model, effects);
        if (!outcome.has_value() && IsLoading(model)) return;
      }
      if (!outcome.has_value()) outcome = OutcomeOf(model);
      effects.calls.push_back(
          [done = std::make_shared<Done>(std::move(order.done)), status = *std::move(outcome)] { (*done)(status); });
    }
    model.orders.pop_front();
  }
}

// Starts what the order at the front asks for; an outcome when there is nothing to start.
std::optional<absl::Status> ModelManager::BeginLoad(const std::string& name, Model& model, Effects& effects) {
  const std::shared_ptr<const UploadedModel>& files = model.orders.front().files;
  absl::StatusOr<std::vector<ModelVersion>> found =
      files == nullptr ? repository_.Scan() : ModelRepository::VersionsAt(name, files->path());
  if (!found.ok()) return found.status();
  const auto others = [&](const ModelVersion& version) { return version.name != name; };
  found->erase(std::remove_if(found->begin(), found->end(), others), found->end());
  if (found->empty()) {
    return absl::NotFoundError(absl::StrCat("the repository has no model called ", Quote(name)));
  }
  model.last_scan = ++scans_;
  model.wanted = true;
  model.evicted = false;
  model.given_config = std::move(model.orders.front().config);
  model.given_files = std::move(model.orders.front().files);
  Look(name, model, *std::move(found), Trust::kAll);
  if (!model.settings_error.ok()) return model.settings_error;
  // What serves goes on, but as if it came from other files: it is loaded again.
  for (auto& [number, version] : model.versions) {
    if (!version.serves_from.empty()) version.serves_from = "other files";
  }
  Reconcile(name, model, effects);
  return std::nullopt;
}

// Of the most wanted version.
absl::Status ModelManager::OutcomeOf(const Model& model) const {
  std::vector<int64_t> numbers;
  for (const ModelVersion& file : model.found) numbers.push_back(file.version);
  const std::vector<int64_t> candidates = model.settings.versions.Candidates(numbers);
  if (candidates.empty()) {
    return absl::NotFoundError(
        absl::StrCat("the model has no version of its policy, ", DescribePolicy(model.settings.versions)));
  }
  const auto version = model.versions.find(candidates.front());
  if (version == model.versions.end()) return absl::CancelledError("the model was unloaded meanwhile");
  if (!version->second.failed_from.empty()) return version->second.error;
  const bool serves = !version->second.serves_from.empty();
  return serves ? absl::OkStatus() : absl::CancelledError("the model was unloaded meanwhile");
}

void ModelManager::Unloaded(const std::string& name, Model& model, Effects& effects) {
  Order& order = model.orders.front();
  auto done = std::make_shared<Done>(std::move(order.done));
  const size_t before = effects.released.size();
  model.wanted = false;
  model.evicted = false;
  model.given_config.reset();
  model.given_files.reset();
  bool known = false;
  for (const ModelRegistry::Entry& entry : registry_.List()) known |= entry.name == name;
  RetireAll(name, model, effects);
  if (!known) {
    effects.calls.push_back(
        [done, name] { (*done)(absl::NotFoundError(absl::StrCat("no model called ", Quote(name), " is loaded"))); });
  } else if (order.wait_until_freed && effects.released.size() > before) {
    // The last version to be freed says so.
    const std::shared_ptr<void> last(nullptr, [done](void*) { (*done)(absl::OkStatus()); });
    for (size_t i = before; i < effects.released.size(); ++i) effects.released[i]->OnFreed([last] {});
  } else {
    effects.calls.push_back([done] { (*done)(absl::OkStatus()); });
  }
}

// --- Memory

int64_t ModelManager::UsedBytes() const {
  int64_t bytes = 0;
  for (const ModelRegistry::Entry& entry : registry_.List()) bytes += entry.model ? entry.model->memory_bytes() : 0;
  for (const auto& [name, model] : models_) {
    for (const auto& [number, version] : model.versions) bytes += version.load_bytes;
  }
  return bytes;
}

absl::Status ModelManager::MakeRoom(const std::string& name, int64_t bytes, Effects& effects) {
  if (options_.max_memory_bytes <= 0) return absl::OkStatus();
  while (UsedBytes() + bytes > options_.max_memory_bytes) {
    if (options_.evict && EvictOne(name, effects)) continue;
    const int64_t left = std::max<int64_t>(options_.max_memory_bytes - UsedBytes(), 0);
    return absl::ResourceExhaustedError(absl::StrCat("needs ", Megabytes(bytes), " of memory, ", Megabytes(left),
                                                     " of ", Megabytes(options_.max_memory_bytes),
                                                     " are left (--max-memory-bytes)"));
  }
  return absl::OkStatus();
}

// Of all models but one, takes that out of service which was not used for longest; false: there is none.
bool ModelManager::EvictOne(const std::string& besides, Effects& effects) {
  const std::vector<ModelRegistry::Entry> entries = registry_.List();
  std::map<std::string, absl::Time> last_used;
  for (const ModelRegistry::Entry& entry : entries) {
    if (entry.model == nullptr || entry.name == besides) continue;
    if (!models_[entry.name].orders.empty() || IsLoading(models_[entry.name])) continue;
    absl::Time& time = last_used.emplace(entry.name, absl::InfinitePast()).first->second;
    time = std::max(time, entry.model->last_used());
  }
  const auto oldest = std::min_element(last_used.begin(), last_used.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (oldest == last_used.end()) return false;
  Model& model = models_[oldest->first];
  model.evicted = true;
  for (const ModelRegistry::Entry& entry : entries) {
    if (entry.name != oldest->first) continue;
    effects.released.push_back(registry_.Evict(entry.name, entry.version));
    model.versions[entry.version].serves_from.clear();
  }
  LogInfo("unloaded to make room", {{"model", oldest->first}});
  effects.changed = true;
  return true;
}

// Somebody asks for a model that made room for others.
void ModelManager::Wake(const std::string& name) {
  Effects effects;
  {
    absl::MutexLock lock(&mutex_);
    const auto model = models_.find(name);
    if (stopping_ || model == models_.end() || !model->second.evicted) return;
    model->second.evicted = false;
    Reconcile(name, model->second, effects);
  }
  Perform(std::move(effects));
}

}  // namespace baryon
