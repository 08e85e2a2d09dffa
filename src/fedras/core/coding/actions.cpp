#include "coding/actions.hpp"

#include <limits>
#include <numeric>

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

bool read_numbers(const u8* data, const Format& format, Matrix<f32> values) {
  if (format.bits != SINGLE) return quantised::read(data, format.bits, values).good && all_finite(values);
  for (i64 i = 0; i < values.rows * values.columns; ++i) values.data[i] = load_little<f32>(data + 4 * i);
  return all_finite(values);
}

}  // namespace

std::optional<Format> format_of(std::string_view name) {
  for (const Format& format : FORMATS)
    if (format.name == name) return format;
  return std::nullopt;
}

Writer::Draft& Writer::next(Span<const i32> rows, u64 key) {
  if (drafts_.size() == size_t(held_)) drafts_.emplace_back();
  Draft& draft = drafts_[size_t(held_++)];
  draft.rows.assign(rows.begin(), rows.end());
  draft.key = key;
  return draft;
}

void Writer::add(Span<const i32> rows, Matrix<const f32> values, const Limits& limits, u64 key) {
  Draft& draft = next(rows, key);
  const i64 n = rows.n;
  draft.plain = n <= limits.most;
  draft.k = draft.plain ? n : std::min(limits.most, n);
  draft.vectors.resize(size_t(draft.k * columns_));
  const Matrix<f32> vectors(draft.vectors.data(), draft.k, columns_);
  if (draft.plain) {
    for (i64 r = 0; r < n; ++r) fedras::copy(vectors[r], values[r], columns_);
    return;
  }
  draft.assignment.resize(size_t(n));
  draft.k = cluster_any(values, draft.k, limits.iterations, key, LARGE, room_, vectors, draft.assignment);
}

void Writer::add(Span<const i32> rows, Matrix<const f32> actions, Span<const i32> assignment, u64 key) {
  Draft& draft = next(rows, key);
  draft.plain = false;
  draft.k = actions.rows;
  draft.vectors.assign(actions.data, actions.data + actions.rows * columns_);
  draft.assignment.assign(assignment.begin(), assignment.end());
}

bool Writer::write(Span<std::vector<u8>* const> out) {
  std::vector<row_sets::Pack> sets;
  std::vector<choices::Pack> chosen;
  for (i64 c = 0; c < held_; ++c) {
    Draft& draft = drafts_[size_t(c)];
    const i64 n = i64(draft.rows.size());
    draft.set.resize(size_t(row_sets::room(n, size_)));
    sets.push_back({Span<const i32>(draft.rows), draft.set});
    if (draft.plain) continue;
    draft.order.resize(size_t(draft.k));
    draft.choices.resize(size_t(choices::room(n, draft.k)));
    chosen.push_back({Span<const i32>(draft.assignment), draft.order, draft.choices});
  }
  row_sets::pack_all(sets, size_);
  choices::pack_all(chosen);
  bool good = true;
  size_t at = 0;
  for (i64 c = 0; c < held_; ++c) {
    const Draft& draft = drafts_[size_t(c)];
    const Span<const u8> assignments = draft.plain ? Span<u8>() : chosen[at++].out;
    good &= frame(draft, sets[size_t(c)].out, assignments, *out[c]);
  }
  held_ = 0;
  return good;
}

bool Writer::frame(const Draft& draft, Span<const u8> rows, Span<const u8> assignments, std::vector<u8>& out) {
  const i64 d = columns_;
  Matrix<const f32> vectors(draft.vectors.data(), draft.k, d);
  if (!draft.plain) {  // the most frequent first
    sorted_.resize(size_t(draft.k * d));
    const Matrix<f32> sorted(sorted_.data(), draft.k, d);
    for (i64 j = 0; j < draft.k; ++j) fedras::copy(sorted[j], vectors[draft.order[size_t(j)]], d);
    vectors = sorted;
  }
  if (!all_finite(vectors)) return false;
  Frame frame;
  frame.describe(draft.plain ? PLAIN : CODED, format_.name, size_, d, round_);
  frame.add(ROWS, rows);
  if (!draft.plain) frame.add(ASSIGNMENTS, assignments);
  frame.add(draft.plain ? VALUES : ACTIONS, numbers(vectors, draft.key));
  write_frame(frame, out);
  return true;
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

bool parse(Span<const u8> data, const Format& format, i64 size, i64 columns, i64 round, i64 most,
           Parsed& parsed) {
  Frame& frame = parsed.frame;
  if (data.n > most_bytes(size, columns) || !read_frame(data, size, columns, frame)) return false;
  parsed.plain = frame.codec == PLAIN;
  if (!(parsed.plain || frame.codec == CODED) || frame.numbers != format.name) return false;
  if (frame.round != round) return false;
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

bool read_all(Span<Read> reads, const Format& format) {
  std::vector<row_sets::Unpack> sets;
  std::vector<choices::Unpack> chosen;
  for (const Read& own : reads) {
    sets.push_back({own.parsed->rows, own.rows});
    if (own.parsed->plain)
      std::iota(own.index.begin(), own.index.end(), 0);
    else
      chosen.push_back({own.parsed->assignments, own.parsed->k, own.index});
  }
  if (reads.n > 0) row_sets::unpack_all(sets, reads[0].parsed->frame.rows);
  choices::unpack_all(chosen);
  bool good = true;
  for (const auto& own : sets) good &= own.good;
  for (const auto& own : chosen) good &= own.good;
  for (i64 c = 0; good && c < reads.n; ++c)
    good = read_numbers(reads[c].parsed->vectors.data, format, reads[c].vectors);
  return good;
}

}  // namespace fedras::actions
