// Ward's agglomeration: merge groups until few are left, each time the two that lose least.
#pragma once

#include "common/view.hpp"

namespace fedras {

struct Pair {  // the second group goes into the first, which comes before it
  i32 into, gone;
};

struct Merges {
  std::vector<Pair> pairs;  // in order
  std::vector<f32> added;   // what each adds to the inertia, not decreasing but for rounding
};

// The merges that leave k of m groups (Ward, Journal of the ASA 58(301), 1963), given their means,
// float32[m, d], and sizes, of which none is 0.
//
// Merging two groups of a and b rows adds a b / (a + b) |difference of the means|^2 to the inertia; each
// time the two merge that add least. What later merges add follows from what earlier ones would have
// (Lance and Williams, The Computer Journal 9(4), 1967).
Merges merges(Matrix<const f32> centroids, Span<const i64> count, i64 k);

// The group of each of m groups after pairs of them have merged.
std::vector<i32> groups_after(Span<const Pair> pairs, i64 m);

// Merge until k are left; the new group of each, in [0, k).
inline std::vector<i32> merge(Matrix<const f32> centroids, Span<const i64> count, i64 k) {
  return groups_after(merges(centroids, count, k).pairs, centroids.rows);
}

}  // namespace fedras
