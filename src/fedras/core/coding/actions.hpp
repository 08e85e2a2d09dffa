// The payload of one client's update: its rows, the actions that K-means makes of their values, and the
// action of each row; or its rows as they are where they are no more than the actions it may send
// (`fedras.codecs.actions`, `fedras.codecs.plain`). Paper, section 4.2 and Algorithm 1, lines 26 to 28.
#pragma once

#include <optional>

#include "clustering/kmeans.hpp"
#include "coding/frame.hpp"

namespace fedras::actions {

// A number format: single precision or levels.
struct Format {
  std::string_view name;
  int bits;
  bool at_random;  // how numbers are rounded to levels
};

// The format of that name; none for one that the core does not know.
std::optional<Format> format_of(std::string_view name);

struct Limits {
  i64 most;        // actions
  i64 iterations;  // of Lloyd's algorithm
};

// Writes one update after another; one for each thread.
class Writer {
 public:
  Writer(const Format& format, i64 size, i64 round) : format_(format), size_(size), round_(round) {}

  // Append the payload of an update of `size` rows: int32[n], strictly increasing, and float32[n, d].
  // False, and nothing appended, where a number to be sent is not finite.
  bool write(Span<const i32> rows, Matrix<const f32> values, const Limits& limits, u64 key,
             std::vector<u8>& out);

 private:
  Span<const u8> numbers(Matrix<const f32> values, u64 key);
  Span<const u8> row_set(Span<const i32> rows);

  Format format_;
  i64 size_, round_;
  ClusteringRoom room_;
  std::vector<f32> centroids_, sorted_;
  std::vector<i32> assignment_;
  std::vector<i64> order_;
  std::vector<u8> set_, choices_, numbers_;
};

// What a payload says of itself, and where.
struct Parsed {
  Frame frame;
  i64 n = 0, k = 0;  // rows, and vectors
  Span<const u8> rows, assignments, vectors;
  bool plain = false;
};

// Parse a payload of a matrix of such a shape, of that round and format, with no more vectors than
// allowed: true only for what `Writer` writes. Nothing is believed that has not been looked at; what
// the parts hold is checked by `read`.
bool parse(Span<const u8> data, const Format& format, i64 size, i64 columns, i64 round, i64 most,
           Parsed& parsed);

// Read the rows, int32[n], the vectors, float32[k, d], and the number of each row's, int32[n]; false
// where the parts do not hold them.
bool read(const Parsed& parsed, const Format& format, Span<i32> rows, Matrix<f32> vectors, Span<i32> index);

}  // namespace fedras::actions
