// Counts where long work gives way.
#ifndef BARYON_ENGINE_BASE_TESTING_LOOKS_FOR_OTHERS_H_
#define BARYON_ENGINE_BASE_TESTING_LOOKS_FOR_OTHERS_H_

#include <chrono>

#include "engine/base/give_way.h"

namespace baryon {

// While the object exists, counts the calls of GiveWay on the calling thread, which do nothing. One thread.
class LooksForOthers {
 public:
  int count() const { return count_; }

 private:
  GiveWayScope::Duration Later() { return now_ += std::chrono::seconds(1); }  // so that each call is due

  GiveWayScope::Duration now_{0};
  int count_ = 0;
  const GiveWayScope scope_{[this] {
                              ++count_;
                              return false;
                            },
                            {[this] { return Later(); }, [this] { return now_; }, [](GiveWayScope::Duration) {}}};
};

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_TESTING_LOOKS_FOR_OTHERS_H_
