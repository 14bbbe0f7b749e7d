// Models whose files come with the request to load them: Triton's parameters "file:VERSION/NAME".
#ifndef BARYON_SERVER_MODELS_UPLOADED_MODEL_H_
#define BARYON_SERVER_MODELS_UPLOADED_MODEL_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace baryon {

struct UploadedFile {
  std::string path;  // "1/model-symbol.json", or "labels.txt" and the like for all versions
  std::string contents;
};

// The folder of one, below the system's folder for temporary files and readable by this user alone. It goes with the
// object. Immutable after construction; thread-safe.
class UploadedModel {
 public:
  // Writes `files`. Errors: INVALID_ARGUMENT, `name` is no name of a model, a path is not of the form above, or there
  // are none, two of one path or more than a thousand; those of writing, after which nothing is left.
  static absl::StatusOr<std::shared_ptr<const UploadedModel>> Store(const std::string& name,
                                                                    const std::vector<UploadedFile>& files);
  ~UploadedModel();
  UploadedModel(const UploadedModel&) = delete;
  UploadedModel& operator=(const UploadedModel&) = delete;

  const std::string& path() const { return path_; }  // of the model: what FindModelFiles takes

 private:
  explicit UploadedModel(std::string root, const std::string& name)
      : root_(std::move(root)), path_(root_ + "/" + name) {}

  const std::string root_, path_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_UPLOADED_MODEL_H_
