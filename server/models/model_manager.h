// Keeps what is loaded in step with what is on disk.
#ifndef BARYON_SERVER_MODELS_MODEL_MANAGER_H_
#define BARYON_SERVER_MODELS_MODEL_MANAGER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
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
// All work is done on one thread: that of Start, or the caller's of Update.
class ModelManager {
 public:
  // What Update may take for complete.
  enum class Trust {
    kAll,     // everything that is there: at the start, and when somebody says so (SIGHUP)
    kStable,  // only files that were the same at the last update: others may be in the middle of being copied
  };

  // `loader` and `registry` outlive the manager.
  ModelManager(ModelRepository repository, const ModelLoader& loader, ModelRegistry& registry);
  ~ModelManager();  // ends the thread, after the load that is under way
  ModelManager(const ModelManager&) = delete;
  ModelManager& operator=(const ModelManager&) = delete;

  // Called after each model that begins or ends to serve, on the thread that updates. Set before Start and Update.
  void OnChange(std::function<void()> callback) { on_change_ = std::move(callback); }

  // Loads everything on a thread of its own, calls `loaded`, and from then on updates every `poll_interval` (infinite:
  // never) and when Rescan asks for it.
  void Start(absl::Duration poll_interval, std::function<void()> loaded);
  void Rescan();  // thread-safe, returns at once

  // One look at the disk and what follows from it. For the manager's thread and for tests.
  void Update(Trust trust);

 private:
  // A version by name and number, and what its files looked like.
  using Key = std::pair<std::string, int64_t>;
  using Fingerprints = std::map<Key, std::string>;

  void Run(absl::Duration poll_interval, const std::function<void()>& loaded);
  void UpdateModel(absl::Span<const ModelVersion> versions, Trust trust);
  const ModelVersion* ChooseVersion(absl::Span<const ModelVersion> versions, Trust trust);
  bool TryLoad(const ModelVersion& version);
  void Remove(const Key& key);
  void RemoveGone(const Fingerprints& found);
  bool stopping() const;
  bool HasNews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_ || rescan_; }

  const ModelRepository repository_;
  const ModelLoader& loader_;
  ModelRegistry& registry_;
  std::function<void()> on_change_ = [] {};

  // Of the one thread that updates.
  Fingerprints serving_;  // what the versions that serve were loaded from
  Fingerprints failed_;   // what could not be loaded
  Fingerprints seen_;     // at the last update

  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool rescan_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_MODEL_MANAGER_H_
