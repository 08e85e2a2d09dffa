#include "clustering/large.hpp"

#include <algorithm>
#include <cmath>

#include "clustering/means.hpp"
#include "clustering/nearest.hpp"
#include "clustering/seeding.hpp"
#include "clustering/ward.hpp"
#include "common/exact_sum.hpp"

namespace fedras {

namespace {

constexpr i64 MORE = 2;      // how many times as many centres as are wanted it starts from
constexpr i64 ROUNDS = 3;    // of drawing them
constexpr i64 SETTLED = 10;  // it ends when no more than one row in so many changes its group
constexpr i64 COARSE = 3;    // iterations of dividing the rows into cells
constexpr i64 LEFT = 8;      // a cell keeps at least one in so many of the centres that it started from

struct Start {
  std::vector<f32> centroids;
  std::vector<i64> count;
  std::vector<i32> assignment;
};

Matrix<f32> as_rows(std::vector<f32>& numbers, size_t rows, i64 d) {
  return {numbers.data(), i64(rows), d};
}

std::vector<f32> chosen_rows(Matrix<const f32> x, Span<const i64> rows) {
  std::vector<f32> out(rows.n * x.columns);
  for (i64 i = 0; i < rows.n; ++i) copy(out.data() + i * x.columns, x[rows[i]], x.columns);
  return out;
}

// The means and sizes of up to `most` groups, and each row's group.
Start start_of(Matrix<const f32> x, i64 most, u64 key) {
  Start found;
  found.assignment.resize(x.rows);
  found.centroids = in_rounds(x, std::min(most, x.rows), ROUNDS, key, found.assignment);
  found.count.assign(found.centroids.size() / size_t(x.columns), 0);
  count_rows(found.assignment, found.count);
  const auto all = as_rows(found.centroids, found.count.size(), x.columns);
  found.count.resize(drop_empty(all, found.count, found.assignment));
  found.centroids.resize(found.count.size() * size_t(x.columns));
  all_move(x, found.assignment, found.count, as_rows(found.centroids, found.count.size(), x.columns));
  return found;
}

// Move the k centroids, of which an empty one keeps its place, to the means and assign again, until few
// rows change their group.
i64 lloyd(Matrix<const f32> x, i64 iterations, Matrix<f32> centroids, Span<i32> assignment) {
  std::vector<i64> count(centroids.rows);
  const auto means = [&] {
    std::fill(count.begin(), count.end(), 0);
    count_rows(assignment, count);
    all_move(x, assignment, count, centroids);
  };
  means();
  std::vector<i32> before(iterations > 1 ? size_t(x.rows) : 0);
  for (i64 turn = 1; turn < iterations; ++turn) {
    std::copy(assignment.begin(), assignment.end(), before.begin());
    all_nearest(x, centroids, assignment);
    means();
    i64 changed = 0;
    for (i64 i = 0; i < x.rows; ++i) changed += before[i] != assignment[i];
    if (changed * SETTLED <= x.rows) break;
  }
  return drop_empty(centroids, count, assignment);
}

void regroup(Span<const i32> group, Span<const i32> from, Span<i32> to) {
  for (i64 i = 0; i < from.n; ++i) to[i] = group[from[i]];
}

// The rows of each group, ascending, one group after another, and where each group ends.
std::vector<i64> by_group(Span<const i32> assignment, std::vector<i64>& ends) {
  count_rows(assignment, ends);
  std::vector<i64> free(ends.size());
  for (size_t g = 1; g < ends.size(); ++g) {
    free[g] = ends[g - 1];
    ends[g] += ends[g - 1];
  }
  std::vector<i64> rows(assignment.n);
  for (i64 i = 0; i < assignment.n; ++i) rows[free[assignment[i]]++] = i;
  return rows;
}

// A cell: its rows, where it starts from, and the merges that may be made, with what they cost at least.
struct Cell {
  Span<const i64> rows;
  Start start;
  Merges merges;
};

Cell open_cell(Matrix<const f32> x, Span<const i64> rows, f64 share, u64 key) {
  auto own = chosen_rows(x, rows);
  const f64 wanted = std::nearbyint(share);  // half to even
  const i64 most = wanted >= f64(rows.n) ? rows.n : wanted >= 1 ? i64(wanted) : 1;
  Cell cell{rows, start_of(as_rows(own, rows.n, x.columns), most, key), {}};
  const i64 m = i64(cell.start.count.size());
  cell.merges = merges(as_rows(cell.start.centroids, m, x.columns), cell.start.count,
                       (m + LEFT - 1) / LEFT);
  f32 most_so_far = NOBODY;
  for (f32& added : cell.merges.added) added = most_so_far = added > most_so_far ? added : most_so_far;
  return cell;
}

// What the dearest merge costs that is made so that k centres are left of all cells.
f32 dearest_merge(const std::vector<Cell>& cells, i64 k) {
  i64 spare = -k;
  std::vector<f32> costs;
  for (const Cell& cell : cells) {
    spare += i64(cell.start.count.size());
    costs.insert(costs.end(), cell.merges.added.begin(), cell.merges.added.end());
  }
  if (spare <= 0 || costs.empty()) return NOBODY;
  const auto dearest = costs.begin() + std::min(spare, i64(costs.size())) - 1;
  std::nth_element(costs.begin(), dearest, costs.end());
  return *dearest;
}

}  // namespace

i64 cluster_large(Matrix<const f32> x, i64 k, i64 iterations, u64 key, i64 cell, Matrix<f32> centroids,
                  Span<i32> assignment) {
  return k <= 2 * cell ? flat(x, k, iterations, key, SAMPLE, centroids, assignment)
                       : in_cells(x, k, iterations, key, cell, centroids, assignment);
}

i64 flat(Matrix<const f32> x, i64 k, i64 iterations, u64 key, i64 sample, Matrix<f32> centroids,
         Span<i32> assignment) {
  const i64 step = std::max<i64>(1, x.rows / (sample * MORE * k)), n = (x.rows + step - 1) / step;
  std::vector<f32> kept;
  Matrix<const f32> some = x;
  if (step > 1) {
    kept.resize(n * x.columns);
    const auto rows = as_rows(kept, n, x.columns);
    for (i64 i = 0; i < n; ++i) copy(rows[i], x[i * step], x.columns);
    some = rows;
  }
  auto start = start_of(some, MORE * k, key);
  const auto m = start.count.size();
  const i64 left = std::min(k, i64(m));
  const auto group = merge(as_rows(start.centroids, m, x.columns), start.count, left);
  regroup(group, start.assignment, start.assignment);
  const i64 used = lloyd(some, iterations, centroids.part(0, left), start.assignment);
  if (step == 1) {
    std::copy(start.assignment.begin(), start.assignment.end(), assignment.begin());
    return used;
  }
  all_nearest(x, centroids.part(0, used), assignment);
  return lloyd(x, iterations, centroids.part(0, used), assignment);
}

i64 in_cells(Matrix<const f32> x, i64 k, i64 iterations, u64 key, i64 cell, Matrix<f32> centroids,
             Span<i32> assignment) {
  const i64 coarse = flat(x, (k + cell - 1) / cell, COARSE, key, SAMPLE, centroids, assignment);
  std::vector<i64> ends(coarse, 0);
  const auto rows = by_group(assignment, ends);
  std::vector<f32> apart(x.rows);
  squared_distances(x, centroids.part(0, coarse), assignment, apart);
  std::vector<f64> inertia(ends.size());
  ExactSum total;
  for (size_t c = 0; c < ends.size(); ++c) {
    ExactSum own;
    for (i64 r = c > 0 ? ends[c - 1] : 0; r < ends[c]; ++r) own.add(f64(apart[rows[r]]));
    inertia[c] = own.rounded();
    total.add(inertia[c]);
  }
  const f64 whole = total.rounded();
  if (whole == 0) return coarse;
  std::vector<Cell> cells;
  for (size_t c = 0; c < ends.size(); ++c) {
    const Span<const i64> own = Span<const i64>(rows).part(c > 0 ? ends[c - 1] : 0, ends[c]);
    cells.push_back(open_cell(x, own, f64(MORE * k) * inertia[c] / whole, key));
  }
  const f32 dearest = dearest_merge(cells, k);
  i64 base = 0;
  for (Cell& each : cells) {
    const auto& added = each.merges.added;
    const i64 made = std::upper_bound(added.begin(), added.end(), dearest) - added.begin();
    const auto group = groups_after(Span<const Pair>(each.merges.pairs).part(0, made), i64(each.start.count.size()));
    auto own = chosen_rows(x, each.rows);
    regroup(group, each.start.assignment, each.start.assignment);
    const i64 most = i64(each.start.count.size()) - made;
    const i64 used = lloyd(as_rows(own, each.rows.n, x.columns), iterations,
                           centroids.part(base, base + most), each.start.assignment);
    for (i64 i = 0; i < each.rows.n; ++i) assignment[each.rows[i]] = each.start.assignment[i] + i32(base);
    base += used;
  }
  return base;
}

}  // namespace fedras
