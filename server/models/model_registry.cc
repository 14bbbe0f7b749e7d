#include "server/models/model_registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/status_macros.h"
#include "server/quote.h"
#include "server/refusal.h"

namespace baryon {
namespace {

constexpr absl::Duration kRetryLoading = absl::Seconds(1);

// The first few of `names`, for messages.
std::string Listed(const std::vector<std::string>& names) {
  constexpr size_t kMost = 20;
  if (names.empty()) return "none";
  if (names.size() <= kMost) return absl::StrJoin(names, ", ");
  return absl::StrCat(absl::StrJoin(names.begin(), names.begin() + kMost, ", "), " and ", names.size() - kMost,
                      " more");
}

absl::Status WhyNotServing(const ModelRegistry::Entry& entry) {
  const std::string who = absl::StrCat("model ", Quote(entry.name), " version ", entry.version);
  switch (entry.state) {
    case ModelRegistry::State::kLoading:
      return Refuse(Refusal::kModelLoading, absl::StrCat(who, " is still loading"), kRetryLoading);
    case ModelRegistry::State::kEvicted:
      return Refuse(Refusal::kModelLoading, absl::StrCat(who, " made room for others and is being loaded again"),
                    kRetryLoading);
    default:
      return absl::FailedPreconditionError(absl::StrCat(who, " could not be loaded: ", entry.error.message()));
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ServedModel>> ModelRegistry::Find(absl::string_view name, int64_t version) const {
  bool wanted = false;
  absl::StatusOr<std::shared_ptr<const ServedModel>> found = std::shared_ptr<const ServedModel>();
  {
    absl::ReaderMutexLock lock(&mutex_);
    found = FindHere(name, version);
    if (!found.ok()) wanted = WasEvicted(name);
  }
  if (wanted) on_wanted_(std::string(name));
  return found;
}

bool ModelRegistry::WasEvicted(absl::string_view name) const {
  const auto versions = models_.find(name);
  return versions != models_.end() &&
         std::any_of(versions->second.begin(), versions->second.end(),
                     [](const auto& version) { return version.second.state == State::kEvicted; });
}

absl::StatusOr<std::shared_ptr<const ServedModel>> ModelRegistry::FindHere(absl::string_view name,
                                                                           int64_t version) const {
  const auto versions = models_.find(name);
  if (versions == models_.end()) {
    std::vector<std::string> serving;
    for (const auto& [known, entries] : models_) {
      if (AnyServes(entries)) serving.push_back(known);
    }
    return absl::NotFoundError(absl::StrCat("no model is called ", Quote(name), "; loaded: ", Listed(serving)));
  }
  if (version == 0) {
    for (auto entry = versions->second.rbegin(); entry != versions->second.rend(); ++entry) {
      if (entry->second.model != nullptr) return entry->second.model;
    }
    return WhyNotServing(versions->second.rbegin()->second);
  }
  const auto entry = versions->second.find(version);
  if (entry == versions->second.end()) {
    std::vector<std::string> loaded;
    for (const auto& [number, known] : versions->second) {
      if (known.model != nullptr) loaded.push_back(absl::StrCat(number));
    }
    return absl::NotFoundError(
        absl::StrCat("model ", Quote(name), " has no version ", version, "; loaded: ", Listed(loaded)));
  }
  if (entry->second.model == nullptr) return WhyNotServing(entry->second);
  return entry->second.model;
}

absl::StatusOr<std::shared_ptr<const ServedModel>> ModelRegistry::FindLabel(absl::string_view name,
                                                                            absl::string_view label) const {
  const std::map<std::string, int64_t> labels = LabelsOf(name);
  const auto found = labels.find(std::string(label));
  if (found != labels.end()) return Find(name, found->second);
  BARYON_RETURN_IF_ERROR(Find(name).status());
  std::vector<std::string> known;
  for (const auto& [text, version] : labels) known.push_back(text);
  return absl::NotFoundError(
      absl::StrCat("model ", Quote(name), " has no label ", Quote(label), "; labels: ", Listed(known)));
}

std::vector<ModelRegistry::Entry> ModelRegistry::List() const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<Entry> entries;
  for (const auto& [name, versions] : models_) {
    for (const auto& [version, entry] : versions) entries.push_back(entry);
  }
  return entries;
}

int ModelRegistry::num_models() const {
  absl::ReaderMutexLock lock(&mutex_);
  return static_cast<int>(
      std::count_if(models_.begin(), models_.end(), [](const auto& model) { return AnyServes(model.second); }));
}

bool ModelRegistry::AnyServes(const Versions& versions) {
  return std::any_of(versions.begin(), versions.end(),
                     [](const auto& version) { return version.second.model != nullptr; });
}

ModelRegistry::Entry& ModelRegistry::At(const std::string& name, int64_t version) {
  Entry& entry = models_[name][version];
  entry.name = name;
  entry.version = version;
  return entry;
}

void ModelRegistry::SetLoading(const std::string& name, int64_t version) {
  absl::MutexLock lock(&mutex_);
  At(name, version).state = State::kLoading;
}

void ModelRegistry::SetFailed(const std::string& name, int64_t version, absl::Status error) {
  absl::MutexLock lock(&mutex_);
  Entry& entry = At(name, version);
  entry.state = State::kFailed;
  entry.error = std::move(error);
}

void ModelRegistry::Settle(const std::string& name, int64_t version) {
  absl::MutexLock lock(&mutex_);
  const auto versions = models_.find(name);
  if (versions == models_.end()) return;
  const auto entry = versions->second.find(version);
  if (entry == versions->second.end() || entry->second.state == State::kEvicted) return;
  entry->second.error = absl::OkStatus();
  entry->second.state = State::kReady;
  if (entry->second.model != nullptr) return;
  versions->second.erase(entry);
  if (versions->second.empty()) models_.erase(versions);
}

std::shared_ptr<const ServedModel> ModelRegistry::Publish(std::shared_ptr<const ServedModel> model) {
  absl::MutexLock lock(&mutex_);
  Entry& entry = At(model->name(), model->version());
  entry.state = State::kReady;
  entry.error = absl::OkStatus();
  std::swap(entry.model, model);
  return model;
}

std::shared_ptr<const ServedModel> ModelRegistry::Remove(const std::string& name, int64_t version) {
  absl::MutexLock lock(&mutex_);
  const auto versions = models_.find(name);
  if (versions == models_.end()) return nullptr;
  const auto entry = versions->second.find(version);
  if (entry == versions->second.end()) return nullptr;
  std::shared_ptr<const ServedModel> removed = std::move(entry->second.model);
  versions->second.erase(entry);
  if (versions->second.empty()) {
    models_.erase(versions);
    labels_.erase(name);
  }
  return removed;
}

std::shared_ptr<const ServedModel> ModelRegistry::Evict(const std::string& name, int64_t version) {
  absl::MutexLock lock(&mutex_);
  Entry& entry = At(name, version);
  entry.state = State::kEvicted;
  return std::move(entry.model);
}

void ModelRegistry::SetLabels(const std::string& name, std::map<std::string, int64_t> labels) {
  absl::MutexLock lock(&mutex_);
  if (labels.empty()) {
    labels_.erase(name);
  } else {
    labels_[name] = std::move(labels);
  }
}

std::map<std::string, int64_t> ModelRegistry::LabelsOf(absl::string_view name) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto labels = labels_.find(name);
  return labels == labels_.end() ? std::map<std::string, int64_t>() : labels->second;
}

}  // namespace baryon
