#include "engine/base/give_way.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "engine/base/thread_cpu_time.h"

namespace baryon {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Work as short as a pass of a small model, which is who feels it; not shorter, for sleeping takes the system some
// microseconds and another fifty until the thread wakes.
constexpr microseconds kPeriod(100);
constexpr int kRestPerWork = 9;
// Work of a small model, which is loaded before anybody notices, and would take ten times as long.
constexpr milliseconds kHeadStart(50);
// Work that the system does in one go, as clearing a large page, may take milliseconds.
constexpr milliseconds kLongestRest(20);
// In all. Somebody waits for the work too, and clients give up after a minute.
constexpr std::chrono::seconds kMostRest(30);
// Somebody who asks a model again and again is at work also while nothing runs.
constexpr milliseconds kOthersStay(5);

thread_local GiveWayScope* innermost = nullptr;

GiveWayScope::Duration Now() { return std::chrono::steady_clock::now().time_since_epoch(); }

void Sleep(GiveWayScope::Duration duration) { std::this_thread::sleep_for(duration); }

}  // namespace

GiveWayScope::GiveWayScope(std::function<bool()> others_worked)
    : GiveWayScope(std::move(others_worked), {Now, ThreadCpuTime, Sleep}) {}

GiveWayScope::GiveWayScope(std::function<bool()> others_worked, Timing timing)
    : others_worked_(std::move(others_worked)),
      timing_(std::move(timing)),
      outer_(std::exchange(innermost, this)),
      looked_(timing_.now()),
      worked_(timing_.worked() + kHeadStart),
      others_until_(looked_) {}

GiveWayScope::~GiveWayScope() { innermost = outer_; }

void GiveWayScope::RestIfDue() {
  const Duration now = timing_.now();
  if (now - looked_ < kPeriod) return;
  if (others_worked_()) others_until_ = now + kOthersStay;
  looked_ = now;
  const Duration worked = timing_.worked();
  if (worked <= worked_) return;
  const bool rests = now < others_until_ && rested_ < kMostRest;
  if (rests) Rest(std::min<Duration>((worked - worked_) * kRestPerWork, kLongestRest));
  worked_ = worked;
}

void GiveWayScope::Rest(Duration duration) {
  const Duration start = timing_.now();
  timing_.sleep(duration);
  looked_ = timing_.now();
  rested_ += looked_ - start;
}

void GiveWay() {
  if (innermost != nullptr) innermost->RestIfDue();
}

}  // namespace baryon
