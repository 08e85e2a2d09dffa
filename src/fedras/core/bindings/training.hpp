// What the bindings of local training have in common.
#pragma once

#include "bindings/arrays.hpp"

namespace fedras {

// Many clients: which item matrix each hears, its items and random numbers, and where its results go.
struct ClientArrays {
  Array3<const f32> replicas;  // float32[S, N, d]
  Span<const i64> stream;      // of each client
  Span<const i32> positives;
  Span<const i64> bounds;
  Span<const u64> keys;
  Span<i32> rows;
  Matrix<f32> values;
  Span<const i64> starts;
  Span<i64> counts;

  i64 items() const { return i64(replicas.shape(1)); }
  Span<const i32> positives_of(i64 c) const { return positives.part(bounds[c], bounds[c + 1]); }
  f32* values_of(i64 c) const { return values[starts[c]]; }
};

// Refuse what does not fit together; `negatives` is how many each positive has in all.
inline void require_clients(const ClientArrays& all, Matrix<const f32> vectors, i64 negatives) {
  const i64 clients = all.keys.n, d = vectors.columns;
  require(vectors.rows == clients && all.stream.n == clients && all.bounds.n == clients + 1 &&
              all.starts.n == clients && all.counts.n == clients,
          "the arrays are of different numbers of clients");
  require(0 < d && d < i64(1) << 30 && i64(all.replicas.shape(2)) == d && all.values.columns == d,
          "the vectors, items and values are of different lengths");
  require(all.rows.n == all.values.rows, "rows and values do not match");
  require(0 <= negatives && negatives < i64(1) << 31, "negatives must be from 0 to 2^31");
  require_within(all.stream, i64(all.replicas.shape(0)), "a stream has no items");
  require_bounds(all.bounds, all.positives.n, "the bounds do not divide the positives");
  require_within(all.positives, all.items(), "an item is outside the matrix");
  for (i64 c = 0; c < clients; ++c) {
    const i64 most = std::min(all.items(), all.positives_of(c).n * (1 + negatives));
    require(0 <= all.starts[c] && all.starts[c] <= all.rows.n - most,
            "there is no room for all rows that a client can touch");
  }
}

}  // namespace fedras
