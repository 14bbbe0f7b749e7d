// Random numbers: mxnet.random and what initializers draw from.
#ifndef BARYON_ENGINE_GLUON_RANDOM_H_
#define BARYON_ENGINE_GLUON_RANDOM_H_

#include <cstdint>
#include <random>

namespace baryon::random {

// A stream of random numbers that depends on its seed alone, on every machine. One thread.
// Source: Matsumoto, Nishimura, Mersenne Twister, 1998; Box, Muller, A Note on the Generation of Random Normal
// Deviates, 1958.
class Generator {
 public:
  explicit Generator(uint64_t seed) : engine_(seed) {}

  double Uniform(double low, double high);  // in [low, high)
  double Normal(double mean, double deviation);
  int64_t Integer(int64_t low, int64_t high);  // in [low, high), low < high; every value equally likely

 private:
  uint64_t Bits() { return engine_(); }

  std::mt19937_64 engine_;
};

// The generator of the calling thread. Every thread starts with the same seed.
Generator& ThreadGenerator();

// Starts the calling thread's generator afresh, for results that can be had again.
void Seed(uint64_t seed);

}  // namespace baryon::random

#endif  // BARYON_ENGINE_GLUON_RANDOM_H_
