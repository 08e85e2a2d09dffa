#include "clustering/seeding.hpp"

#include <algorithm>
#include <cmath>

#include "clustering/distances.hpp"
#include "clustering/nearest.hpp"
#include "common/compress.hpp"
#include "common/random.hpp"

namespace fedras {

namespace {

constexpr i64 STRETCH = 64;  // rows that are summed together
constexpr f32 SURE = 0.2499f;  // a quarter, less what rounding could make of it

// List the rows that may be closer to the new centre than to their own; return their number.
//
// By the triangle inequality none is that is closer to its own than half way to the new one (Elkan, ICML
// 2003): a client's update has so many small rows that four in five are passed over. `near` is the square
// of that way for each of the k centres so far; `closer` has room for eight more than there are rows.
i64 candidates(const f32* apart, Span<const i32> assignment, const f32* near, i64 k, i32* closer) {
  i64 count = 0, i = 0;
#if defined(__AVX2__)
  if (k <= 8) {
    f32 few[8] = {};
    std::memcpy(few, near, sizeof(f32) * size_t(k));
    const __m256 table = _mm256_loadu_ps(few);
    for (; i + 8 <= assignment.n; i += 8) {
      const __m256i own = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(assignment.data + i));
      const __m256 half = _mm256_permutevar8x32_ps(table, own);
      const __m256 far = _mm256_cmp_ps(_mm256_loadu_ps(apart + i), half, _CMP_GT_OQ);
      count += compress(i32(i), unsigned(_mm256_movemask_ps(far)), closer + count);
    }
  }
#endif
  (void)k;
  for (; i < assignment.n; ++i) {
    closer[count] = i32(i);
    count += apart[i] > near[assignment[i]];
  }
  return count;
}

// Write the sum of all rows up to the end of each stretch of rows; return the whole.
f64 add_up(const f32* apart, std::vector<f64>& reach) {
  f64 total = 0;
  for (size_t stretch = 0; stretch < reach.size(); ++stretch) {
    const f32* own = apart + i64(stretch) * STRETCH;
    f64 sums[8] = {};  // eight that need not wait
    for (i64 i = 0; i < STRETCH; i += 8)
      for (i64 l = 0; l < 8; ++l) sums[l] += f64(own[i + l]);
    total += ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    reach[stretch] = total;
  }
  return total;
}

// The first row up to which the rows add up to more than `target`.
i64 reached(const f32* apart, const std::vector<f64>& reach, f64 target) {
  size_t stretch = 0;
  while (stretch + 1 < reach.size() && reach[stretch] <= target) ++stretch;
  f64 so_far = stretch > 0 ? reach[stretch - 1] : 0.0;
  i64 last = 0;
  for (i64 i = i64(stretch) * STRETCH; i < i64(stretch + 1) * STRETCH; ++i) {
    if (!(apart[i] > 0)) continue;
    last = i;
    so_far += f64(apart[i]);
    if (so_far > target) return i;
  }
  return last;
}

// Make the draws number `start` to `end` - 1: rows in proportion to `apart`.
//
// The sum is cut into as many slices as there are draws, and one row is drawn from each: no region is drawn
// from much more often than is its due. Returns ascending rows, each once.
std::vector<i64> spread_draws(Span<const f32> apart, i64 start, i64 end, u64 key) {
  f64 total = 0;
  for (const f32 own : apart) total += f64(own);
  std::vector<i64> chosen;
  if (!(total > 0)) return chosen;
  i64 row = 0;
  f64 so_far = f64(apart[0]);
  for (i64 turn = start; turn < end; ++turn) {
    const f64 target = (f64(turn - start) + uniform(key, u64(turn))) / f64(end - start) * total;
    while (so_far <= target && row < apart.n - 1) so_far += f64(apart[++row]);
    if (chosen.empty() || chosen.back() != row) chosen.push_back(row);
  }
  return chosen;
}

// Whether no number is NaN, infinite or 1e12 in size, and one larger than 1e-12, as far as the first centre
// and the sum of the n squared distances to it can tell.
bool all_in_range(Span<const f32> centre, f64 total, i64 n) {
  f32 size = 0;
  for (const f32 own : centre) size = std::max(size, std::fabs(own));
  return size < 1e11f && total < 1e22 && total > 1e-20 * f64(centre.n) * f64(n);
}

template <i64 D>
Seeds draw(Matrix<const f32> x, i64 k, u64 key, SeedingRoom& room, Matrix<f32> centroids,
           Span<i32> assignment) {
  const i64 n = x.rows, d = x.columns, stretches = (n + STRETCH - 1) / STRETCH;
  room.apart.assign(stretches * STRETCH, 0.0f);
  room.reach.resize(stretches);
  room.near.resize(k);
  room.closer.resize(n + 8);
  f32 *apart = room.apart.data(), *near = room.near.data();
  i32* closer = room.closer.data();
  std::fill(assignment.begin(), assignment.end(), 0);
  bool in_range = false;
  i64 chosen = below(key, 0, u64(n));
  for (i64 j = 0; j < k; ++j) {
    f32* centre = centroids[j];
    copy(centre, x[chosen], d);
    if (j == 0) {
      each_squared_distance<D>(x, n, centre, [](i64 t) { return t; }, [&](i64 i, f32 own) { apart[i] = own; });
    } else {
      each_squared_distance<D>(centroids, j, centre, [](i64 t) { return t; },
                            [&](i64 other, f32 own) { near[other] = SURE * own; });
      const i64 count = candidates(apart, assignment, near, j, closer);
      each_squared_distance<D>(x, count, centre, [=](i64 t) { return i64(closer[t]); },
                               [=, group = i32(j), own_group = assignment.data](i64 i, f32 own) {
                                 const f32 before = apart[i];
                                 const i32 nearer = -i32(own < before);  // a branch would be taken at random
                                 apart[i] = own < before ? own : before;
                                 own_group[i] = (group & nearer) | (own_group[i] & ~nearer);
                               });
    }
    const f64 total = add_up(apart, room.reach);
    if (j == 0) in_range = all_in_range(centroids.row(0), total, n);
    if (total == 0) return {j + 1, true, in_range};
    chosen = reached(apart, room.reach, uniform(key, u64(j + 1)) * total);
  }
  return {k, false, in_range};
}

}  // namespace

Seeds one_by_one(Matrix<const f32> x, i64 k, u64 key, SeedingRoom& room, Matrix<f32> centroids,
                 Span<i32> assignment) {
  switch (x.columns) {
    case 16: return draw<16>(x, k, key, room, centroids, assignment);
    case 32: return draw<32>(x, k, key, room, centroids, assignment);
    case 64: return draw<64>(x, k, key, room, centroids, assignment);
    default: return draw<0>(x, k, key, room, centroids, assignment);
  }
}

std::vector<f32> in_rounds(Matrix<const f32> x, i64 most, i64 rounds, u64 key, Span<i32> assignment) {
  const i64 d = x.columns;
  std::vector<f32> centroids, score(x.rows, NOBODY), apart(x.rows);
  std::fill(assignment.begin(), assignment.end(), 0);
  const auto draw = [&](const std::vector<i64>& rows) {
    const i64 before = d > 0 ? i64(centroids.size()) / d : 0;
    for (const i64 row : rows) centroids.insert(centroids.end(), x[row], x[row] + d);
    const Matrix<const f32> fresh(centroids.data() + before * d, i64(rows.size()), d);
    all_take_over(x, lay_out(fresh), i32(before), score, assignment);
  };
  draw({below(key, 0, u64(x.rows))});
  for (i64 turn = 0; turn < rounds; ++turn) {
    const i64 start = 1 + (most - 1) * turn / rounds, end = 1 + (most - 1) * (turn + 1) / rounds;
    squared_distances(x, {centroids.data(), i64(centroids.size()) / std::max<i64>(d, 1), d}, assignment, apart);
    const auto rows = spread_draws(apart, start, end, key);
    if (!rows.empty()) draw(rows);
  }
  return centroids;
}

}  // namespace fedras
