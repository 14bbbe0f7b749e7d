// The bytes of a request, in one piece and in memory that counts against a budget.
#ifndef BARYON_SERVER_HTTP_HTTP_BODY_H_
#define BARYON_SERVER_HTTP_HTTP_BODY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"

namespace baryon {

// How many bytes all bodies of a server together may take. Thread-safe.
class BodyBudget {
 public:
  explicit BodyBudget(int64_t max_bytes) : max_bytes_(max_bytes) {}

  bool Take(int64_t bytes) {
    if (used_.fetch_add(bytes) + bytes <= max_bytes_) return true;
    used_.fetch_sub(bytes);
    return false;
  }
  void GiveBack(int64_t bytes) { used_.fetch_sub(bytes); }
  int64_t used() const { return used_; }

 private:
  const int64_t max_bytes_;
  std::atomic<int64_t> used_{0};
};

// Grows by appending. Byte `aligned_offset` lies at a multiple of 64, so that an array that starts there can be used
// where it is; kPadding zeros follow the last byte, for readers that look at whole vectors. One thread.
class HttpBody {
 public:
  static constexpr size_t kPadding = 64, kAlignment = 64;

  HttpBody() = default;
  // A handler may keep a body longer than the server lives; thus it shares the budget.
  explicit HttpBody(std::shared_ptr<BodyBudget> budget, size_t aligned_offset = 0)
      : budget_(std::move(budget)), shift_((kAlignment - aligned_offset % kAlignment) % kAlignment) {}
  ~HttpBody() { Release(); }
  HttpBody(HttpBody&& other) noexcept;
  HttpBody& operator=(HttpBody&& other) noexcept;

  // Room for `capacity` bytes in all. False when the budget or the memory does not reach; nothing has changed then.
  bool Reserve(size_t capacity);
  // Appends, with room for more than that when it has to grow, up to `limit` bytes in all. False as Reserve, or when
  // the limit does not reach.
  bool Append(absl::string_view bytes, size_t limit);

  // The room behind the last byte, to be written and then counted in. At most capacity() - size().
  char* tail() { return memory_.get() + shift_ + size_; }
  void Grow(size_t bytes);

  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  absl::string_view view() const { return absl::string_view(memory_ ? memory_.get() + shift_ : kNothing, size_); }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  static const char kNothing[kPadding];

  void Release();

  std::shared_ptr<BodyBudget> budget_;
  size_t shift_ = 0, size_ = 0, capacity_ = 0;
  std::unique_ptr<char, Free> memory_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_HTTP_HTTP_BODY_H_
