// How much of the processors a thread has had.
#ifndef BARYON_ENGINE_BASE_THREAD_CPU_TIME_H_
#define BARYON_ENGINE_BASE_THREAD_CPU_TIME_H_

#include <chrono>

namespace baryon {

// Time that the calling thread has spent on a processor since it began, in user and kernel mode.
std::chrono::nanoseconds ThreadCpuTime();

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_THREAD_CPU_TIME_H_
