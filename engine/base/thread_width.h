// How many threads a caller of a thread pool wants at most.
#ifndef BARYON_ENGINE_BASE_THREAD_WIDTH_H_
#define BARYON_ENGINE_BASE_THREAD_WIDTH_H_

namespace baryon {

// Bounds the loops that the calling thread starts in any ThreadPool while the object exists: at most `max_threads`
// threads run each of them, the caller included. In the background it is one, and the caller is not counted as one that
// computes, so that it takes no core from those that do: it lives on what the system's scheduler leaves it. Objects
// nest, and the tighter bound holds. Results do not depend on it.
class ThreadWidth {
 public:
  enum class Mode { kNormal, kBackground };
  explicit ThreadWidth(int max_threads, Mode mode = Mode::kNormal);
  ~ThreadWidth();
  ThreadWidth(const ThreadWidth&) = delete;
  ThreadWidth& operator=(const ThreadWidth&) = delete;

  // Of the calling thread. Without a bound: INT_MAX.
  static int current();
  static bool in_background();

 private:
  const int outer_width_;
  const bool outer_background_;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_THREAD_WIDTH_H_
