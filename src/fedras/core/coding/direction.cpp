#include "coding/direction.hpp"

#include <algorithm>
#include <cmath>

#include "coding/arithmetic.hpp"
#include "coding/cut.hpp"
#include "coding/frame.hpp"
#include "coding/row_sets.hpp"
#include "coding/scale.hpp"
#include "coding/steps.hpp"
#include "coding/unit.hpp"
#include "common/dots.hpp"
#include "common/elementary.hpp"
#include "common/random.hpp"
#include "training/sigmoid.hpp"

namespace fedras::direction {

namespace {

constexpr int POWER_ITERATIONS = 1;  // from the longest row: nearly all of them are parallel
constexpr int CLASSES = 64;        // of x, of 1 / PER_UNIT each
constexpr f64 PER_UNIT = 8;
constexpr f64 STEEPEST = 8, FARTHEST = 16;  // the largest |w0| and |w1|
constexpr int NEWTON_STEPS = 8;
constexpr u32 LEAST = 24;          // of ONE: no row is impossible
constexpr u8 DRAWN = 0x80;

using Table = u32[CLASSES];

f64 centre(int c) { return (c + 0.5) / PER_UNIT - CLASSES / (2 * PER_UNIT); }

// How likely a row of each class is on the first side.
void fill_chances(f64 slope, f64 level, f32 (&chances)[CLASSES]) {
  for (int c = 0; c < CLASSES; ++c) chances[c] = f32(slope * centre(c) + level);
  sigmoid(chances, CLASSES);
}

u8 linear_byte(f64 x, f64 most) {
  return u8(std::nearbyint(std::clamp((x + most) / (2 * most), 0.0, 1.0) * 255));
}
f64 linear_value(u8 k, f64 most) { return -most + 2 * most * k / 255; }

// z of each row, and the class of its multiple of their root mean square.
void project(Matrix<const f32> replica, const f32* vector, std::vector<f32>& z, std::vector<u8>& classes) {
  z.resize(size_t(replica.rows));
  classes.resize(size_t(replica.rows));
  dots(vector, replica.columns, replica.rows, [&](i64 i) { return replica[i]; }, z.data());
  const f64 squares = dot(z.data(), z.data(), i64(z.size()));
  const f32 one = squares > 0 ? f32(PER_UNIT / std::sqrt(squares / f64(z.size()))) : 0.0f;
  for (size_t i = 0; i < z.size(); ++i) {
    const f32 x = z[i] * one + f32(CLASSES / 2);
    classes[i] = u8(i32(std::min(std::max(x, 0.0f), CLASSES - 1.0f)));
  }
}

void fill_table(u8 w0, u8 w1, Table& table) {
  f32 chances[CLASSES];
  fill_chances(linear_value(w0, STEEPEST), linear_value(w1, FARTHEST), chances);
  for (int c = 0; c < CLASSES; ++c)
    table[c] = std::clamp(u32(f64(chances[c]) * arithmetic::ONE + 0.5), LEAST, arithmetic::ONE - LEAST);
}

// The direction in which rows move most, by power iteration from the longest row; sums go row by row.
void leading(Matrix<const f32> x, std::vector<f32>& v) {
  const i64 n = x.rows, d = x.columns;
  v.assign(size_t(d), 0);
  f32 longest = 0;
  for (i64 i = 0; i < n; ++i) {
    const f32 length = dot(x[i], x[i], d);
    if (length > longest) std::copy_n(x[i], d, v.begin()), longest = length;
  }
  std::vector<f32> along(static_cast<size_t>(n)), next(static_cast<size_t>(d));
  for (int turn = 0; turn < POWER_ITERATIONS; ++turn) {
    f32 most = 0;
    for (const f32 each : v) most = std::max(most, std::abs(each));
    if (!(most > 0)) return;
    for (f32& each : v) each /= most;
    dots(v.data(), d, n, [&](i64 i) { return x[i]; }, along.data());
    std::fill(next.begin(), next.end(), 0.0f);
    for (i64 i = 0; i < n; ++i) combine(next.data(), 1.0f, next.data(), along[size_t(i)], x[i], d);
    v = next;
  }
}

// Fit w0 and w1 by Newton's method to how many rows of each class are on the first side.
void fit_sides(const std::vector<u8>& classes, const Side& first, u8& w0, u8& w1) {
  f64 all[CLASSES] = {}, own[CLASSES] = {};
  for (const u8 c : classes) all[c] += 1;
  for (const i32 row : first.rows) own[classes[size_t(row)]] += 1;
  const f64 n = f64(classes.size()), k = f64(first.rows.size());
  f64 slope = 0, level = logarithm((k + 0.5) / (n - k + 0.5));
  for (int turn = 0; turn < NEWTON_STEPS; ++turn) {
    f64 g0 = -0.5 * slope, g1 = 0, h00 = 0.5, h01 = 0, h11 = 0.5;
    f32 chances[CLASSES];
    fill_chances(slope, level, chances);
    for (int c = 0; c < CLASSES; ++c) {
      const f64 x = centre(c), p = chances[c];
      const f64 e = own[c] - all[c] * p, q = all[c] * p * (1 - p);
      g0 += e * x, g1 += e;
      h00 += q * x * x, h01 += q * x, h11 += q;
    }
    const f64 det = h00 * h11 - h01 * h01;
    slope += std::clamp((h11 * g0 - h01 * g1) / det, -3.0, 3.0);
    level += std::clamp((h00 * g1 - h01 * g0) / det, -3.0, 3.0);
  }
  w0 = linear_byte(slope, STEEPEST), w1 = linear_byte(level, FARTHEST);
}

// So many of what is left are still to be taken: by a coder's choice where there is one.
struct Sampling {
  i64 wanted, left;
  u32 p;  // that one is, for the coder

  Sampling(i64 some, i64 all) : wanted(some), left(all) {
    const i64 share = some * i64(arithmetic::ONE) / std::max<i64>(1, all);
    p = u32(std::clamp<i64>(share, 1, arithmetic::ONE - 1));
  }
  bool open() const { return wanted > 0 && wanted < left; }
  void went(bool taken) { wanted -= taken, --left; }
};

// Marks of rows, of the first side 1 and of the second 2, as bytes.
void put_sides(const std::vector<u8>& marks, const std::vector<u8>& classes, const Table& table, i64 firsts,
               i64 seconds, bool drawn, std::vector<u8>& out) {
  const i64 n = i64(marks.size());
  row_sets::append_count(firsts + seconds, n, out);
  row_sets::append_count(firsts, n, out);
  arithmetic::Writer writer(out);
  i64 left = firsts;
  Sampling second(seconds, n - firsts);
  for (i64 i = 0; i < n; ++i) {
    if (left > 0 && left < n - i) writer.put(marks[size_t(i)] == 1, table[classes[size_t(i)]]);
    if (marks[size_t(i)] == 1) {
      --left;
    } else if (!drawn) {
      if (second.open()) writer.put(marks[size_t(i)] == 2, second.p);
      second.went(marks[size_t(i)] == 2);
    }
  }
  writer.finish();
}

// Take the second side as a sample of what is not marked, by random numbers that follow from the parts.
void draw_seconds(std::vector<u8>& marks, i64 firsts, i64 seconds, const Parts& parts) {
  const u64 key = u64(crc32(parts.rows)) << 32 | crc32(parts.vector);
  Sampling second(seconds, i64(marks.size()) - firsts);
  for (size_t i = 0; i < marks.size(); ++i) {
    if (marks[i] == 1) continue;
    const bool taken = below(key, u64(i), u64(second.left)) < second.wanted;
    second.went(taken);
    if (taken) marks[i] = 2;
  }
}

bool take_sides(const Parts& parts, const std::vector<u8>& classes, const Table& table, bool drawn,
                std::vector<u8>& marks, i64& rows) {
  const i64 n = i64(classes.size()), width = row_sets::count_bytes(n);
  if (parts.rows.n < 2 * width) return false;
  rows = row_sets::take_count(parts.rows, n);
  const i64 firsts = row_sets::take_count(parts.rows.part(width, parts.rows.n), n);
  if (rows < 0 || firsts < 0 || firsts > rows) return false;
  arithmetic::Reader reader(parts.rows.part(2 * width, parts.rows.n));
  marks.assign(size_t(n), 0);
  i64 left = firsts;
  Sampling second(rows - firsts, n - firsts);
  for (i64 i = 0; i < n; ++i) {
    const bool open = left > 0 && left < n - i;
    if (open ? reader.take(table[classes[size_t(i)]]) : left > 0) {
      marks[size_t(i)] = 1;
      --left;
    } else if (!drawn) {
      const bool taken = second.open() ? reader.take(second.p) : second.wanted > 0;
      second.went(taken);
      if (taken) marks[size_t(i)] = 2;
    }
  }
  if (drawn) draw_seconds(marks, firsts, rows - firsts, parts);
  return true;
}

}  // namespace

bool encode(const Update& update, Matrix<const f32> replica, int bits, bool drawn, Coded& out) {
  const i64 d = replica.columns;
  Matrix<const f32> values = update.values;
  std::vector<f32> cut_values;
  if (!cut(values, cut_values)) return false;
  std::vector<f32> v, z, room(static_cast<size_t>(update.rows.n));
  std::vector<i32> whole(static_cast<size_t>(d));
  std::vector<u8> classes;
  leading(values, v);
  unit::quantise(v.data(), d, bits, whole.data());
  unit::normalise(whole.data(), d, v.data());
  dots(v.data(), d, update.rows.n, [&](i64 i) { return values[i]; }, room.data());
  i64 above = 0, below_ = 0;
  for (const f32 each : room) above += each > 0, below_ += each < 0;
  const bool turned = above > below_;
  if (turned) {
    for (f32& each : v) each = -each;
    for (i32& each : whole) each = -each;
  }
  project(replica, v.data(), z, classes);
  Side sides[2];
  for (Side& side : sides) side.reserve(update.rows.n);
  std::vector<u8> marks(static_cast<size_t>(replica.rows), 0);
  for (i64 i = 0; i < update.rows.n; ++i) {
    const f32 c = turned ? -room[size_t(i)] : room[size_t(i)];
    if (c == 0) continue;
    const i32 row = update.rows[i];
    sides[c < 0].add(row, c, z[size_t(row)]);
    marks[size_t(row)] = c < 0 ? 2 : 1;
  }
  Fit fit;
  const u8 steep = steepness(sides, fit);
  u8 w0, w1;
  fit_sides(classes, sides[0], w0, w1);
  Table table;
  fill_table(w0, w1, table);
  unit::append(whole, bits, out.vector);
  out.head = {u8(bits | (drawn ? DRAWN : 0)), steep, fit.gains[0], fit.gains[1], w0, w1};
  put_sides(marks, classes, table, i64(sides[0].rows.size()), i64(sides[1].rows.size()), drawn, out.rows);
  return true;
}

bool decode(const Parts& parts, Matrix<const f32> replica, Decoded& out) {
  const i64 d = replica.columns;
  if (parts.head.n != HEAD) return false;
  const u8* head = parts.head.data;
  const int bits = head[0] & ~DRAWN;
  if (bits < unit::LEAST_BITS || bits > unit::MOST_BITS || parts.vector.n != bits::bytes(d, bits)) return false;
  std::vector<i32> whole(static_cast<size_t>(d));
  if (!unit::read(parts.vector.data, bits, whole)) return false;
  out.vector.resize(size_t(d));
  unit::normalise(whole.data(), d, out.vector.data());
  std::vector<f32> z;
  std::vector<u8> classes, marks;
  project(replica, out.vector.data(), z, classes);
  Table table;
  fill_table(head[4], head[5], table);
  i64 rows;
  if (!take_sides(parts, classes, table, head[0] & DRAWN, marks, rows)) return false;
  out.rows.reserve(size_t(rows));
  out.sizes.reserve(size_t(rows));
  const f32 steep = f32(scale::value(head[1]));
  const f32 gains[2] = {f32(scale::value(head[2])), f32(scale::value(head[3]))};
  for (size_t i = 0; i < marks.size(); ++i) {
    if (marks[i] == 0) continue;
    out.rows.push_back(i32(i));
    out.sizes.push_back(steep * z[i]);
  }
  sigmoid(out.sizes.data(), i64(out.sizes.size()));
  for (size_t i = 0; i < out.rows.size(); ++i) {
    f32& s = out.sizes[i];
    s = marks[size_t(out.rows[i])] == 1 ? gains[0] * (1 - s) : -gains[1] * s;
  }
  return true;
}

}  // namespace fedras::direction
