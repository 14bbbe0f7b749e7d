// Damaged versions of a good file, for tests that a reader answers every one of them with a value or an error.
#ifndef BARYON_ENGINE_IO_TESTING_MUTATIONS_H_
#define BARYON_ENGINE_IO_TESTING_MUTATIONS_H_

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <string>

#include "absl/functional/function_ref.h"
#include "engine/base/check.h"

namespace baryon {

// `good` cut at every length, and with every byte changed in several ways, one at a time.
inline void ForEachMutation(const std::string& good, absl::FunctionRef<void(const std::string& bytes)> try_bytes) {
  for (size_t length = 0; length < good.size(); ++length) try_bytes(good.substr(0, length));
  std::string bytes = good;
  for (size_t i = 0; i < good.size(); ++i) {
    for (const int mask : {0x01, 0x10, 0x80, 0xFF}) {
      bytes[i] = static_cast<char>(good[i] ^ mask);
      try_bytes(bytes);
    }
    bytes[i] = good[i];
  }
}

// A file in memory, for readers that want a path.
class MemoryFile {
 public:
  explicit MemoryFile(const std::string& bytes) : descriptor_(memfd_create("baryon", MFD_CLOEXEC)) {
    BARYON_CHECK(write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  const int descriptor_;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_TESTING_MUTATIONS_H_
