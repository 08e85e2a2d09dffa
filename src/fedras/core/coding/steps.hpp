// How far rows move along one direction, as the steps of the logistic loss of a dot product would have it:
// by g (1 - s) on the one side, by -h s on the other, s the logistic function of a z.
#pragma once

#include "common/view.hpp"

namespace fedras::direction {

// How rows move: c_i, and z_i, of those on each side.
struct Side {
  std::vector<i32> rows;
  std::vector<f32> c, z;

  void reserve(i64 n) {
    rows.reserve(size_t(n));
    c.reserve(size_t(n));
    z.reserve(size_t(n));
  }
  void add(i32 row, f32 size, f32 at) {
    rows.push_back(row);
    c.push_back(size);
    z.push_back(at);
  }
  // Some of them, evenly.
  Side some(i64 most) const {
    Side few;
    const i64 n = i64(rows.size()), step = (n + most - 1) / most;
    few.reserve(most);
    for (i64 i = 0; i < n; i += step) few.add(rows[size_t(i)], c[size_t(i)], z[size_t(i)]);
    return few;
  }
};

// The gains for a steepness, and the squares that their predictions lack, less what all of them do.
struct Fit {
  u8 gains[2];
  f64 lost;
};

// The steepness a, as `scale` has it, that predicts best, and its gains g and h, which keep the sum of
// either side: among some far apart, then nearer and nearer to the best.
u8 steepness(const Side (&sides)[2], Fit& best);

}  // namespace fedras::direction
