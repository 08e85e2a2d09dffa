// The directions in which the rows of a matrix lie, as whole numbers of few bits.
#pragma once

#include "common/view.hpp"

namespace fedras::principal {

// The eigenvectors of the r largest eigenvalues of X'X, one after another by power iteration, as whole
// numbers, and the vectors of length 1 that these stand for; fewer where there are fewer.
void leading(Matrix<const f32> x, i64 r, int bits, std::vector<std::vector<i32>>& whole, std::vector<f32>& vectors);

// The coordinates of rows along each direction, what is left of a row being taken to the next one:
// float64[r, n]. Returns the sum of squares of what is left in the end.
f64 coordinates(Matrix<const f32> x, const std::vector<f32>& vectors, std::vector<f64>& out);

}  // namespace fedras::principal
