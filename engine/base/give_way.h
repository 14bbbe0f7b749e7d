// Long work that leaves the processor to others.
#ifndef BARYON_ENGINE_BASE_GIVE_WAY_H_
#define BARYON_ENGINE_BASE_GIVE_WAY_H_

#include <chrono>
#include <functional>

namespace baryon {

// While the object exists, GiveWay on the calling thread rests nine tenths of the time in which others are at work. A
// low priority alone does not leave them the processor: a thread that wakes up may wait until the scheduler's next
// tick, a millisecond or more, for the core on which such work runs, and what the work reads and writes drives theirs
// out of the caches. The first 50 ms of work need no rest, while nobody else is at work nothing does, and nothing rests
// for more than half a minute in all. Objects nest, and the innermost holds. One thread.
class GiveWayScope {
 public:
  using Duration = std::chrono::nanoseconds;
  // How to look at time and how to let it pass, for tests.
  struct Timing {
    std::function<Duration()> now;     // since some moment
    std::function<Duration()> worked;  // the time that this thread has had of processors
    std::function<void(Duration)> sleep;
  };

  // `others_worked`: whether anybody has since it was last asked. It is asked by this thread, at most every tenth of a
  // millisecond.
  explicit GiveWayScope(std::function<bool()> others_worked);
  GiveWayScope(std::function<bool()> others_worked, Timing timing);
  ~GiveWayScope();
  GiveWayScope(const GiveWayScope&) = delete;
  GiveWayScope& operator=(const GiveWayScope&) = delete;

  Duration rested() const { return rested_; }  // so far

 private:
  friend void GiveWay();

  void RestIfDue();
  void Rest(Duration duration);

  const std::function<bool()> others_worked_;
  const Timing timing_;
  GiveWayScope* const outer_;
  Duration looked_;        // when this looked for others
  Duration worked_;        // up to where its work needs no more rest
  Duration others_until_;  // for how long they count as being at work
  Duration rested_{0};
};

// A place at which long work may rest: to be called again and again, at best every hundredth of a millisecond, while
// the thread holds no lock that others may want. Takes a nanosecond where there is no scope.
void GiveWay();

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_GIVE_WAY_H_
