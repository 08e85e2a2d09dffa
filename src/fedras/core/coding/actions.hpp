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

// Writes updates of some matrix, a few at a time, as the coder takes several in turn; one for each thread.
class Writer {
 public:
  Writer(const Format& format, i64 size, i64 columns, i64 round)
      : format_(format), size_(size), columns_(columns), round_(round) {}

  // Take up an update: int32[n], strictly increasing, and float32[n, d], of which K-means makes actions.
  void add(Span<const i32> rows, Matrix<const f32> values, const Limits& limits, u64 key);
  // Take up an update whose actions are known, float32[k, d] and each row's, int32[n].
  void add(Span<const i32> rows, Matrix<const f32> actions, Span<const i32> assignment, u64 key);

  // Append the payload of each update that was taken up to its `out`, and forget them. False where a
  // number to be sent is not finite; nothing is appended for that one.
  bool write(Span<std::vector<u8>* const> out);

 private:
  struct Draft {
    std::vector<i32> rows, assignment;
    std::vector<f32> vectors;  // of which the first k are used
    i64 k;
    bool plain;
    u64 key;
    std::vector<i64> order;
    std::vector<u8> set, choices;  // room
  };

  Draft& next(Span<const i32> rows, u64 key);
  bool frame(const Draft& draft, Span<const u8> rows, Span<const u8> assignments, std::vector<u8>& out);
  Span<const u8> numbers(Matrix<const f32> values, u64 key);

  Format format_;
  i64 size_, columns_, round_;
  ClusteringRoom room_;
  std::vector<Draft> drafts_;
  i64 held_ = 0;
  std::vector<f32> sorted_;
  std::vector<u8> numbers_;
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

// Where to what a payload holds is read: its rows, int32[n], vectors, float32[k, d], and the number of each
// row's, int32[n].
struct Read {
  const Parsed* parsed;
  Span<i32> rows;
  Matrix<f32> vectors;
  Span<i32> index;
};

// Read payloads of one matrix, of which the coder takes several in turn; false where the parts of any do
// not hold what they should.
bool read_all(Span<Read> reads, const Format& format);

}  // namespace fedras::actions
