// An update of rows that move along one direction, as those of a user who is a vector do: the direction,
// the rows on each side of it, and the few numbers from which a receiver predicts how far each moves.
//
// v: a vector of length 1. A row i moves by c_i v; z_i = v . r_i with the row of the replica, s_i the
// logistic function of a z_i. Rows of the first side have c_i > 0, taken as g (1 - s_i), those of the
// second c_i < 0, taken as -h s_i: the steps of the logistic loss of a dot product. g and h keep the sums
// of both sides. v points so that the first side has fewer rows.
//
// Three parts: v, in `bits` a number; seven bytes: bits and whether the second side is drawn by the
// receiver, a, g, h, then how likely a row is on the first side, as the logistic function of w0 x + w1,
// x = z_i by its root mean square, in classes; and the rows: the number of them (`row_sets`), of those on the
// first side, and a bit each, arithmetic-coded. Where the second side is drawn, it is a sample of the rows
// that are not on the first one.
#pragma once

#include "common/octets.hpp"

namespace fedras::direction {

constexpr i64 HEAD = 6;

struct Update {
  Span<const i32> rows;      // strictly increasing
  Matrix<const f32> values;  // of these rows
};

struct Coded {
  std::vector<u8> vector, head, rows;
};

// Code an update beside a replica, float32[N, d]; `drawn` leaves the second side to the receiver. False where
// a number is not finite; those that are too large are `cut`.
bool encode(const Update& update, Matrix<const f32> replica, int bits, bool drawn, Coded& out);

struct Parts {
  Octets vector, head, rows;
};
struct Decoded {
  std::vector<i32> rows;
  std::vector<f32> sizes;  // of each row
  std::vector<f32> vector;
};

// Read what `encode` wrote; false for what it cannot have written. Rows take no more memory than the
// number of them that the bytes say.
bool decode(const Parts& parts, Matrix<const f32> replica, Decoded& out);

}  // namespace fedras::direction
