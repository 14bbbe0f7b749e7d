// What freed models leave in the heap.
#ifndef BARYON_SERVER_MODELS_GIVE_BACK_H_
#define BARYON_SERVER_MODELS_GIVE_BACK_H_

#include <functional>
#include <vector>

namespace baryon {

// Returns free memory of the heap to the system, then makes `calls`; on a thread of its own and of low priority,
// because it locks the heap part by part and whoever frees a model may be answering a request. At once when there are
// calls to make, else half a second later, once for all models that were freed meanwhile. Thread-safe.
void GiveBackMemory(std::vector<std::function<void()>> calls);

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_GIVE_BACK_H_
