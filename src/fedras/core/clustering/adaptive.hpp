// Adaptive cluster-and-split (paper, section 4.3): split the least coherent group in two, again.
#pragma once

#include "common/view.hpp"

namespace fedras {

constexpr i64 MOST_COMPARED = 4096;  // the largest group of which all pairs of rows are compared

// Write the rows of float32[n, d] at length 1, and their lengths, all positive.
void directions(Matrix<const f32> values, Matrix<f32> unit, Span<f32> norm);

struct Split {
  i64 groups;    // at the first stop
  f64 recorded;  // the smallest quality when there were `expected` groups, 1 if rows ran out before
};

// Split groups until all are coherent.
//
// A group's quality is the average cosine between its rows and their mean. The group with the smallest
// quality is split around its two least similar rows, each row going to the one that it resembles more (the
// first on a tie); in a group of more than MOST_COMPARED rows they are two that have nobody less similar
// than each other. Splitting stops when the smallest quality reaches `threshold` or there are `most` groups;
// a stop below `expected` groups is kept while splitting goes on to `expected`, to measure the quality
// there. A NaN as threshold stops at `expected`. `assignment`, in [0, groups) with no group empty, is the
// clustering to start from and afterwards that at the first stop.
Split split(Matrix<const f32> unit, Span<const f32> norm, Span<i32> assignment, i64 groups, i64 expected,
            i64 most, f64 threshold);

struct Ends {
  i64 one, other;
};

// Two of some rows of which neither has a less similar one, by going from one to the next.
Ends back_and_forth(Matrix<const f32> unit, Span<const i64> rows);

}  // namespace fedras
