#include "clustering/means.hpp"

#include "common/compress.hpp"
#include "common/lanes.hpp"
#include "common/threads.hpp"

namespace fedras {

namespace {

constexpr i64 MUCH = i64(1) << 18;  // numbers; fewer are added up before another thread has woken up

// Write the means of 4 V columns, which stay in registers while all rows are added.
template <int V>
void mean_of(Matrix<const f32> x, i64 column, Span<const i32> rows, f32* out) {
  FourDoubles total[V] = {};
  for (const i32 i : rows) {
    const f32* from = x[i] + column;
    for (int v = 0; v < V; ++v) total[v] += load_doubles(from + 4 * v);
  }
  const f64 n = f64(rows.n);
  for (int v = 0; v < V; ++v) {
    const Four mean = __builtin_convertvector(total[v] / FourDoubles{n, n, n, n}, Four);
    std::memcpy(out + column + 4 * v, &mean, sizeof mean);
  }
}

void move_one(Matrix<const f32> x, Span<const i32> rows, f32* centroid) {
  if (rows.n == 0) return;
  i64 f = 0;
  for (; f + 32 <= x.columns; f += 32) mean_of<8>(x, f, rows, centroid);
  for (; f + 16 <= x.columns; f += 16) mean_of<4>(x, f, rows, centroid);
  for (; f + 4 <= x.columns; f += 4) mean_of<1>(x, f, rows, centroid);
  for (; f < x.columns; ++f) {
    f64 total = 0;
    for (const i32 i : rows) total += f64(x[i][f]);
    centroid[f] = f32(total / f64(rows.n));
  }
}

}  // namespace

void Members::sort(Span<const i32> assignment, i64 k) {
  first.assign(k + 2, 0);
  row.resize(assignment.n + 8);
#if defined(__AVX2__)
  if (k <= 8) {  // a look at all rows for each group takes less time than to wait for the last row's place
    i64 count = 0, whole = assignment.n & -i64(8);
    for (i32 j = 0; j < k; ++j) {
      for (i64 i = 0; i < whole; i += 8) {
        const auto own = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(assignment.data + i));
        const auto in_group = _mm256_castsi256_ps(_mm256_cmpeq_epi32(own, _mm256_set1_epi32(j)));
        count += compress(i32(i), unsigned(_mm256_movemask_ps(in_group)), row.data() + count);
      }
      for (i64 i = whole; i < assignment.n; ++i) {
        row[count] = i32(i);
        count += assignment[i] == j;
      }
      first[j + 1] = count;
    }
    first.pop_back();
    return;
  }
#endif
  i64* next = first.data() + 1;  // where the next row of each group goes; at the end, where that ends
  for (const i32 group : assignment) ++next[group + 1];
  for (i64 j = 1; j <= k; ++j) next[j] += next[j - 1];
  for (i64 i = 0; i < assignment.n; ++i) row[next[assignment[i]]++] = i32(i);
  first.pop_back();
}

void move(Matrix<const f32> x, const Members& members, Matrix<f32> centroids) {
  for (i64 j = 0; j < members.groups(); ++j) move_one(x, members.of(j), centroids[j]);
}

void all_move(Matrix<const f32> x, const Members& members, Matrix<f32> centroids) {
  if (x.rows * x.columns < MUCH) return move(x, members, centroids);
  parallel(members.groups(), [&](i64 j) { move_one(x, members.of(j), centroids[j]); });
}

i64 drop_empty(Matrix<f32> centroids, const Members& members, Span<i32> assignment) {
  std::vector<i32> place(members.groups());
  i64 used = 0;
  for (i64 j = 0; j < members.groups(); ++j) {
    place[j] = i32(used);
    if (members.size(j) == 0) continue;
    if (used < j) copy(centroids[used], centroids[j], centroids.columns);
    ++used;
  }
  if (used < members.groups())
    for (i32& group : assignment) group = place[group];
  return used;
}

}  // namespace fedras
