// Folders that appear all at once.
#ifndef BARYON_ENGINE_STORE_STAGING_H_
#define BARYON_ENGINE_STORE_STAGING_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace baryon::store {

// A place to build a folder in, on the file system where it shall appear. What is there goes with the object; what a
// killed process leaves is removed by the next staging of the same name. One staging of a name at a time: the caller
// holds a lock. One thread.
class Staging {
 public:
  // The folder `root`/`name`, empty. Errors here and below: what the system says, with the path.
  static absl::StatusOr<Staging> Create(const std::string& root, const std::string& name);
  ~Staging();
  Staging(Staging&& other) noexcept;
  Staging& operator=(Staging&&) = delete;

  const std::string& path() const { return path_; }

  // A new empty folder inside.
  absl::StatusOr<std::string> MakeFolder(const std::string& name) const;

  // Shows `folder`, a part of the staging whose files have reached the disk, as `target`, in the place of what is
  // there: at every moment and after a crash `target` is the old folder or the new one, whole.
  absl::Status Publish(const std::string& folder, const std::string& target) const;

 private:
  explicit Staging(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// `path` and the folders above it that are missing. Errors: what the system says.
absl::Status MakeFolders(const std::string& path);

// `path` with everything in it; OK when there is none. Errors: what the system says.
absl::Status RemoveFolder(const std::string& path);

// The bytes of the file `from` as the new file `to`; they have reached the disk. Errors: those of reading and writing.
absl::Status CopyFile(const std::string& from, const std::string& to);

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_STAGING_H_
