// What freed models, and loads, leave in the heap.
#ifndef BARYON_SERVER_MODELS_GIVE_BACK_H_
#define BARYON_SERVER_MODELS_GIVE_BACK_H_

#include <functional>
#include <vector>

namespace baryon {

// Returns free memory of the heap to the system, then makes `calls`; on a thread of its own, because whoever frees a
// model may be answering a request. It locks the heap part by part, so it should not have a lower priority than those
// who wait for that: it has the one of the thread that calls this first. At once when there are calls to make, else
// half a second later, once for all that was freed meanwhile. Thread-safe.
void GiveBackMemory(std::vector<std::function<void()>> calls);

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_GIVE_BACK_H_
