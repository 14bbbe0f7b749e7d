// Shared memory of a test's own.
#ifndef BARYON_SERVER_TESTING_SHARED_OBJECT_H_
#define BARYON_SERVER_TESTING_SHARED_OBJECT_H_

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "engine/base/check.h"

namespace baryon {

// A POSIX shared memory object; gone at the end. One thread.
class SharedObject {
 public:
  explicit SharedObject(absl::string_view contents) : key_(absl::StrCat("/baryon_test_", getpid(), "_", Next())) {
    descriptor_ = shm_open(key_.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
    BARYON_CHECK(descriptor_ >= 0);
    BARYON_CHECK(pwrite(descriptor_, contents.data(), contents.size(), 0) == static_cast<ssize_t>(contents.size()));
  }
  ~SharedObject() {
    close(descriptor_);
    shm_unlink(key_.c_str());
  }
  SharedObject(const SharedObject&) = delete;
  SharedObject& operator=(const SharedObject&) = delete;

  const std::string& key() const { return key_; }

  std::string Contents() const {
    struct stat status {};
    BARYON_CHECK(fstat(descriptor_, &status) == 0);
    std::string contents(status.st_size, '\0');
    BARYON_CHECK(pread(descriptor_, contents.data(), contents.size(), 0) == static_cast<ssize_t>(contents.size()));
    return contents;
  }
  void Truncate(size_t size) { BARYON_CHECK(ftruncate(descriptor_, static_cast<off_t>(size)) == 0); }

 private:
  static int Next() {
    static int count = 0;
    return ++count;
  }

  const std::string key_;
  int descriptor_ = -1;
};

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_SHARED_OBJECT_H_
