// Non-maximum suppression: of boxes that overlap, only the best stays.
#ifndef BARYON_ENGINE_KERNELS_SUPPRESS_BOXES_H_
#define BARYON_ENGINE_KERNELS_SUPPRESS_BOXES_H_

#include <cstdint>

#include "engine/kernels/boxes.h"

namespace baryon::kernels {

// A score and the place it came from.
template <typename T>
struct Scored {
  T score;
  int32_t place;
};

// Brings the best `k` of `n` to the front: scores fall, equal ones stay in the order of their places. The others follow
// in any order. No score is NaN.
void BestFirst(Scored<float>* scored, int64_t n, int64_t k);
void BestFirst(Scored<double>* scored, int64_t n, int64_t k);

// When a box has to go because of a better one.
template <typename T>
struct SuppressionRule {
  T threshold;                // the overlap is larger,
  bool at_threshold = false;  // or as large, too
  T edge = 0;                 // is added to the sides of intersections: 1 where corners are pixels of the box
};

// Bytes of scratch memory for `n` boxes of T, 64-byte aligned.
template <typename T>
int64_t KeepBestBoxesBytes(int64_t n);

// Of `n` boxes, the best first, keeps each that no kept one before it suppresses, and at most `most`. With `classes`,
// one for each box, boxes of different classes leave each other alone. Writes the places of those kept, ascending, to
// `kept` and returns how many. n < 2^31. The work is n times those kept of a class, in vectors.
// Pure, allocation-free, no errors; NaN suppresses nothing.
int64_t KeepBestBoxes(const SuppressionRule<float>& rule, const Box<float>* boxes, const int32_t* classes, int64_t n,
                      int64_t most, int32_t* kept, void* scratch);
int64_t KeepBestBoxes(const SuppressionRule<double>& rule, const Box<double>* boxes, const int32_t* classes, int64_t n,
                      int64_t most, int32_t* kept, void* scratch);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_SUPPRESS_BOXES_H_
