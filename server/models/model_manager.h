// Keeps what is loaded in step with what is on disk and what was asked for.
#ifndef BARYON_SERVER_MODELS_MODEL_MANAGER_H_
#define BARYON_SERVER_MODELS_MODEL_MANAGER_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/models/loader_pool.h"
#include "server/models/model_loader.h"
#include "server/models/model_registry.h"
#include "server/models/model_repository.h"
#include "server/models/uploaded_model.h"

namespace baryon {

// Of every model the versions of its policy serve (ChooseVersions). A new one is published before an old one goes; one
// that cannot be loaded is reported and changes nothing, and is tried again when its files change. A model whose folder
// is gone stops serving. Several models load at once, on the threads of a TaskRunner; what is asked of one model
// happens in the order in which it was asked, and the last request decides.
//
// When models are loaded by request, that holds for the models named one by one and those that Load asked for; the rest
// of the repository is left alone. Thread-safe.
class ModelManager {
 public:
  // What Update may take for complete.
  enum class Trust {
    kAll,     // everything that is there: at the start, and when somebody says so (SIGHUP, Load)
    kStable,  // only files that were the same at the last update: others may be in the middle of being copied
  };

  // Which models serve.
  enum class Choice {
    kAll,        // all of the repository
    kByRequest,  // those that were asked for
  };

  struct Options {
    Choice choice = Choice::kAll;
    int64_t max_memory_bytes = 0;  // of all models together; 0: no limit
    // When a model does not fit, those that were not used for longest make room. They are loaded again when somebody
    // asks for them.
    bool evict = false;
  };

  // Gets the outcome of a request, once, on any thread.
  using Done = absl::AnyInvocable<void(const absl::Status& status)>;

  // `loader`, `registry` and `runner` outlive the manager.
  ModelManager(ModelRepository repository, const ModelLoader& loader, ModelRegistry& registry, TaskRunner& runner,
               Options options);
  ~ModelManager();  // Stop
  ModelManager(const ModelManager&) = delete;
  ModelManager& operator=(const ModelManager&) = delete;

  // Called after each model that begins or ends to serve, on any thread. Set before Start and Update.
  void OnChange(std::function<void()> callback) { on_change_ = std::move(callback); }

  // Loads everything, calls `loaded` on a thread of its own, and from then on updates every `poll_interval` (infinite:
  // never) and when Rescan asks for it.
  void Start(absl::Duration poll_interval, std::function<void()> loaded);
  void Rescan();  // returns at once
  // Gives up the loads that are under way and refuses requests from now on; what serves goes on. GiveUp returns at
  // once, Stop when no load runs any more.
  void GiveUp();
  void Stop();

  // Loads the model from what is on disk now, also when it serves already, with `config` in place of its config.pbtxt
  // when given; from `files` in place of the repository's when there are some, until it is loaded or unloaded again.
  // `done` is called when it serves. Errors: FAILED_PRECONDITION, models are not loaded by request;
  // NOT_FOUND; CANCELLED, it was unloaded meanwhile; UNAVAILABLE, the manager stops; why the most wanted version could
  // not be loaded.
  void Load(std::string name, Done done, std::optional<inference::ModelConfig> config = std::nullopt,
            std::shared_ptr<const UploadedModel> files = nullptr);
  // Takes the model out of service; requests that have found it are still answered. `done` is called when it no longer
  // serves, or, with `wait_until_freed`, when the last of them was answered and its memory was given back. Errors:
  // FAILED_PRECONDITION; NOT_FOUND, it is not loaded; UNAVAILABLE.
  void Unload(std::string name, Done done, bool wait_until_freed = false);

  // Every version on disk, loaded or not; see ModelRepository::Scan.
  absl::StatusOr<std::vector<ModelVersion>> OnDisk() const { return repository_.Scan(); }

  // What was on disk at some time.
  struct Scan {
    int64_t number = 0;  // when it began: scans have ascending numbers
    absl::StatusOr<std::vector<ModelVersion>> found;
  };
  // One look at the disk, and what follows from it; loads go to the runner. A request to load a model may come between
  // the two: it has looked itself, and an older scan no longer counts for that model.
  Scan LookAtDisk();
  void Follow(Scan scan, Trust trust);
  void Update(Trust trust) { Follow(LookAtDisk(), trust); }

 private:
  // What is known of a version. Fingerprints are of its files and of what its configuration says about running it.
  struct Version {
    std::string seen_as;   // at the last look; empty: it was not there
    std::string whole_as;  // so it may be taken for complete
    std::string serves_from;
    std::string loads_from;  // empty: it is not being loaded
    std::string failed_from;
    absl::Status error;
    std::stop_source stop;   // of the load under way
    int64_t load = 0;        // its number
    int64_t load_bytes = 0;  // it will need, as far as one can say
  };
  struct Order {
    bool load = false;  // else: unload
    std::optional<inference::ModelConfig> config;
    std::shared_ptr<const UploadedModel> files;
    bool wait_until_freed = false;
    Done done;
    bool begun = false;
  };
  // One name.
  struct Model {
    std::vector<ModelVersion> found;  // on disk, ascending
    int64_t last_scan = 0;            // for a request to load it: scans that began before do not count any more
    std::map<int64_t, Version> versions;
    std::string config_seen_as, config_read_from;
    std::optional<inference::ModelConfig> given_config;
    std::shared_ptr<const UploadedModel> given_files;  // in place of the repository's
    ModelSettings settings;
    std::string settings_key;     // of what a version was loaded with
    absl::Status settings_error;  // of the configuration that is there now
    bool wanted = false;
    bool evicted = false;
    std::deque<Order> orders;  // the first is being obeyed
  };
  // What is done once the lock is released.
  struct Effects {
    std::vector<std::function<void()>> tasks;                  // for the runner
    std::vector<std::shared_ptr<const ServedModel>> released;  // a model frees its weights outside of the lock
    std::vector<std::function<void()>> calls;
    bool changed = false;
    bool loaded = false;
  };

  void Enqueue(std::string name, Order order);
  void Perform(Effects effects);
  void Run(absl::Duration poll_interval);

  void Look(const std::string& name, Model& model, std::vector<ModelVersion> found, Trust trust)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ReadSettings(const std::string& name, Model& model) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Reconcile(const std::string& name, Model& model, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartLoad(const std::string& name, Model& model, const ModelVersion& version, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LoadNow(const std::string& name, int64_t number, int64_t load, const ModelVersion& version,
               const ModelSettings& settings, const std::stop_token& stop);
  static void Outlast(const std::vector<std::shared_ptr<const ServedModel>>& models);
  void FinishLoad(const std::string& name, int64_t number, int64_t load,
                  absl::StatusOr<std::shared_ptr<const ServedModel>> result, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Fail(const std::string& name, int64_t number, Version& version, const std::string& fingerprint,
            absl::Status error) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Retire(const std::string& name, Model& model, int64_t number, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RetireAll(const std::string& name, Model& model, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetIfGone(const std::string& name, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Obey(const std::string& name, Model& model, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<absl::Status> BeginLoad(const std::string& name, Model& model, Effects& effects)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status OutcomeOf(const Model& model) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Unloaded(const std::string& name, Model& model, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Wake(const std::string& name);
  int64_t UsedBytes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status MakeRoom(const std::string& name, int64_t bytes, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool EvictOne(const std::string& besides, Effects& effects) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  static bool IsLoading(const Model& model);
  static std::string FingerprintOf(const Model& model, const ModelVersion& version);
  bool no_loads() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return loads_ == 0; }

  const ModelRepository repository_;
  const ModelLoader& loader_;
  ModelRegistry& registry_;
  TaskRunner& runner_;
  const Options options_;
  std::function<void()> on_change_ = [] {};
  std::function<void()> on_loaded_ = [] {};

  absl::Mutex mutex_;
  std::map<std::string, Model> models_ ABSL_GUARDED_BY(mutex_);
  int64_t loads_ ABSL_GUARDED_BY(mutex_) = 0;             // whose tasks are with the runner
  int64_t unfinished_loads_ ABSL_GUARDED_BY(mutex_) = 0;  // of those, that have no outcome yet
  int64_t next_load_ ABSL_GUARDED_BY(mutex_) = 1;
  int64_t scans_ ABSL_GUARDED_BY(mutex_) = 0;      // of the repository, that have begun
  bool starting_ ABSL_GUARDED_BY(mutex_) = false;  // `loaded` is still to be called
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::mutex poll_mutex_;
  std::condition_variable poll_;
  bool poll_stopping_ = false, rescan_ = false;  // guarded by poll_mutex_
  std::thread thread_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_MODEL_MANAGER_H_
