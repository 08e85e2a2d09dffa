#include "numbers/quantised.hpp"

#include <array>

#include "common/random.hpp"
#include "numbers/finite.hpp"

namespace fedras::quantised {

namespace {

constexpr u32 INFINITE = 0x7F800000;  // of positive floats all larger bit patterns are NaN

// The level of a number, `share` above which one rounds up; NaN is level 0.
inline u8 level_of(f32 value, f64 step, f64 zero, f64 share) {
  f64 level = f64(value) / step + zero + share;
  level = level > 0.0 ? level : 0.0;
  level = level < 2 * zero ? level : 2 * zero;
  return u8(i32(level));
}

void write_levels(Span<const f32> row, f32 scale, int bits, bool at_random, u64 key, u64 first,
                  u8* codes) {
  const f64 zero = f64(levels(bits)), step = f64(scale) / zero;
  if (at_random)
    for (i64 f = 0; f < row.n; ++f)
      codes[f] = level_of(row[f], step, zero, uniform(key, first + u64(f)));
  else
    for (i64 f = 0; f < row.n; ++f) codes[f] = level_of(row[f], step, zero, 0.5);
}

// What each level stands for, as a share of the scale.
std::array<f64, 256> shares(int bits) {
  std::array<f64, 256> out{};
  for (int level = 0; level <= 2 * levels(bits); ++level)
    out[size_t(level)] = f64(level - levels(bits)) / f64(levels(bits));
  return out;
}

}  // namespace

void write(Matrix<const f32> values, int bits, bool at_random, u64 key, u8* out) {
  const i64 d = values.columns, width = row_bytes(d, bits);
  std::vector<u8> codes(size_t(d) + 1);
  u8* levels_out = out + SCALE_BYTES * values.rows;
  for (i64 i = 0; i < values.rows; ++i) {
    const f32 scale = largest_magnitude(values[i], d);
    store_little(out + SCALE_BYTES * i, scale);
    u8* own = bits == 8 ? levels_out + i * width : codes.data();
    if (scale > 0)
      write_levels(values.row(i), scale, bits, at_random, key, u64(i * d), own);
    else
      std::memset(own, levels(bits), size_t(d));
    if (bits == 8) continue;
    codes[size_t(d)] = 0;
    for (i64 b = 0; b < width; ++b) levels_out[i * width + b] = u8(codes[2 * b] | codes[2 * b + 1] << 4);
  }
}

Outcome read(const u8* data, int bits, Matrix<f32> values) {
  const i64 d = values.columns, width = row_bytes(d, bits);
  const u8* rows = data + SCALE_BYTES * values.rows;
  const auto share = shares(bits);
  const int most = 2 * levels(bits);
  std::vector<u8> codes(size_t(2 * width));
  for (i64 i = 0; i < values.rows; ++i) {
    if (load_little<u32>(data + SCALE_BYTES * i) >= INFINITE) return {false, 0};
    const f64 scale = f64(load_little<f32>(data + SCALE_BYTES * i));
    const u8* own = rows + i * width;
    if (bits == 4) {
      for (i64 b = 0; b < width; ++b) codes[2 * b] = own[b] & 15, codes[2 * b + 1] = own[b] >> 4;
      own = codes.data();
    }
    int largest = 0;
    for (i64 f = 0; f < d; ++f) largest = own[f] > largest ? own[f] : largest;
    if (largest > most)
      for (i64 f = 0; f < d; ++f)
        if (own[f] > most) return {false, own[f]};
    for (i64 f = 0; f < d; ++f) values[i][f] = f32(share[own[f]] * scale);
  }
  return {};
}

}  // namespace fedras::quantised
