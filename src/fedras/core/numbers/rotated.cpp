#include "numbers/rotated.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "common/random.hpp"
#include "numbers/finite.hpp"
#include "numbers/walsh_hadamard.hpp"

namespace fedras::rotated {

namespace {

constexpr f64 LARGEST = f64(std::numeric_limits<f32>::max());
constexpr u32 INFINITE = 0x7F800000;  // of positive floats all larger bit patterns are NaN

// The sum of term(block[i]) by halves, which vectorise.
template <class Term>
f64 sum(Span<const f32> block, std::vector<f64>& room, Term term) {
  const i64 n = block.n, first = n / 2;
  room.resize(size_t(n - first));
  f64* sums = room.data();
  if (n % 2) sums[first] = term(f64(block[first]));
  for (i64 i = 0; i < first; ++i) sums[i] = term(f64(block[i])) + term(f64(block[n - first + i]));
  for (i64 left = n - first; left > 1; left -= left / 2) {
    const f64* rest = sums + left - left / 2;
    for (i64 i = 0; i < left / 2; ++i) sums[i] += rest[i];
  }
  return sums[0];
}

// What a turn transforms: the longest power of two, from the start, then from the end. Together they
// mix a block of any length.
Span<f32> part_of(Span<f32> block, int turn) {
  i64 power = 1;
  while (2 * power <= block.n) power *= 2;
  return turn == 0 ? block.part(0, power) : block.part(block.n - power, block.n);
}

// Change the sign of the numbers whose draw is odd. Of random_bits(key, counter), written out, only the
// lowest bit is wanted, and so only the lower half of the last product.
void flip(Span<f32> block, u64 key, i64 counter, int turn) {
  u64 state = key + u64(counter + turn * block.n) * GOLDEN;
  for (i64 i = 0; i < block.n; ++i) {
    state += GOLDEN;
    const u64 z = (state ^ (state >> 30)) * MIX_FIRST;
    const u32 low = u32(z ^ (z >> 27)) * u32(MIX_SECOND);
    u32 pattern;
    std::memcpy(&pattern, &block[i], sizeof pattern);
    pattern ^= (low << 31) ^ (low & 0x80000000u);
    std::memcpy(&block[i], &pattern, sizeof pattern);
  }
}

// Rotate a block in place, up to its length, and return its scale.
f32 rotate(Span<f32> block, i64 first, u64 key, std::vector<f64>& room) {
  const f32 most = largest_magnitude(block.data, block.n);
  if (most == 0.0f) return 0.0f;
  for (f32& value : block) value /= most;  // so that no sum leaves float32
  const f64 square = sum(block, room, [](f64 x) { return x * x; });
  for (int turn = 0; turn < 2; ++turn) {
    flip(block, key, 2 * first, turn);
    transform(part_of(block, turn));
  }
  const f64 length = sum(block, room, [](f64 x) { return std::fabs(x); });
  return f32(std::min(LARGEST, f64(most) * square / length));
}

void rotate_back(Span<f32> block, i64 first, u64 key, f64 scale) {
  for (int turn = 1; turn >= 0; --turn) {
    transform(part_of(block, turn));
    flip(block, key, 2 * first, turn);
  }
  for (f32& value : block) {
    f64 scaled = f64(value) * scale;
    scaled = scaled > -LARGEST ? scaled : -LARGEST;
    value = f32(scaled < LARGEST ? scaled : LARGEST);
  }
}

// Bit l is set where lane l is below zero.
u8 negative(Eight x) {
#if defined(__AVX2__)
  return u8(_mm256_movemask_ps(_mm256_cmp_ps(x, Eight{}, _CMP_LT_OQ)));
#else
  u8 bits = 0;
  for (int l = 0; l < 8; ++l) bits |= u8(u8(x[l] < 0.0f) << l);
  return bits;
#endif
}

void write_signs(Span<const f32> block, u8* out) {
  for (i64 octet = 0; octet < block.n / 8; ++octet) out[octet] = negative(load(block.data + 8 * octet));
}

void read_signs(const u8* signs, Span<f32> block) {
  for (i64 octet = 0; octet < block.n / 8; ++octet)
    for (int bit = 0; bit < 8; ++bit) {  // without a branch, which would be taken at random
      const u32 pattern = 0x3F800000u | (u32(signs[octet]) >> bit & 1) << 31;
      std::memcpy(&block[8 * octet + bit], &pattern, sizeof pattern);
    }
}

}  // namespace

i64 rows(i64 length, i64 columns, i64 block) {
  if (columns < 1 || length < 0) return -1;
  if (length == 0) return 0;
  const i64 whole_bytes = SCALE_BYTES + block / 8;
  const i64 whole = (length - KEY_BYTES) / whole_bytes, rest = (length - KEY_BYTES) % whole_bytes;
  const i64 last = rest - SCALE_BYTES;
  if (length <= KEY_BYTES || (rest > 0 && last <= 0)) return -1;
  const i64 sign_bytes = whole * (block / 8) + (rest > 0 ? last : 0), width = padded(columns) / 8;
  return sign_bytes % width == 0 ? sign_bytes / width : -1;
}

void write(Matrix<const f32> values, i64 block, u32 key, u8* out) {
  const i64 width = padded(values.columns), n = values.rows * width;
  if (n == 0) return;
  std::vector<f32> numbers(size_t(n), 0.0f);
  std::vector<f64> room;
  for (i64 i = 0; i < values.rows; ++i)
    std::memcpy(numbers.data() + i * width, values[i], sizeof(f32) * size_t(values.columns));
  store_little(out, key);
  u8 *scales = out + KEY_BYTES, *signs = scales + SCALE_BYTES * blocks(n, block);
  for (i64 first = 0; first < n; first += block) {
    const auto own = Span<f32>(numbers).part(first, std::min(first + block, n));
    store_little(scales + SCALE_BYTES * (first / block), rotate(own, first, key, room));
    write_signs(own, signs + first / 8);
  }
}

bool read(const u8* data, i64 block, Matrix<f32> values) {
  const i64 width = padded(values.columns), n = values.rows * width;
  if (n == 0) return true;
  const u32 key = load_little<u32>(data);
  const u8 *scales = data + KEY_BYTES, *signs = scales + SCALE_BYTES * blocks(n, block);
  for (i64 b = 0; b < blocks(n, block); ++b)
    if (load_little<u32>(scales + SCALE_BYTES * b) >= INFINITE) return false;
  const bool in_place = width == values.columns && width == values.stride;
  std::vector<f32> room(size_t(in_place ? 0 : n));
  const Span<f32> numbers{in_place ? values.data : room.data(), n};
  for (i64 first = 0; first < n; first += block) {
    const auto own = numbers.part(first, std::min(first + block, n));
    read_signs(signs + first / 8, own);
    rotate_back(own, first, key, f64(load_little<f32>(scales + SCALE_BYTES * (first / block))));
  }
  for (i64 i = 0; i < values.rows && !in_place; ++i)
    std::memcpy(values[i], numbers.data + i * width, sizeof(f32) * size_t(values.columns));
  return true;
}

}  // namespace fedras::rotated
