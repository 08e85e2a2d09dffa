#include "clustering/ward.hpp"

#include <algorithm>

#include "clustering/nearest.hpp"

namespace fedras {

namespace {

// Minus what each merge would add, float32[m, M]; with itself a group never merges. M is m filled up to
// LANES with what never merges.
class Gains {
 public:
  Gains(Matrix<const f32> centroids, const std::vector<f32>& weight) : room_(centroids.rows, centroids.rows) {
    auto panels = lay_out(centroids);
    const i64 m = centroids.rows;
    for (i64 p = 0; p < panels.count; ++p) {
      i64 i = 0;
      for (; i + 4 <= m; i += 4) fill<4>(centroids, weight, panels, p, i);
      for (; i < m; ++i) fill<1>(centroids, weight, panels, p, i);
    }
  }
  Matrix<f32> matrix() { return room_; }

 private:
  template <int R>
  void fill(Matrix<const f32> centroids, const std::vector<f32>& weight, Panels& panels, i64 p, i64 first) {
    Tile<R> tile;
    tile.begin(panels.panel(p) - LANES);
    tile.add(centroids[first], centroids.stride, panels.panel(p), panels.terms);
    const Eight none{};
    for (int r = 0; r < R; ++r) {
      f32* row = room_.matrix()[first + r] + p * LANES;
      const Eight bias = spread(panels.start(first + r)), a = spread(weight[first + r]);
      for (int half = 0; half < 2; ++half) {
        const Eight apart = spread(-2.0f) * (bias + (half ? tile.high[r] : tile.low[r]));
        const Eight b = load(weight.data() + p * LANES + half * 8);
        store(row + half * 8, -(none > apart ? none : apart) * (a * b / (a + b)));
      }
      for (i64 j = std::max<i64>(0, panels.vectors - p * LANES); j < LANES; ++j) row[j] = NOBODY;
      if (p == (first + r) / LANES) row[(first + r) % LANES] = NOBODY;
    }
  }
  Filled room_;
};

// Let group a take in group b: its size and what merging it with any other would add.
void join(Matrix<f32> gain, std::vector<f32>& weight, i64 m, i64 a, i64 b) {
  const f32 one = weight[a], other = weight[b], lost = gain[a][b];
  f32 *into = gain[a], *from = gain[b], *all = weight.data();
  for (i64 j = 0; j < m; ++j) {
    const f32 third = all[j];
    const f32 both = (one + third) * into[j] + (other + third) * from[j];
    into[j] = (both - third * lost) / (one + other + third);
  }
  into[a] = NOBODY;
  weight[a] = one + other;
}

}  // namespace

Merges merges(Matrix<const f32> centroids, Span<const i64> count, i64 k) {
  const i64 m = centroids.rows, width = filled_lanes(m);
  std::vector<f32> weight(width, 1.0f), gone(width, 0.0f), room(width, 0.0f);
  std::vector<f32> highest(width, NOBODY);
  std::vector<i64> partner(m), left(m);
  for (i64 i = 0; i < m; ++i) weight[i] = f32(count[i]);
  Gains gains(centroids, weight);
  const auto gain = gains.matrix();
  const auto best_of = [&](i64 i, const f32* row) {
    partner[i] = std::min(first_largest(row, width), m - 1);
    highest[i] = row[partner[i]];
  };
  for (i64 i = 0; i < m; ++i) {
    left[i] = i;
    best_of(i, gain[i]);
  }
  Merges made;
  for (i64 step = 0; step < m - k; ++step) {
    const i64 one = std::min(first_largest(highest.data(), width), m - 1), other = partner[one];
    i64 a = std::min(one, other), b = std::max(one, other);
    if (a == b || gone[a] < 0 || gone[b] < 0) a = left[0], b = left[1];  // not finite
    made.pairs.push_back({i32(a), i32(b)});
    made.added.push_back(-gain[a][b]);
    join(gain, weight, m, a, b);
    gone[b] = highest[a] = highest[b] = NOBODY;
    left.erase(std::lower_bound(left.begin(), left.end(), b));
    for (const i64 i : left) {
      const f32 own = gain[i][a] = gain[a][i];
      const i64 was = partner[i];
      if (own > highest[i] && i != a) {
        partner[i] = a;
        highest[i] = own;
      } else if (i == a || was == a || was == b) {
        for (i64 j = 0; j < width; ++j) room[j] = gain[i][j] + gone[j];
        best_of(i, room.data());
      }
    }
  }
  return made;
}

std::vector<i32> groups_after(Span<const Pair> pairs, i64 m) {
  std::vector<i32> into(m), group(m);
  for (i64 i = 0; i < m; ++i) into[i] = i32(i);
  for (const Pair& pair : pairs) into[pair.gone] = pair.into;
  i32 k = 0;
  for (i64 i = 0; i < m; ++i) {  // a group goes into one before it, whose number is known
    const i32 own = into[i];
    group[i] = own == i ? k++ : group[own];
  }
  return group;
}

}  // namespace fedras
