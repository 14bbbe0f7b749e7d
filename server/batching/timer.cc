#include "server/batching/timer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/batching/clock.h"

namespace baryon {

Timer::Timer() : thread_([this] { Run(); }) {}

Timer::~Timer() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    hurrying_ = stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Timer::Hurry() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    hurrying_ = true;
  }
  changed_.notify_one();
}

void Timer::At(absl::Time time, std::function<void()> call) {
  bool first = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto place = calls_.emplace(time, std::move(call));
    first = place == calls_.begin();
  }
  if (first) changed_.notify_one();
}

void Timer::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    if (calls_.empty()) {
      if (stopping_) return;
      changed_.wait(lock);
      continue;
    }
    const absl::Duration left = calls_.begin()->first - MonotonicNow();
    if (left > absl::ZeroDuration() && !hurrying_) {
      // Bounded, so that a time in the far future does not overflow the clock.
      changed_.wait_for(lock, absl::ToChronoNanoseconds(std::min(left, absl::Hours(1))));
      continue;
    }
    const std::function<void()> call = std::move(calls_.begin()->second);
    calls_.erase(calls_.begin());
    lock.unlock();
    call();
    lock.lock();
  }
}

}  // namespace baryon
