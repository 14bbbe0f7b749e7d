// What is loaded now.
#ifndef BARYON_SERVER_MODELS_MODEL_REGISTRY_H_
#define BARYON_SERVER_MODELS_MODEL_REGISTRY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "server/models/served_model.h"

namespace baryon {

// Model versions by name and number. A version serves from the moment its pointer is stored here until it is removed;
// requests that found it before keep it alive until they are answered. Thread-safe; Find copies one pointer under a
// lock nobody holds for longer.
class ModelRegistry {
 public:
  // kEvicted: it was unloaded to make room for others, and is loaded again when somebody asks for it.
  enum class State { kLoading, kReady, kFailed, kEvicted };

  struct Entry {
    std::string name;
    int64_t version = 0;
    State state = State::kLoading;
    absl::Status error;                        // of the last load, when it failed
    std::shared_ptr<const ServedModel> model;  // also while a newer load of the same version goes on or failed
  };

  // The version of that number, or the highest that serves when it is 0. Errors:
  //   NOT_FOUND            model "resnet18" has no version 7; loaded: 5, 6
  //   UNAVAILABLE          model "resnet18" version 7 is still loading (a Refusal, with the time to come again)
  //   FAILED_PRECONDITION  model "resnet18" version 7 could not be loaded: why
  absl::StatusOr<std::shared_ptr<const ServedModel>> Find(absl::string_view name, int64_t version = 0) const;
  // The version that a label stands for. Errors: NOT_FOUND, model "resnet18" has no label "canary"; labels: stable;
  // those of Find.
  absl::StatusOr<std::shared_ptr<const ServedModel>> FindLabel(absl::string_view name, absl::string_view label) const;

  // Everything known, ordered by name and version.
  std::vector<Entry> List() const;
  // The number of models (not versions) that serve.
  int num_models() const;

  // Called with the name of a model that was evicted and is asked for; set before requests come.
  void OnWanted(std::function<void(const std::string& name)> callback) { on_wanted_ = std::move(callback); }

  // The labels of a model, in place of those it had. They may name versions that do not serve yet.
  void SetLabels(const std::string& name, std::map<std::string, int64_t> labels);
  std::map<std::string, int64_t> LabelsOf(absl::string_view name) const;

  // A version that serves goes on doing so through these two.
  void SetLoading(const std::string& name, int64_t version);
  void SetFailed(const std::string& name, int64_t version, absl::Status error);
  // What was said about a load no longer holds: the version serves as before, or is forgotten.
  void Settle(const std::string& name, int64_t version);
  // Serves `model` from now on, in place of what served under its name and version, which it gives back.
  std::shared_ptr<const ServedModel> Publish(std::shared_ptr<const ServedModel> model);
  // Forgets the version, and gives back what served. Requests that found it may keep it for a while.
  std::shared_ptr<const ServedModel> Remove(const std::string& name, int64_t version);
  // The same, but remembers that it was there.
  std::shared_ptr<const ServedModel> Evict(const std::string& name, int64_t version);

 private:
  using Versions = std::map<int64_t, Entry>;

  static bool AnyServes(const Versions& versions);
  absl::StatusOr<std::shared_ptr<const ServedModel>> FindHere(absl::string_view name, int64_t version) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  bool WasEvicted(absl::string_view name) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  Entry& At(const std::string& name, int64_t version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<std::string, Versions, std::less<>> models_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::map<std::string, int64_t>, std::less<>> labels_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const std::string& name)> on_wanted_ = [](const std::string&) {};
};

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_MODEL_REGISTRY_H_
