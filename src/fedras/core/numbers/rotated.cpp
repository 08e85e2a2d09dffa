#include "numbers/rotated.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/lanes.hpp"
#include "common/random.hpp"

namespace fedras::rotated {

namespace {

constexpr f64 LARGEST = f64(std::numeric_limits<f32>::max());
constexpr u32 INFINITE = 0x7F800000;  // of positive floats all larger bit patterns are NaN

// The largest or the sum of the terms, by halves, which vectorise; they are used up.
template <class Join>
f64 fold(std::vector<f64>& terms, Join join) {
  for (i64 left = i64(terms.size()); left > 1; left -= left / 2) {
    const i64 half = left / 2;
    f64 *low = terms.data(), *high = terms.data() + left - half;
    for (i64 i = 0; i < half; ++i) low[i] = join(low[i], high[i]);
  }
  return terms[0];
}
f64 sum(std::vector<f64>& terms) {
  return fold(terms, [](f64 a, f64 b) { return a + b; });
}
f64 largest(std::vector<f64>& terms) {
  return fold(terms, [](f64 a, f64 b) { return a > b ? a : b; });
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

void mix_four(const f32* x, i64 n, f32* __restrict out) {
  const i64 quarter = n / 4;
  for (i64 i = 0; i < quarter; ++i) {
    const f32 a = x[i], b = x[quarter + i], c = x[2 * quarter + i], d = x[3 * quarter + i];
    const f32 first = a + b, second = a - b, third = c + d, fourth = c - d;
    out[4 * i] = first + third;
    out[4 * i + 1] = second + fourth;
    out[4 * i + 2] = first - third;
    out[4 * i + 3] = second - fourth;
  }
}

void mix_two(const f32* x, i64 n, f32* __restrict out) {
  const i64 half = n / 2;
  for (i64 i = 0; i < half; ++i) {
    out[2 * i] = x[i] + x[half + i];
    out[2 * i + 1] = x[i] - x[half + i];
  }
}

// Apply the orthonormal Walsh-Hadamard transform, its own inverse, in place.
//
// Each pass mixes what differs in the two highest bits of its index, which become the lowest (Pease, J.
// ACM 1968). So all passes are alike, vectorise, and leave the numbers in order.
void transform(Span<f32> x, std::vector<f32>& room) {
  room.resize(std::max(room.size(), size_t(x.n)));
  f32 *now = x.data, *after = room.data();
  for (i64 passes = 1; passes < x.n;) {
    if (4 * passes <= x.n) {
      mix_four(now, x.n, after);
      passes *= 4;
    } else {
      mix_two(now, x.n, after);
      passes *= 2;
    }
    std::swap(now, after);
  }
  const f32 scale = f32(1.0 / std::sqrt(f64(x.n)));
  for (i64 i = 0; i < x.n; ++i) x[i] = scale * now[i];
}

// Rotate a block in place, up to its length, and return its scale.
f32 rotate(Span<f32> block, i64 first, u64 key, std::vector<f64>& terms, std::vector<f32>& room) {
  terms.resize(size_t(block.n));
  for (i64 i = 0; i < block.n; ++i) terms[i] = f64(std::fabs(block[i]));
  const f64 most = largest(terms);
  if (most == 0.0) return 0.0f;
  for (i64 i = 0; i < block.n; ++i) {
    block[i] = f32(f64(block[i]) / most);  // so that no sum leaves float32
    terms[i] = f64(block[i]) * f64(block[i]);
  }
  const f64 square = sum(terms);
  for (int turn = 0; turn < 2; ++turn) {
    flip(block, key, 2 * first, turn);
    transform(part_of(block, turn), room);
  }
  for (i64 i = 0; i < block.n; ++i) terms[i] = std::fabs(f64(block[i]));
  return f32(std::min(LARGEST, most * square / sum(terms)));
}

void rotate_back(Span<f32> block, i64 first, u64 key, f64 scale, std::vector<f32>& room) {
  for (int turn = 1; turn >= 0; --turn) {
    transform(part_of(block, turn), room);
    flip(block, key, 2 * first, turn);
  }
  for (i64 i = 0; i < block.n; ++i) {
    f64 scaled = f64(block[i]) * scale;
    scaled = scaled > -LARGEST ? scaled : -LARGEST;
    block[i] = f32(scaled < LARGEST ? scaled : LARGEST);
  }
}

void write_signs(Span<const f32> block, u8* out) {
  constexpr EightInts BITS{1, 2, 4, 8, 16, 32, 64, 128};
  for (i64 octet = 0; octet < block.n / 8; ++octet) {
    const EightInts own = (load(block.data + 8 * octet) < 0.0f) & BITS;
    out[octet] = u8((own[0] | own[1] | own[2] | own[3]) | (own[4] | own[5] | own[6] | own[7]));
  }
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
  std::vector<f32> numbers(size_t(n), 0.0f), room;
  std::vector<f64> terms;
  for (i64 i = 0; i < values.rows; ++i)
    std::memcpy(numbers.data() + i * width, values[i], sizeof(f32) * size_t(values.columns));
  store_little(out, key);
  u8 *scales = out + KEY_BYTES, *signs = scales + SCALE_BYTES * blocks(n, block);
  for (i64 first = 0; first < n; first += block) {
    const auto own = Span<f32>(numbers).part(first, std::min(first + block, n));
    store_little(scales + SCALE_BYTES * (first / block), rotate(own, first, key, terms, room));
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
  std::vector<f32> numbers(size_t(n), 0.0f), room;
  for (i64 first = 0; first < n; first += block) {
    const auto own = Span<f32>(numbers).part(first, std::min(first + block, n));
    read_signs(signs + first / 8, own);
    rotate_back(own, first, key, f64(load_little<f32>(scales + SCALE_BYTES * (first / block))), room);
  }
  for (i64 i = 0; i < values.rows; ++i)
    std::memcpy(values[i], numbers.data() + i * width, sizeof(f32) * size_t(values.columns));
  return true;
}

}  // namespace fedras::rotated
