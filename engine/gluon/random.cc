#include "engine/gluon/random.h"

#include <cmath>

namespace baryon::random {
namespace {

constexpr double kPi = 3.14159265358979323846;

}  // namespace

double Generator::Uniform(double low, double high) {
  const double unit = static_cast<double>(Bits() >> 11) * 0x1p-53;
  return low + (high - low) * unit;
}

// One of the two deviates that the method gives, so that a number depends on its place in the stream alone.
double Generator::Normal(double mean, double deviation) {
  const double radius = std::sqrt(-2 * std::log(1 - Uniform(0, 1)));
  return mean + deviation * radius * std::cos(2 * kPi * Uniform(0, 1));
}

int64_t Generator::Integer(int64_t low, int64_t high) {
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  // Values beyond the last whole multiple of `range` would favour small results.
  const uint64_t beyond = (UINT64_MAX % range + 1) % range;
  uint64_t bits = Bits();
  while (bits > UINT64_MAX - beyond) bits = Bits();
  return static_cast<int64_t>(static_cast<uint64_t>(low) + bits % range);
}

Generator& ThreadGenerator() {
  thread_local Generator generator(0);
  return generator;
}

void Seed(uint64_t seed) { ThreadGenerator() = Generator(seed); }

}  // namespace baryon::random
