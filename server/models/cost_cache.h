// Measured costs, kept between runs of the program.
#ifndef BARYON_SERVER_MODELS_COST_CACHE_H_
#define BARYON_SERVER_MODELS_COST_CACHE_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/batching/cost_table.h"

namespace baryon {

// One small file a key in a folder. A file that is damaged, or belongs to another key of the same hash, is as good as
// none. Thread-safe, and several processes may use one folder.
class CostCache {
 public:
  // `folder` is made when something is stored; empty: nothing is kept.
  explicit CostCache(std::string folder) : folder_(std::move(folder)) {}

  std::optional<CostTable> Load(absl::string_view key) const;
  // Errors: of the file system.
  absl::Status Store(absl::string_view key, const CostTable& table) const;

 private:
  std::string PathOf(absl::string_view key) const;

  const std::string folder_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_COST_CACHE_H_
