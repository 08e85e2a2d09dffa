// The server's reading of a cohort's uploads: parsed, checked and decoded into one piece of memory.
#pragma once

#include "coding/actions.hpp"

namespace fedras {

struct Expected {
  actions::Format format;
  i64 size, columns;  // of the item matrix
  i64 round;
};

// The uploads of a cohort as arrays: client c has rows[bounds[c]] to rows[bounds[c + 1]] and vectors from
// vectors[starts[c]] on; row i takes the vector index[i] of its client.
struct Intake {
  std::vector<actions::Parsed> parsed;
  std::vector<i64> bounds, starts;
};

// Parse the uploads, of which each may have most[c] vectors; false where one is not what a client of ours
// writes, or where they would take more than `room` bytes.
bool parse_uploads(Span<const Span<const u8>> uploads, const Expected& expected, Span<const i64> most,
                   i64 room, Intake& intake);

// Read what was parsed, on all threads; false where a part does not hold what it should.
bool read_uploads(const Intake& intake, const Expected& expected, Span<i32> rows, Matrix<f32> vectors,
                  Span<i32> index);

}  // namespace fedras
