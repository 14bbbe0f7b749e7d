// Keeps what is loaded in step with what is on disk.
#ifndef BARYON_SERVER_MODELS_MODEL_MANAGER_H_
#define BARYON_SERVER_MODELS_MODEL_MANAGER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/models/model_loader.h"
#include "server/models/model_registry.h"
#include "server/models/model_repository.h"

namespace baryon {

// Of every model the highest version that can be loaded serves. A new one is published before the old one goes; one
// that cannot be loaded is reported and changes nothing, and is tried again when its files change. A model whose folder
// is gone stops serving.
//
// When models are loaded by request, that holds for the models named one by one and those that Load asked for; the rest
// of the repository is left alone.
//
// All work is done on one thread: that of Start, or the caller's of Update.
class ModelManager {
 public:
  // What Update may take for complete.
  enum class Trust {
    kAll,     // everything that is there: at the start, and when somebody says so (SIGHUP)
    kStable,  // only files that were the same at the last update: others may be in the middle of being copied
  };

  // Which models serve.
  enum class Choice {
    kAll,        // all of the repository
    kByRequest,  // those that were asked for
  };
  // Gets the outcome of a request, once, on the thread that updates or on the caller's.
  using Done = absl::AnyInvocable<void(const absl::Status& status)>;

  // `loader` and `registry` outlive the manager.
  ModelManager(ModelRepository repository, const ModelLoader& loader, ModelRegistry& registry,
               Choice choice = Choice::kAll);
  ~ModelManager();  // ends the thread, after the load that is under way; requests behind it are UNAVAILABLE
  ModelManager(const ModelManager&) = delete;
  ModelManager& operator=(const ModelManager&) = delete;

  // Called after each model that begins or ends to serve, on the thread that updates. Set before Start and Update.
  void OnChange(std::function<void()> callback) { on_change_ = std::move(callback); }

  // Loads everything on a thread of its own, calls `loaded`, and from then on updates every `poll_interval` (infinite:
  // never) and when Rescan asks for it.
  void Start(absl::Duration poll_interval, std::function<void()> loaded);
  void Rescan();  // thread-safe, returns at once

  // Loads the model from what is on disk now, also when it serves already; takes it out of service, where requests that
  // have found it are still answered. Thread-safe; they return at once, and the thread of Start calls `done` when the
  // model serves, or no longer does. Errors: FAILED_PRECONDITION, models are not loaded by request; NOT_FOUND;
  // UNAVAILABLE, the manager goes; of Load, why the highest version could not be loaded.
  void Load(std::string name, Done done) { Enqueue({Order::Kind::kLoad, std::move(name), std::move(done)}); }
  void Unload(std::string name, Done done) { Enqueue({Order::Kind::kUnload, std::move(name), std::move(done)}); }

  // Every version on disk, loaded or not; see ModelRepository::Scan. Thread-safe.
  absl::StatusOr<std::vector<ModelVersion>> OnDisk() const { return repository_.Scan(); }

  // One look at the disk and what follows from it. For the manager's thread and for tests.
  void Update(Trust trust);

 private:
  // A version by name and number, and what its files looked like.
  using Key = std::pair<std::string, int64_t>;
  using Fingerprints = std::map<Key, std::string>;

  // What somebody asked for.
  struct Order {
    enum class Kind { kLoad, kUnload };
    Kind kind;
    std::string model;
    Done done;
  };

  void Enqueue(Order order);
  absl::Status Obey(const Order& order);
  absl::Status LoadNow(const std::string& name);
  absl::Status UnloadNow(const std::string& name);

  void Run(absl::Duration poll_interval, const std::function<void()>& loaded);
  void UpdateModel(absl::Span<const ModelVersion> versions, Trust trust);
  const ModelVersion* ChooseVersion(absl::Span<const ModelVersion> versions, Trust trust);
  bool TryLoad(const ModelVersion& version);
  void Remove(const Key& key);
  void RemoveGone(const Fingerprints& found);
  bool stopping() const;
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || rescan_ || !orders_.empty(); }

  const ModelRepository repository_;
  const ModelLoader& loader_;
  ModelRegistry& registry_;
  const Choice choice_;
  std::function<void()> on_change_ = [] {};

  // Of the one thread that updates.
  std::set<std::string> wanted_;  // the models that serve, when they are loaded by request
  Fingerprints serving_;          // what the versions that serve were loaded from
  Fingerprints failed_;           // what could not be loaded
  Fingerprints seen_;             // at the last update

  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool rescan_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Order> orders_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_MODEL_MANAGER_H_
