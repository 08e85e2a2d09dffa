#include "coding/levels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "coding/arithmetic.hpp"
#include "coding/cut.hpp"
#include "coding/principal.hpp"
#include "coding/row_sets.hpp"
#include "coding/scale.hpp"
#include "coding/unit.hpp"
#include "common/dots.hpp"

namespace fedras::levels {

namespace {

using arithmetic::Chance;

constexpr i64 HEAD = 2;  // bytes after the number of rows
constexpr i32 MOST_LEVEL = 255;
constexpr f64 DEAD = 0.65;       // of a step: what is smaller is nothing
constexpr f64 OUTWARDS = 0.05;   // of a step: how far beyond a multiple its values are, on average
constexpr int LENGTHS = 8, REACHES = 7, MAGNITUDES = 6;

// How likely levels are: that one is not zero, by length, reach and what came before; its sign by reach;
// and that it is larger still.
struct Chances {
  Chance moves[2][LENGTHS][2][2], negative[2][REACHES], larger[2][MAGNITUDES];

  Chances() {
    for (auto& later : moves)
      for (auto& length : later)
        for (auto& reach : length)
          for (auto& before : reach) before = {arithmetic::ONE / 8};
    for (auto& later : negative)
      for (auto& reach : later) reach = {arithmetic::ONE / 2};
    for (auto& later : larger)
      for (auto& size : later) size = {arithmetic::ONE / 4};
  }
};

// By powers of two around the mean, how long each row of the replica is.
std::vector<u8> lengths_of(Matrix<const f32> replica) {
  std::vector<f32> squares(static_cast<size_t>(replica.rows));
  f64 total = 0;
  for (i64 i = 0; i < replica.rows; ++i) {
    squares[size_t(i)] = dot(replica[i], replica[i], replica.columns);
    total += squares[size_t(i)];
  }
  const f64 mean = total / f64(std::max<i64>(1, replica.rows));
  std::vector<u8> classes(squares.size(), 0);
  for (size_t i = 0; i < squares.size(); ++i) {
    if (!(squares[i] > 0 && mean > 0)) continue;
    int exponent;
    std::frexp(f64(squares[i]) / mean, &exponent);
    classes[i] = u8(std::clamp(exponent + 3, 0, LENGTHS - 1));
  }
  return classes;
}

// How far each row of the replica reaches along a direction: 0 to 6, 3 in the middle.
void reaches_of(Matrix<const f32> replica, const f32* vector, std::vector<f32>& room, u8* out) {
  room.resize(size_t(replica.rows));
  dots(vector, replica.columns, replica.rows, [&](i64 i) { return replica[i]; }, room.data());
  f64 squares = 0;
  for (const f32 each : room) squares += f64(each) * each;
  const f64 one = std::sqrt(squares / f64(std::max<size_t>(1, room.size())));
  for (size_t i = 0; i < room.size(); ++i) {
    const f64 far = std::abs(f64(room[i]));
    const int reach = (far >= 0.3 * one) + (far >= 0.7 * one) + (far >= 1.3 * one);
    out[i] = u8(one > 0 ? (room[i] < 0 ? 3 - reach : 3 + reach) : 3);
  }
}

// What is known of the levels of one matrix in some directions.
struct Known {
  i64 n = 0, r = 0;  // of which the first r are looked at
  std::vector<u8> lengths, reaches;  // u8[n], u8[most, n]

  Known() = default;
  i64 most() const { return n ? i64(reaches.size()) / n : 0; }
  Known(Matrix<const f32> replica, const std::vector<f32>& vectors)
      : n(replica.rows), r(i64(vectors.size()) / std::max<i64>(1, replica.columns)),
        lengths(lengths_of(replica)), reaches(size_t(n * r)) {
    std::vector<f32> room;
    for (i64 j = 0; j < r; ++j)
      reaches_of(replica, vectors.data() + j * replica.columns, room, reaches.data() + j * n);
  }
};

// Code the levels, i32[r, n]: `coder` writes each bit, or reads it.
template <class Coder>
bool code(const Known& known, std::vector<i32>& levels, Coder coder) {
  Chances chances;
  const auto step = [&](bool bit, Chance& chance) {
    const bool coded = coder(bit, chance.p);
    chance.learn(coded);
    return coded;
  };
  for (i64 j = 0; j < known.r; ++j) {
    const int later = j > 0;
    i32* own = levels.data() + j * known.n;
    const i32* before = own - known.n;
    const u8* reaches = known.reaches.data() + j * known.n;
    for (i64 i = 0; i < known.n; ++i) {
      const u8 reach = reaches[i];
      const bool moved = later && before[i] != 0, far = reach < 2 || reach > 4;
      if (!step(own[i] != 0, chances.moves[later][known.lengths[size_t(i)]][far][moved])) {
        own[i] = 0;
        continue;
      }
      const bool negative = step(own[i] < 0, chances.negative[later][reach]);
      const i32 wanted = std::abs(own[i]);
      i32 level = 1;
      while (step(wanted > level, chances.larger[later][std::min(level, MAGNITUDES) - 1]))
        if (++level > MOST_LEVEL) return false;
      own[i] = negative ? -level : level;
    }
  }
  return true;
}

f64 value_of(i32 level, f64 step) {
  return level == 0 ? 0 : (level > 0 ? level + OUTWARDS : level - OUTWARDS) * step;
}

// Make levels of coordinates; the number of rows that move, or -1 where a level is too large and not `cut`.
i64 quantise(const Update& update, const std::vector<f64>& along, f64 step, bool cut, i64 r, i64 n,
             std::vector<i32>& levels) {
  const i64 own = update.rows.n;
  std::fill(levels.begin(), levels.end(), 0);
  i64 moved = 0;
  for (i64 i = 0; i < own; ++i) {
    bool moves = false;
    for (i64 j = 0; j < r; ++j) {
      const f64 x = along[size_t(j * own + i)], size = std::abs(x) / step + (1 - DEAD);
      if (size >= MOST_LEVEL && !cut) return -1;
      const i32 level = i32(std::min(size, MOST_LEVEL - 1.0));
      levels[size_t(j * n + update.rows[i])] = x < 0 ? -level : level;
      moves |= level != 0;
    }
    moved += moves;
  }
  return moved;
}

}  // namespace

namespace {

// Codes the levels of one update in its first r directions.
class Coding {
 public:
  Coding(const Update& update, Matrix<const f32> replica, i64 most, int bits)
      : update_(update), bits_(bits), n_(replica.rows) {
    principal::leading(update.values, most, bits, whole_, vectors_);
    left_ = principal::coordinates(update.values, vectors_, along_);
    known_ = Known(replica, vectors_);
  }

  i64 directions() const { return i64(whole_.size()); }

  // Returns the sum of squares of what is lost.
  f64 write(i64 r, i64 bytes, Coded& out) {
    known_.r = r;
    levels_.assign(size_t(r * n_), 0);
    out.vectors.clear();
    for (i64 j = 0; j < r; ++j) unit::append(whole_[size_t(j)], bits_, out.vectors);
    const i64 room = bytes - i64(out.vectors.size()), own = update_.rows.n;
    f64 squares = 0;
    for (i64 i = 0; i < r * own; ++i) squares += along_[size_t(i)] * along_[size_t(i)];
    const int middle = scale::byte_of(std::sqrt(squares / f64(std::max<i64>(1, r * own))));
    // The finest step that may do, and one that does or is the coarsest of all. They are hardly ever farther
    // than eight octaves from the root mean square.
    int low = 1, high = 255;
    const auto look = [&](int k) {
      if (attempt(u8(k), room, out))
        high = k;
      else
        low = k + 1;
    };
    if (middle > 24) look(middle - 24);
    if (low < middle + 24 && middle + 24 < high) look(middle + 24);
    while (low < high) look((low + high) / 2);
    attempt(u8(high), room, out);
    return lost(r, scale::value(u8(high)));
  }

 private:
  // Write the levels of a step; whether they keep the room.
  bool attempt(u8 k, i64 room, Coded& out) {
    const i64 moved = quantise(update_, along_, scale::value(k), k == 255, known_.r, n_, levels_);
    if (moved < 0) return false;
    out.rows.clear();
    row_sets::append_count(moved, n_, out.rows);
    out.rows.push_back(u8(bits_));
    out.rows.push_back(k);
    arithmetic::Writer writer(out.rows);
    code(known_, levels_, [&](bool bit, u32 p) { return writer.put(bit, p), bit; });
    writer.finish();
    return i64(out.rows.size()) <= room;
  }

  f64 lost(i64 r, f64 step) const {
    f64 sum = left_;
    const i64 own = update_.rows.n;
    for (i64 j = 0; j < known_.most(); ++j)
      for (i64 i = 0; i < own; ++i) {
        const f64 said = j < r ? value_of(levels_[size_t(j * n_ + update_.rows[i])], step) : 0;
        const f64 apart = along_[size_t(j * own + i)] - said;
        sum += apart * apart;
      }
    return sum;
  }

  Update update_;
  int bits_;
  i64 n_;
  std::vector<std::vector<i32>> whole_;
  std::vector<f32> vectors_;
  std::vector<f64> along_;
  f64 left_ = 0;
  Known known_;
  std::vector<i32> levels_;
};

}  // namespace

std::optional<f64> encode(const Update& update, Matrix<const f32> replica, Span<const i64> directions, int bits,
                          i64 bytes, Coded& out) {
  Update own = update;
  std::vector<f32> room;
  if (!cut(own.values, room)) return std::nullopt;
  i64 most = 0;
  for (const i64 r : directions) most = std::max(most, r);
  Coding coding(own, replica, most, bits);
  f64 least = std::numeric_limits<f64>::infinity();
  Coded attempt;
  for (const i64 r : directions) {
    const f64 lost = coding.write(std::min(r, coding.directions()), bytes, attempt);
    if (lost < least) std::swap(out, attempt), least = lost;
  }
  return least;
}

i64 directions(Octets vectors, Octets rows, i64 size, i64 d) {
  const i64 width = row_sets::count_bytes(size);
  if (rows.n < width + HEAD || row_sets::take_count(rows, size) < 0 || d < 1) return -1;
  const int bits = rows[width];
  if (bits < unit::LEAST_BITS || bits > unit::MOST_BITS) return -1;
  const i64 each = bits::bytes(d, bits);
  return vectors.n % each == 0 && vectors.n / each <= d ? vectors.n / each : -1;
}

bool decode(Octets vectors, Octets rows, Matrix<const f32> replica, Decoded& out) {
  const i64 n = replica.rows, d = replica.columns, r = directions(vectors, rows, n, d);
  if (r < 0) return false;
  const i64 width = row_sets::count_bytes(n), moved = row_sets::take_count(rows, n);
  const int bits = rows[width];
  const f64 step = scale::value(rows[width + 1]);
  std::vector<f32> units(size_t(r * d));
  std::vector<i32> whole(static_cast<size_t>(d));
  for (i64 j = 0; j < r; ++j) {
    if (!unit::read(vectors.data + j * bits::bytes(d, bits), bits, whole)) return false;
    unit::normalise(whole.data(), d, units.data() + j * d);
  }
  const Known known(replica, units);
  std::vector<i32> levels(size_t(r * n));
  arithmetic::Reader reader(rows.part(width + HEAD, rows.n));
  if (!code(known, levels, [&](bool, u32 p) { return reader.take(p); })) return false;
  out.rows.reserve(size_t(moved));
  out.values.reserve(size_t(moved * d));
  std::vector<f64> sum(static_cast<size_t>(d));
  for (i64 i = 0; i < n; ++i) {
    bool moves = false;
    for (i64 j = 0; j < r; ++j) moves |= levels[size_t(j * n + i)] != 0;
    if (!moves) continue;
    if (i64(out.rows.size()) == moved) return false;
    std::fill(sum.begin(), sum.end(), 0.0);
    for (i64 j = 0; j < r; ++j) {
      const f64 along = value_of(levels[size_t(j * n + i)], step);
      for (i64 a = 0; a < d; ++a) sum[size_t(a)] += along * units[size_t(j * d + a)];
    }
    out.rows.push_back(i32(i));
    for (const f64 each : sum) out.values.push_back(f32(each));
  }
  return i64(out.rows.size()) == moved;
}

}  // namespace fedras::levels
