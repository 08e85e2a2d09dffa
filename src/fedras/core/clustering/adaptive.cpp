#include "clustering/adaptive.hpp"

#include <algorithm>
#include <cmath>
#include <queue>

#include "clustering/panels.hpp"
#include "common/threads.hpp"

namespace fedras {

namespace {

constexpr i64 STRETCH = 4096;  // rows that a thread takes at a time; fewer are done before another has woken up

// The rows, group by group, and where each group starts and how many rows it has.
struct Parts {
  std::vector<i64> row, first, size;

  Parts(Span<const i32> assignment, i64 groups, i64 most)
      : row(assignment.n), first(most, 0), size(most, 0) {
    for (const i32 group : assignment) ++size[group];
    for (size_t g = 1; g < size_t(groups); ++g) first[g] = first[g - 1] + size[g - 1];
    auto free = first;
    for (i64 i = 0; i < assignment.n; ++i) row[free[assignment[i]]++] = i;
  }
  Span<i64> of(i64 g) { return {row.data() + first[g], size[g]}; }
};

// The average cosine between the rows and their mean; 0 where the mean is 0.
f64 quality_of(Matrix<const f32> unit, Span<const f32> norm, Span<const i64> rows, std::vector<f64>& room) {
  if (rows.n == 1) return 1;
  const i64 d = unit.columns;
  room.assign(2 * d, 0.0);
  f64 *mean = room.data(), *direction = mean + d;
  for (const i64 i : rows) {
    const f32 *row = unit[i], length = norm[i];
    for (i64 f = 0; f < d; ++f) {
      mean[f] += f64(length * row[f]);
      direction[f] += f64(row[f]);
    }
  }
  f64 along = 0, length = 0;
  for (i64 f = 0; f < d; ++f) {
    along += mean[f] * direction[f];
    length += mean[f] * mean[f];
  }
  if (!(length > 0)) return 0;
  const f64 quality = along / std::sqrt(length) / f64(rows.n);
  return quality < 1 ? quality : 1;
}

// Call use(first, count, cosines) for some rows at a time: their products with two vectors, not fused.
template <class Use>
void each_cosine(Matrix<const f32> unit, Span<const i64> rows, const f32* one, const f32* other, Use use) {
  Panels turned(LANES, unit.columns);
  for (i64 first = 0; first < rows.n; first += LANES) {
    const i64 count = std::min(LANES, rows.n - first);
    for (i64 r = 0; r < count; ++r) turned.put(r, unit[rows[first + r]]);
    Eight sums[4] = {};
    for (i64 f = 0; f < unit.columns; ++f) {
      const Eight low = load(turned.panel(0) + f * LANES), high = load(turned.panel(0) + f * LANES + 8);
      sums[0] += low * spread(one[f]);
      sums[1] += high * spread(one[f]);
      sums[2] += low * spread(other[f]);
      sums[3] += high * spread(other[f]);
    }
    f32 with_one[LANES], with_other[LANES];
    std::memcpy(with_one, sums, sizeof with_one);
    std::memcpy(with_other, sums + 2, sizeof with_other);
    for (i64 r = 0; r < count; ++r) use(first + r, with_one[r], with_other[r]);
  }
}

// A row, and its product with another.
struct Alike {
  i64 at = 0;
  f32 product = 2;
};

// Of all rows but `from` itself the one that is least like it, the first such row.
Alike furthest(Matrix<const f32> unit, Span<const i64> rows, i64 from) {
  const f32* vector = unit[rows[from]];
  std::vector<Alike> found(size_t((rows.n + STRETCH - 1) / STRETCH));
  parallel_parts(rows.n, STRETCH, [&](i64 first, i64 last) {
    Alike least;
    each_cosine(unit, rows.part(first, last), vector, vector, [&](i64 i, f32 product, f32) {
      if (product < least.product && first + i != from) least = {first + i, product};
    });
    found[size_t(first / STRETCH)] = least;
  });
  Alike least;
  for (const Alike& each : found)
    if (each.product < least.product) least = each;
  return least;
}

// A pair of rows, and their product with the sign turned.
struct Apart {
  Ends ends{0, 1};
  f32 apart = NOBODY;
};

// Of the pairs whose first row is one of BLOCK from `start` on, the least similar, the first such pair.
Apart least_similar(Matrix<const f32> unit, Span<const i64> rows, const Panels& panels, i64 start,
                    std::vector<f32>& minus) {
  const i64 count = std::min(BLOCK, rows.n - start), d = unit.columns;
  Leader leaders[BLOCK];
  for (i64 r = 0; r < count; ++r)
    for (i64 f = 0; f < d; ++f) minus[r * d + f] = -unit[rows[start + r]][f];
  // Pairs with the rows before are looked at with those.
  lead({minus.data(), count, d}, panels, start / LANES, i32(start), leaders);
  Apart found;
  for (i64 r = 0; r < count; ++r) {
    f32 apart;
    const i32 other = leaders[r].winner(apart);
    if (apart > found.apart) found = {{start + r, other}, apart};
  }
  return found;
}

// The two least similar of at least two rows, the first such pair.
Ends all_pairs(Matrix<const f32> unit, Span<const i64> rows) {
  constexpr i64 MUCH = i64(1) << 23;  // products; fewer are made before another thread has woken up
  const i64 n = rows.n, d = unit.columns, blocks = (n + BLOCK - 1) / BLOCK;
  Panels panels(n, d);
  for (i64 i = 0; i < n; ++i) panels.put(i, unit[rows[i]]);
  std::vector<Apart> found(blocks);
  const auto room = [&] { return std::vector<f32>(BLOCK * d); };
  const auto look = [&](std::vector<f32>& minus, i64 block) {
    found[block] = least_similar(unit, rows, panels, block * BLOCK, minus);
  };
  auto own = room();
  if (n * n * d / 2 >= MUCH)
    parallel_with(blocks, room, look);
  else
    for (i64 block = 0; block < blocks; ++block) look(own, block);
  Apart least;
  for (const Apart& each : found)
    if (each.apart > least.apart) least = each;
  return least.ends;
}

// Reorder the rows into two groups; return the size of the first, between 1 and n - 1.
i64 bisect(Matrix<const f32> unit, Span<i64> rows) {
  const auto ends = rows.n <= MOST_COMPARED ? all_pairs(unit, rows) : back_and_forth(unit, rows);
  const f32 *first = unit[rows[ends.one]], *last = unit[rows[ends.other]];
  std::vector<u8> leaves(size_t(rows.n));  // the first group
  parallel_parts(rows.n, STRETCH, [&](i64 start, i64 end) {
    each_cosine(unit, rows.part(start, end), first, last, [&](i64 i, f32 with_first, f32 with_last) {
      i += start;
      leaves[size_t(i)] = !((with_first >= with_last && i != ends.other) || i == ends.one);
    });
  });
  std::vector<i64> second;
  second.reserve(size_t(rows.n));
  i64 kept = 0;
  for (i64 i = 0; i < rows.n; ++i) {
    if (leaves[size_t(i)])
      second.push_back(rows[i]);
    else
      rows[kept++] = rows[i];
  }
  std::copy(second.begin(), second.end(), rows.begin() + kept);
  return kept;
}

}  // namespace

void directions(Matrix<const f32> values, Matrix<f32> unit, Span<f32> norm) {
  parallel_parts(values.rows, STRETCH, [&](i64 first, i64 last) {
    for (i64 i = first; i < last; ++i) {
      const f32* row = values[i];
      f64 total = 0;
      for (i64 f = 0; f < values.columns; ++f) total += f64(row[f]) * f64(row[f]);
      const f64 length = std::sqrt(total);
      norm[i] = f32(length);
      for (i64 f = 0; f < values.columns; ++f) unit[i][f] = f32(f64(row[f]) / length);
    }
  });
}

Ends back_and_forth(Matrix<const f32> unit, Span<const i64> rows) {
  i64 one = 0, other = 0;
  f32 lowest = 2;
  while (true) {
    const auto [at, least] = furthest(unit, rows, other);
    if (least >= lowest) return {std::min(one, other), std::max(one, other)};
    one = other, other = at, lowest = least;
  }
}

Split split(Matrix<const f32> unit, Span<const f32> norm, Span<i32> assignment, i64 groups, i64 expected,
            i64 most, f64 threshold) {
  using Rated = std::pair<f64, i64>;
  std::vector<i32> now(assignment.begin(), assignment.end());
  Parts members(assignment, groups, most);
  std::vector<f64> room;
  const auto rated = [&](i64 g) { return Rated(quality_of(unit, norm, members.of(g), room), g); };
  std::vector<Rated> first(static_cast<size_t>(groups));
  parallel_parts(groups, assignment.n > STRETCH ? 1 : groups, [&](i64 from, i64 to) {
    std::vector<f64> own;
    for (i64 g = from; g < to; ++g) first[size_t(g)] = {quality_of(unit, norm, members.of(g), own), g};
  });
  std::priority_queue<Rated, std::vector<Rated>, std::greater<Rated>> worst_first({}, std::move(first));
  Split stop{0, 1.0};
  while (true) {
    const auto [quality, worst] = worst_first.top();
    const bool exhausted = members.size[worst] < 2 || groups == most;
    const bool reached = std::isnan(threshold) ? groups >= expected : quality >= threshold;
    if (groups == expected) stop.recorded = quality;
    if (stop.groups == 0 && (reached || exhausted)) {
      std::copy(now.begin(), now.end(), assignment.begin());
      stop.groups = groups;
    }
    if (exhausted || (stop.groups > 0 && groups >= expected)) return stop;
    const auto rows = members.of(worst);
    const i64 kept = bisect(unit, rows);
    members.first[groups] = members.first[worst] + kept;
    members.size[groups] = rows.n - kept;
    members.size[worst] = kept;
    for (i64 i = kept; i < rows.n; ++i) now[rows[i]] = i32(groups);
    worst_first.pop();
    worst_first.push(rated(worst));
    worst_first.push(rated(groups));
    ++groups;
  }
}

}  // namespace fedras
