// Tells ThreadSanitizer what Abseil's locks put in order. Debian's Abseil is a shared library built without the
// sanitizer: fields that such a lock guards would look like races. Linked into a program, these functions stand between
// it and that library, and between the other libraries (gRPC) and it: each calls the library's own and notes what the
// lock has ordered. Readers count as ordered too; that may hide a race between two of them, and reports none that is
// not one. In a program without ThreadSanitizer they only pass the calls on.
#include <cstddef>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "tests/sanitizers/before_library.h"

namespace baryon {
namespace {

// The library evaluates the conditions of other threads, on their stacks, when it unlocks: under the lock, but after
// the release is noted.
template <auto kOurs, typename Object, typename... Arguments>
auto Library(Object* object, const Arguments&... arguments) {
  static const auto next = Next(kOurs);
  const Unwatched unwatched;
  return (object->*next)(arguments...);
}

// At the end of a function that returns with the lock.
struct HappensAfterAtEnd {
  ~HappensAfterAtEnd() { HappensAfter(mutex); }
  absl::Mutex* mutex;
};

template <auto kOurs, typename... Arguments>
auto Lock(absl::Mutex* mutex, const Arguments&... arguments) {
  const HappensAfterAtEnd at_end{mutex};
  return Library<kOurs>(mutex, arguments...);
}

template <auto kOurs>
bool Try(absl::Mutex* mutex) {
  const bool locked = Library<kOurs>(mutex);
  if (locked) HappensAfter(mutex);
  return locked;
}

template <auto kOurs>
void Unlock(absl::Mutex* mutex) {
  HappensBefore(mutex);
  Library<kOurs>(mutex);
}

// Waits unlocked.
template <auto kOurs, typename... Arguments>
auto Await(absl::Mutex* mutex, const Arguments&... arguments) {
  HappensBefore(mutex);
  return Lock<kOurs>(mutex, arguments...);
}
template <auto kOurs, typename... Arguments>
auto Wait(absl::CondVar* variable, absl::Mutex* mutex, const Arguments&... arguments) {
  const HappensAfterAtEnd at_end{mutex};
  HappensBefore(mutex);
  return Library<kOurs>(variable, mutex, arguments...);
}

// HasBeenNotified, which is inline, reads the flag behind the notification's mutex.
const void* Flag(const absl::Notification* notification) {
  static_assert(sizeof(absl::Notification) == 2 * sizeof(absl::Mutex));
  return reinterpret_cast<const std::byte*>(notification) + sizeof(absl::Mutex);
}

template <auto kOurs, typename... Arguments>
bool AwaitNotified(const absl::Notification* notification, const Arguments&... arguments) {
  const bool notified = Library<kOurs>(notification, arguments...);
  if (notified) HappensAfter(Flag(notification));
  return notified;
}

}  // namespace
}  // namespace baryon

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() { baryon::Lock<&Mutex::Lock>(this); }
void Mutex::ReaderLock() { baryon::Lock<&Mutex::ReaderLock>(this); }
bool Mutex::TryLock() { return baryon::Try<&Mutex::TryLock>(this); }
bool Mutex::ReaderTryLock() { return baryon::Try<&Mutex::ReaderTryLock>(this); }
void Mutex::Unlock() { baryon::Unlock<&Mutex::Unlock>(this); }
void Mutex::ReaderUnlock() { baryon::Unlock<&Mutex::ReaderUnlock>(this); }

void Mutex::LockWhen(const Condition& condition) { baryon::Lock<&Mutex::LockWhen>(this, condition); }
bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  return baryon::Lock<&Mutex::LockWhenWithTimeout>(this, condition, timeout);
}
bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  return baryon::Lock<&Mutex::LockWhenWithDeadline>(this, condition, deadline);
}
void Mutex::ReaderLockWhen(const Condition& condition) { baryon::Lock<&Mutex::ReaderLockWhen>(this, condition); }
bool Mutex::ReaderLockWhenWithTimeout(const Condition& condition, Duration timeout) {
  return baryon::Lock<&Mutex::ReaderLockWhenWithTimeout>(this, condition, timeout);
}
bool Mutex::ReaderLockWhenWithDeadline(const Condition& condition, Time deadline) {
  return baryon::Lock<&Mutex::ReaderLockWhenWithDeadline>(this, condition, deadline);
}

void Mutex::Await(const Condition& condition) { baryon::Await<&Mutex::Await>(this, condition); }
bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  return baryon::Await<&Mutex::AwaitWithTimeout>(this, condition, timeout);
}
bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  return baryon::Await<&Mutex::AwaitWithDeadline>(this, condition, deadline);
}

void CondVar::Wait(Mutex* mutex) { baryon::Wait<&CondVar::Wait>(this, mutex); }
bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  return baryon::Wait<&CondVar::WaitWithTimeout>(this, mutex, timeout);
}
bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  return baryon::Wait<&CondVar::WaitWithDeadline>(this, mutex, deadline);
}

void Notification::Notify() {
  baryon::HappensBefore(baryon::Flag(this));
  baryon::Library<&Notification::Notify>(this);
}
void Notification::WaitForNotification() const {
  baryon::Library<&Notification::WaitForNotification>(this);
  baryon::HappensAfter(baryon::Flag(this));
}
bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  return baryon::AwaitNotified<&Notification::WaitForNotificationWithTimeout>(this, timeout);
}
bool Notification::WaitForNotificationWithDeadline(Time deadline) const {
  return baryon::AwaitNotified<&Notification::WaitForNotificationWithDeadline>(this, deadline);
}

bool BlockingCounter::DecrementCount() {
  baryon::HappensBefore(this);
  return baryon::Library<&BlockingCounter::DecrementCount>(this);
}
void BlockingCounter::Wait() {
  baryon::Library<&BlockingCounter::Wait>(this);
  baryon::HappensAfter(this);
}

ABSL_NAMESPACE_END
}  // namespace absl
