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
  enum class State { kLoading, kReady, kFailed };

  struct Entry {
    std::string name;
    int64_t version = 0;
    State state = State::kLoading;
    absl::Status error;                        // of the last load, when it failed
    std::shared_ptr<const ServedModel> model;  // also while a newer load of the same version goes on or failed
  };

  // The version of that number, or the highest that serves when it is 0. Errors:
  //   NOT_FOUND            model "resnet18" has no version 7; loaded: 5, 6
  //   UNAVAILABLE          model "resnet18" version 7 is still loading
  //   FAILED_PRECONDITION  model "resnet18" version 7 could not be loaded: why
  absl::StatusOr<std::shared_ptr<const ServedModel>> Find(absl::string_view name, int64_t version = 0) const;

  // Everything known, ordered by name and version.
  std::vector<Entry> List() const;
  // The number of models (not versions) that serve.
  int num_models() const;

  // A version that serves goes on doing so through these two.
  void SetLoading(const std::string& name, int64_t version);
  void SetFailed(const std::string& name, int64_t version, absl::Status error);
  // Serves `model` from now on, in place of what served under its name and version.
  void Publish(std::shared_ptr<const ServedModel> model);
  void Remove(const std::string& name, int64_t version);

 private:
  using Versions = std::map<int64_t, Entry>;

  static bool AnyServes(const Versions& versions);
  Entry& At(const std::string& name, int64_t version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<std::string, Versions, std::less<>> models_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_MODEL_REGISTRY_H_
