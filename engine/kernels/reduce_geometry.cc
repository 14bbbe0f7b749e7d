#include "engine/kernels/reduce_geometry.h"

#include "engine/base/check.h"

namespace baryon::kernels {

ReduceGeometry MakeReduceGeometry(const int64_t* dims, const bool* reduced, int rank) {
  BARYON_DCHECK(rank <= ReduceGeometry::kMaxRank);
  struct Group {
    int64_t size;
    bool reduced;
  };
  Group groups[ReduceGeometry::kMaxRank];
  int count = 0;
  ReduceGeometry g;
  for (int axis = 0; axis < rank; ++axis) {
    (reduced[axis] ? g.num_terms : g.num_outputs) *= dims[axis];
    if (dims[axis] == 1) continue;
    if (count > 0 && groups[count - 1].reduced == reduced[axis]) {
      groups[count - 1].size *= dims[axis];
    } else {
      groups[count++] = {dims[axis], reduced[axis]};
    }
  }
  int64_t stride = 1;
  if (count > 0) {
    --count;
    g.run = stride = groups[count].size;
    g.run_is_reduced = groups[count].reduced;
  }
  bool have_rows = false;
  for (int i = count - 1; i >= 0; --i) {
    const ReduceGeometry::Loop loop = {groups[i].size, stride};
    stride *= groups[i].size;
    if (!groups[i].reduced) {
      g.kept[g.num_kept++] = loop;
    } else if (!have_rows) {
      have_rows = true;
      g.rows = loop.size;
      g.row_stride = loop.stride;
    } else {
      g.reduced[g.num_reduced++] = loop;
    }
  }
  std::reverse(g.kept, g.kept + g.num_kept);
  std::reverse(g.reduced, g.reduced + g.num_reduced);
  g.num_units = g.num_outputs == 0 ? 0 : g.num_outputs / (g.run_is_reduced ? 1 : g.run) * g.num_strips();
  return g;
}

}  // namespace baryon::kernels
