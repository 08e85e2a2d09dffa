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

// Where the largest of the sums of two vectors is, the first of equals; both are filled up to LANES.
i64 largest_sum(const f32* a, const f32* b, i64 n, f32& sum) {
  Leader leader;
  leader.clear();
  EightInts at = leader.low_at;
  for (i64 j = 0; j < n; j += LANES, at += i32(LANES))
    leader.meet(load(a + j) + load(b + j), load(a + j + 8) + load(b + j + 8), at);
  return leader.winner(sum);
}

}  // namespace

Merges merges(Matrix<const f32> centroids, Span<const i64> count, i64 k) {
  const i64 m = centroids.rows, width = filled_lanes(m);
  std::vector<f32> weight(width, 1.0f), gone(width, 0.0f), none(width, 0.0f);
  std::vector<f32> highest(width, NOBODY);
  std::vector<i64> partner(m), left(m);
  for (i64 i = 0; i < m; ++i) weight[i] = f32(count[i]);
  Gains gains(centroids, weight);
  const auto gain = gains.matrix();
  const auto seek = [&](i64 i) {
    partner[i] = std::min(largest_sum(gain[i], gone.data(), width, highest[i]), m - 1);
  };
  for (i64 i = 0; i < m; ++i) {
    left[i] = i;
    seek(i);
  }
  Merges made;
  for (i64 step = 0; step < m - k; ++step) {
    f32 least_lost;
    const i64 one = std::min(largest_sum(highest.data(), none.data(), width, least_lost), m - 1);
    const i64 other = partner[one];
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
        seek(i);
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
