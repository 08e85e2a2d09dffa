// An update in few directions: of each row, its coordinates along them as whole multiples of one step,
// which is as small as a budget of bytes allows.
//
// Two parts: the directions, in `bits` a number each, one after another; and the rows: how many of them
// move (`row_sets`), `bits`, the step in a byte, and the levels, arithmetic-coded direction by direction.
// What a level is likely to be is learnt on the way, separately for rows that are alike: by how long the
// row of the replica is, by how far it reaches along the direction, and by whether the row moved along
// the direction before. All that a receiver needs besides the bytes is the replica.
#pragma once

#include <optional>

#include "common/octets.hpp"

namespace fedras::levels {

struct Update {
  Span<const i32> rows;      // strictly increasing
  Matrix<const f32> values;  // of these rows
};

struct Coded {
  std::vector<u8> vectors, rows;
};

// Code an update beside a replica, float32[N, d], in at most so many bytes, wherever the coarsest step keeps
// them, and in that of these numbers of directions that loses least. Returns about the sum of squares of
// what is lost; nothing where a number is not finite.
std::optional<f64> encode(const Update& update, Matrix<const f32> replica, Span<const i64> directions, int bits,
                          i64 bytes, Coded& out);

struct Decoded {
  std::vector<i32> rows;
  std::vector<f32> values;  // float32[n, d]
};

// How many directions the bytes hold; -1 where they are none.
i64 directions(Octets vectors, Octets rows, i64 size, i64 d);

// Read what `encode` wrote; false for what it cannot have written. Rows take no more memory than the
// number of them that the bytes say.
bool decode(Octets vectors, Octets rows, Matrix<const f32> replica, Decoded& out);

}  // namespace fedras::levels
