#include "coding/actions.hpp"

#include <limits>

#include "coding/choices.hpp"
#include "coding/row_sets.hpp"
#include "common/lanes.hpp"
#include "numbers/finite.hpp"
#include "numbers/quantised.hpp"

namespace fedras::actions {

namespace {

constexpr u8 ROWS = 1, ASSIGNMENTS = 2, ACTIONS = 3, VALUES = 4;  // `fedras.codecs.payload.Part`
constexpr std::string_view CODED = "actions", PLAIN = "plain";
constexpr int SINGLE = 32;  // bits
constexpr Format FORMATS[] = {
    {"f32", SINGLE, false}, {"q8", 8, true}, {"q8n", 8, false}, {"q4", 4, true}, {"q4n", 4, false}};

// As `Payload.from_bytes` has it: twice what plain rows take.
i64 most_bytes(i64 size, i64 columns) { return 4096 + size * (16 + 8 * columns); }

i64 count_vectors(i64 length, const Format& format, i64 columns) {
  if (format.bits != SINGLE) return quantised::rows(length, columns, format.bits);
  const i64 row = 4 * columns;
  return row > 0 && length % row == 0 ? length / row : -1;
}

bool all_finite(const Matrix<const f32>& values) {
  return all_within(values.data, values.rows * values.columns, std::numeric_limits<f32>::max());
}

}  // namespace

std::optional<Format> format_of(std::string_view name) {
  for (const Format& format : FORMATS)
    if (format.name == name) return format;
  return std::nullopt;
}

Span<const u8> Writer::row_set(Span<const i32> rows) {
  set_.resize(size_t(row_sets::room(rows.n, size_)));
  row_sets::Pack pack{rows, set_};
  row_sets::pack_all({&pack, 1}, size_);
  return pack.out;
}

Span<const u8> Writer::numbers(Matrix<const f32> values, u64 key) {
  if (format_.bits != SINGLE) {
    numbers_.resize(size_t(quantised::bytes(values.rows, values.columns, format_.bits)));
    quantised::write(values, format_.bits, format_.at_random, key, numbers_.data());
    return numbers_;
  }
  numbers_.resize(size_t(4 * values.rows * values.columns));
  for (i64 r = 0; r < values.rows; ++r)
    for (i64 f = 0; f < values.columns; ++f)
      store_little(numbers_.data() + 4 * (r * values.columns + f), values[r][f]);
  return numbers_;
}

bool Writer::write(Span<const i32> rows, Matrix<const f32> values, const Limits& limits, u64 key,
                   std::vector<u8>& out) {
  const i64 n = rows.n, d = values.columns;
  const bool plain = n <= limits.most;
  Frame frame;
  frame.describe(plain ? PLAIN : CODED, format_.name, size_, d, round_);
  frame.add(ROWS, row_set(rows));
  if (plain) {
    if (!all_finite(values)) return false;
    frame.add(VALUES, numbers(values, key));
    write_frame(frame, out);
    return true;
  }
  const i64 most = std::min(limits.most, n);
  centroids_.resize(size_t(most * d));
  assignment_.resize(size_t(n));
  const Matrix<f32> centroids(centroids_.data(), most, d);
  const i64 k = cluster_any(values, most, limits.iterations, key, LARGE, room_, centroids, assignment_);
  order_.resize(size_t(k));
  choices_.resize(size_t(choices::room(n, k)));
  choices::Pack pack{Span<const i32>(assignment_), order_, choices_};
  choices::pack_all({&pack, 1});
  sorted_.resize(size_t(k * d));
  const Matrix<f32> sorted(sorted_.data(), k, d);
  for (i64 j = 0; j < k; ++j) fedras::copy(sorted[j], centroids[order_[size_t(j)]], d);
  if (!all_finite(sorted)) return false;
  frame.add(ASSIGNMENTS, pack.out);
  frame.add(ACTIONS, numbers(sorted, key));
  write_frame(frame, out);
  return true;
}

bool parse(Span<const u8> data, const Format& format, i64 size, i64 columns, i64 round, i64 most,
           Parsed& parsed) {
  Frame& frame = parsed.frame;
  if (data.n > most_bytes(size, columns) || !read_frame(data, frame)) return false;
  parsed.plain = frame.codec == PLAIN;
  if (!(parsed.plain || frame.codec == CODED) || frame.numbers != format.name) return false;
  if (frame.rows != size || frame.columns != columns || frame.round != round) return false;
  const u8 wanted[] = {ROWS, parsed.plain ? VALUES : ASSIGNMENTS, ACTIONS};
  if (frame.n_parts != (parsed.plain ? 2 : 3)) return false;
  for (int p = 0; p < frame.n_parts; ++p)
    if (frame.names[p] != wanted[p]) return false;
  parsed.rows = frame.parts[0];
  parsed.assignments = parsed.plain ? Span<const u8>() : frame.parts[1];
  parsed.vectors = frame.parts[frame.n_parts - 1];
  parsed.n = row_sets::count(parsed.rows, size);
  parsed.k = count_vectors(parsed.vectors.n, format, columns);
  return parsed.n >= 0 && parsed.k >= 0 && parsed.k <= most && parsed.k <= parsed.n &&
         (!parsed.plain || parsed.k == parsed.n);
}

bool read(const Parsed& parsed, const Format& format, Span<i32> rows, Matrix<f32> vectors,
          Span<i32> index) {
  row_sets::Unpack set{parsed.rows, rows};
  row_sets::unpack_all({&set, 1}, parsed.frame.rows);
  if (!set.good) return false;
  if (parsed.plain) {
    for (i64 i = 0; i < index.n; ++i) index[i] = i32(i);
  } else {
    choices::Unpack choices{parsed.assignments, parsed.k, index};
    choices::unpack_all({&choices, 1});
    if (!choices.good) return false;
  }
  if (format.bits != SINGLE) {
    const bool good = quantised::read(parsed.vectors.data, format.bits, vectors).good;
    return good && all_finite(vectors);
  }
  for (i64 i = 0; i < vectors.rows * vectors.columns; ++i)
    vectors.data[i] = load_little<f32>(parsed.vectors.data + 4 * i);
  return all_finite(vectors);
}

}  // namespace fedras::actions
