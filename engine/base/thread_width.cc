#include "engine/base/thread_width.h"

#include <algorithm>
#include <limits>

namespace baryon {
namespace {

thread_local int width = std::numeric_limits<int>::max();
thread_local bool background = false;

}  // namespace

ThreadWidth::ThreadWidth(int max_threads, Mode mode) : outer_width_(width), outer_background_(background) {
  background = background || mode == Mode::kBackground;
  width = background ? 1 : std::min(width, std::max(max_threads, 1));
}

ThreadWidth::~ThreadWidth() {
  width = outer_width_;
  background = outer_background_;
}

int ThreadWidth::current() { return width; }

bool ThreadWidth::in_background() { return background; }

}  // namespace baryon
