#include "server/http/http_body.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/base/check.h"

namespace baryon {

const char HttpBody::kNothing[kPadding] = {};

HttpBody::HttpBody(HttpBody&& other) noexcept { *this = std::move(other); }

HttpBody& HttpBody::operator=(HttpBody&& other) noexcept {
  if (this == &other) return *this;
  Release();
  budget_ = other.budget_;
  shift_ = other.shift_;
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  memory_ = std::move(other.memory_);
  return *this;
}

void HttpBody::Release() {
  memory_.reset();
  if (budget_ != nullptr) budget_->GiveBack(static_cast<int64_t>(capacity_));
  size_ = capacity_ = 0;
}

bool HttpBody::Reserve(size_t capacity) {
  if (capacity <= capacity_) return true;
  const auto more = static_cast<int64_t>(capacity - capacity_);
  if (budget_ != nullptr && !budget_->Take(more)) return false;
  const size_t bytes = (shift_ + capacity + kPadding + kAlignment - 1) / kAlignment * kAlignment;
  std::unique_ptr<char, Free> memory(static_cast<char*>(std::aligned_alloc(kAlignment, bytes)));
  if (memory == nullptr) {
    if (budget_ != nullptr) budget_->GiveBack(more);
    return false;
  }
  if (size_ > 0) std::memcpy(memory.get() + shift_, memory_.get() + shift_, size_);
  memory_ = std::move(memory);
  capacity_ = capacity;
  Grow(0);
  return true;
}

bool HttpBody::Append(absl::string_view bytes, size_t limit) {
  if (bytes.size() > limit - std::min(limit, size_)) return false;
  const size_t needed = size_ + bytes.size();
  if (needed > capacity_ && !Reserve(std::min(limit, std::max(needed, 2 * capacity_)))) return false;
  if (bytes.empty()) return true;
  std::memcpy(tail(), bytes.data(), bytes.size());
  Grow(bytes.size());
  return true;
}

void HttpBody::Grow(size_t bytes) {
  BARYON_DCHECK(bytes <= capacity_ - size_);
  size_ += bytes;
  std::memset(tail(), 0, kPadding);
}

}  // namespace baryon
