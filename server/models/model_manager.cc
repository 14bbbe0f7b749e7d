#include "server/models/model_manager.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "server/quote.h"

namespace baryon {
namespace {

bool Has(const std::map<std::pair<std::string, int64_t>, std::string>& fingerprints, const ModelVersion& version) {
  const auto found = fingerprints.find({version.name, version.version});
  return found != fingerprints.end() && found->second == version.fingerprint;
}

absl::Status Stopping() { return absl::UnavailableError("the server is stopping"); }

}  // namespace

ModelManager::ModelManager(ModelRepository repository, const ModelLoader& loader, ModelRegistry& registry,
                           Choice choice)
    : repository_(std::move(repository)), loader_(loader), registry_(registry), choice_(choice) {
  for (std::string& name : repository_.NamesOneByOne()) wanted_.insert(std::move(name));
}

ModelManager::~ModelManager() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
  for (Order& order : orders_) order.done(Stopping());
}

void ModelManager::Start(absl::Duration poll_interval, std::function<void()> loaded) {
  thread_ = std::thread([this, poll_interval, loaded = std::move(loaded)] { Run(poll_interval, loaded); });
}

void ModelManager::Rescan() {
  absl::MutexLock lock(&mutex_);
  rescan_ = true;
}

void ModelManager::Enqueue(Order order) {
  absl::Status refused;
  if (choice_ != Choice::kByRequest) {
    refused = absl::FailedPreconditionError(
        absl::StrCat("model ", Quote(order.model),
                     ": expected a server that loads by request (--model-control explicit), got one that ",
                     "serves what its repository holds"));
  } else {
    absl::MutexLock lock(&mutex_);
    if (!stopping_) return orders_.push_back(std::move(order));
    refused = Stopping();
  }
  order.done(refused);
}

bool ModelManager::stopping() const {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

void ModelManager::Run(absl::Duration poll_interval, const std::function<void()>& loaded) {
  Update(Trust::kAll);
  if (stopping()) return;
  loaded();
  while (true) {
    bool look = true;
    Trust trust = Trust::kStable;
    std::vector<Order> orders;
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(this, &ModelManager::HasNews), poll_interval)) {
        if (stopping_) return;
        look = std::exchange(rescan_, false);
        trust = Trust::kAll;
        orders.swap(orders_);
      }
    }
    for (Order& order : orders) order.done(stopping() ? Stopping() : Obey(order));
    if (look) Update(trust);
  }
}

absl::Status ModelManager::Obey(const Order& order) {
  return order.kind == Order::Kind::kLoad ? LoadNow(order.model) : UnloadNow(order.model);
}

absl::Status ModelManager::LoadNow(const std::string& name) {
  BARYON_ASSIGN_OR_RETURN(std::vector<ModelVersion> versions, repository_.Scan());
  const auto others = [&](const ModelVersion& version) { return version.name != name; };
  versions.erase(std::remove_if(versions.begin(), versions.end(), others), versions.end());
  if (versions.empty()) {
    return absl::NotFoundError(absl::StrCat("the repository has no model called ", Quote(name)));
  }
  wanted_.insert(name);
  // What serves goes on, but as if it came from other files: it is loaded again.
  for (auto& [key, fingerprint] : serving_) {
    if (key.first == name) fingerprint.clear();
  }
  UpdateModel(versions, Trust::kAll);
  const int64_t highest = versions.back().version;
  for (const ModelRegistry::Entry& entry : registry_.List()) {
    if (entry.name == name && entry.version == highest) return entry.error;
  }
  return absl::OkStatus();
}

absl::Status ModelManager::UnloadNow(const std::string& name) {
  std::vector<Key> known;
  for (const ModelRegistry::Entry& entry : registry_.List()) {
    if (entry.name == name) known.emplace_back(entry.name, entry.version);
  }
  if (known.empty()) return absl::NotFoundError(absl::StrCat("no model called ", Quote(name), " is loaded"));
  wanted_.erase(name);
  for (const Key& key : known) Remove(key);
  return absl::OkStatus();
}

void ModelManager::Update(Trust trust) {
  const absl::StatusOr<std::vector<ModelVersion>> versions = repository_.Scan();
  if (!versions.ok()) return LogError(std::string(versions.status().message()));  // what serves goes on
  Fingerprints found;
  for (const ModelVersion& version : *versions) found[{version.name, version.version}] = version.fingerprint;
  for (size_t begin = 0, end; begin < versions->size(); begin = end) {
    for (end = begin; end < versions->size() && (*versions)[end].name == (*versions)[begin].name;) ++end;
    const bool chosen = choice_ == Choice::kAll || wanted_.count((*versions)[begin].name) > 0;
    if (chosen) UpdateModel(absl::MakeConstSpan(*versions).subspan(begin, end - begin), trust);
    if (stopping()) return;
  }
  RemoveGone(found);
  seen_ = std::move(found);
}

// `versions` are all those of one model on disk, ascending.
void ModelManager::UpdateModel(absl::Span<const ModelVersion> versions, Trust trust) {
  const ModelVersion* chosen = ChooseVersion(versions, trust);
  if (chosen == nullptr) return;  // what serves, if anything, is all there is, though its files may be gone
  std::vector<Key> others;
  for (const auto& [key, fingerprint] : serving_) {
    if (key.first == chosen->name && key.second != chosen->version) others.push_back(key);
  }
  for (const Key& key : others) Remove(key);
}

// The version that serves after this: the highest that serves from these very files, or can be loaded now.
const ModelVersion* ModelManager::ChooseVersion(absl::Span<const ModelVersion> versions, Trust trust) {
  for (size_t i = versions.size(); i-- > 0;) {
    const ModelVersion& version = versions[i];
    if (Has(serving_, version)) return &version;
    const bool worth_a_try = trust == Trust::kAll || (Has(seen_, version) && !Has(failed_, version));
    if (worth_a_try && TryLoad(version)) return &version;
    // Its files changed to something that is not whole or not sound: it serves from what it was loaded from.
    if (serving_.count({version.name, version.version}) > 0) return &version;
  }
  return nullptr;
}

bool ModelManager::TryLoad(const ModelVersion& version) {
  const Key key(version.name, version.version);
  registry_.SetLoading(version.name, version.version);
  absl::StatusOr<std::shared_ptr<const ServedModel>> model = loader_.Load(version);
  if (!model.ok()) {
    LogError(std::string(model.status().message()));
    failed_[key] = version.fingerprint;
    registry_.SetFailed(version.name, version.version, model.status());
    return false;
  }
  failed_.erase(key);
  serving_[key] = version.fingerprint;
  registry_.Publish(*std::move(model));
  on_change_();
  return true;
}

void ModelManager::Remove(const Key& key) {
  LogInfo("unloaded", {{"model", key.first}, {"version", std::to_string(key.second)}});
  serving_.erase(key);
  failed_.erase(key);
  registry_.Remove(key.first, key.second);
  on_change_();
}

// Models of which no version is left on disk, and failed versions that are gone.
void ModelManager::RemoveGone(const Fingerprints& found) {
  std::vector<Key> gone;
  for (const auto& [key, fingerprint] : serving_) {
    const auto any = found.lower_bound({key.first, 0});
    if (any == found.end() || any->first.first != key.first) gone.push_back(key);
  }
  for (const auto& [key, fingerprint] : failed_) {
    if (found.count(key) == 0 && serving_.count(key) == 0) gone.push_back(key);
  }
  for (const Key& key : gone) Remove(key);
}

}  // namespace baryon
