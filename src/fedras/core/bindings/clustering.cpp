#include "bindings/arrays.hpp"
#include "clustering/adaptive.hpp"
#include "clustering/kmeans.hpp"
#include "clustering/large.hpp"
#include "clustering/means.hpp"
#include "clustering/nearest.hpp"
#include "clustering/ward.hpp"

namespace fedras {

namespace {

constexpr i64 MOST_ROWS = (i64(1) << 31) - 1;

using Clusters = std::tuple<Result<f32>, Result<i32>>;  // centroids and assignment

void require_rows(Matrix<const f32> values) {
  require(values.rows <= MOST_ROWS, "more rows than an int32 can number");
}

void require_some(Matrix<const f32> values, i64 k) {
  require_rows(values);
  require(values.rows > 0 && values.columns > 0, "there is nothing to cluster");
  require(k >= 1, "there must be one group at least");
}

std::tuple<Result<f32>, Result<i64>, Result<i32>, Result<i64>> cluster_all(
    Array2<const f32> values, Array1<const i64> starts, Array1<const i64> counts, i64 k, i64 iterations,
    Array1<const u64> keys, i64 large) {
  const auto all = view(values);
  const auto begins = view(starts), lengths = view(counts);
  const auto streams = view(keys);
  require(begins.n == lengths.n && streams.n == lengths.n, "starts, counts and keys differ in number");
  require(k >= 1 && large >= 1, "there must be one group at least");
  i64 rows = 0, most = 0;
  for (i64 c = 0; c < lengths.n; ++c) {
    require(begins[c] >= 0 && lengths[c] >= 0 && lengths[c] <= MOST_ROWS &&
                begins[c] <= all.rows - lengths[c],
            "a matrix is outside the rows");
    rows += lengths[c];
    most += std::min(k, lengths[c]);
  }
  Fresh<f32> centroids(most, all.columns);
  Fresh<i64> first(lengths.n + 1), bounds(lengths.n + 1);
  Fresh<i32> assignment(rows);
  released([&] {
    ClusteringRoom room;
    i64 used = 0, done = 0;
    for (i64 c = 0; c < lengths.n; ++c) {
      const i64 n = lengths[c];
      first.span()[c] = used;
      bounds.span()[c] = done;
      used += cluster_any(all.part(begins[c], begins[c] + n), k, iterations, streams[c], large, room,
                          centroids.matrix().part(used, used + std::min(k, n)),
                          assignment.span().part(done, done + n));
      done += n;
    }
    first.span()[lengths.n] = used;
    bounds.span()[lengths.n] = done;
  });
  const i64 used = first.span()[lengths.n];
  return {centroids.done(used), first.done(), assignment.done(), bounds.done()};
}

// Let `way` cluster a matrix into up to k groups.
template <class Way>
Clusters clustered(Matrix<const f32> values, i64 k, Way way) {
  Fresh<f32> centroids(std::min(k, values.rows), values.columns);
  Fresh<i32> assignment(values.rows);
  const i64 used = released([&] { return way(std::min(k, values.rows), centroids.matrix(), assignment.span()); });
  return {centroids.done(used), assignment.done()};
}

Clusters cluster_matrix(Array2<const f32> values, i64 k, i64 iterations, u64 key, i64 large) {
  const auto x = view(values);
  require_rows(x);
  require(k >= 1 && large >= 1, "there must be one group at least");
  return clustered(x, k, [&](i64, Matrix<f32> centroids, Span<i32> assignment) {
    ClusteringRoom room;
    return cluster_any(x, k, iterations, key, large, room, centroids, assignment);
  });
}

Clusters cluster_flat(Array2<const f32> values, i64 k, i64 iterations, u64 key, i64 sample) {
  const auto x = view(values);
  require_some(x, k);
  require(1 <= sample && sample <= MOST_ROWS, "the sample has one row for each centre at least");
  return clustered(x, k, [&](i64 own, Matrix<f32> centroids, Span<i32> assignment) {
    return flat(x, own, iterations, key, sample, centroids, assignment);
  });
}

Clusters cluster_in_cells(Array2<const f32> values, i64 k, i64 iterations, u64 key, i64 cell) {
  const auto x = view(values);
  require_some(x, k);
  require(8 <= cell && cell <= MOST_ROWS, "a cell has 8 centres at least");
  return clustered(x, k, [&](i64 own, Matrix<f32> centroids, Span<i32> assignment) {
    return in_cells(x, own, iterations, key, cell, centroids, assignment);
  });
}

Clusters cluster_large_matrix(Array2<const f32> values, i64 k, i64 iterations, u64 key, i64 cell) {
  const auto x = view(values);
  require_some(x, k);
  require(8 <= cell && cell <= MOST_ROWS, "a cell has 8 centres at least");
  return clustered(x, k, [&](i64 own, Matrix<f32> centroids, Span<i32> assignment) {
    return cluster_large(x, own, iterations, key, cell, centroids, assignment);
  });
}

Result<f32> means(Array2<const f32> values, Array1<const i32> assignment, i64 k) {
  const auto x = view(values);
  const auto groups = view(assignment);
  require(k >= 0 && k <= MOST_ROWS && groups.n == x.rows, "values and assignment do not match");
  require_within(groups, k, "a row is in no group");
  auto centroids = Fresh<f32>(k, x.columns).filled(0);
  released([&] {
    std::vector<i64> count(k, 0);
    count_rows(groups, count);
    all_move(x, groups, count, centroids.matrix());
  });
  return centroids.done();
}

std::tuple<Result<f32>, Result<i32>, bool> draw_one_by_one(Array2<const f32> values, i64 k, u64 key) {
  const auto x = view(values);
  require_some(x, k);
  Fresh<f32> centroids(std::min(k, x.rows), x.columns);
  Fresh<i32> assignment(x.rows);
  SeedingRoom room;
  const auto seeds = one_by_one(x, std::min(k, x.rows), key, room, centroids.matrix(), assignment.span());
  return {centroids.done(seeds.k), assignment.done(), seeds.exact};
}

Clusters draw_in_rounds(Array2<const f32> values, i64 most, i64 rounds, u64 key) {
  const auto x = view(values);
  require_some(x, most);
  require(most <= x.rows && rounds >= 0 && rounds <= 64, "more centres than rows, or very many rounds");
  Fresh<i32> assignment(x.rows);
  const auto found = released([&] { return in_rounds(x, most, rounds, key, assignment.span()); });
  Fresh<f32> centroids(i64(found.size()) / x.columns, x.columns);
  std::copy(found.begin(), found.end(), centroids.data.get());
  return {centroids.done(), assignment.done()};
}

// Check what `take_over` is given.
void require_takers(Matrix<const f32> x, Matrix<const f32> centroids, Span<f32> score, Span<i32> assignment) {
  require(x.columns == centroids.columns, "rows and centroids differ in length");
  require(score.n == x.rows && assignment.n == x.rows, "there must be a score and a group for each row");
  require(centroids.rows <= MOST_ROWS, "more centroids than an int32 can number");
}

void take_over_all(Array2<const f32> values, Array2<const f32> centroids, i32 offset, Array1<f32> score,
                   Array1<i32> assignment) {
  const auto x = view(values), them = view(centroids);
  require_takers(x, them, view(score), view(assignment));
  released([&] { all_take_over(x, lay_out(them), offset, view(score), view(assignment)); });
}

void few_take_over(Array2<const f32> values, Array2<const f32> centroids, Array1<f32> score,
                   Array1<i32> assignment) {
  const auto x = view(values), them = view(centroids);
  require_takers(x, them, view(score), view(assignment));
  released([&] { take_over_few(Panels(x), them, view(score), view(assignment)); });
}

Result<f32> distances(Array2<const f32> values, Array2<const f32> centroids, Array1<const i32> assignment) {
  const auto x = view(values), them = view(centroids);
  const auto groups = view(assignment);
  require(x.columns == them.columns && groups.n == x.rows, "rows, centroids and groups do not match");
  require_within(groups, them.rows, "a row is in no group");
  Fresh<f32> apart(x.rows);
  released([&] { squared_distances(x, them, groups, apart.span()); });
  return apart.done();
}

f32 largest_size_of(Array2<const f32> values) { return largest_size(view(values)); }

std::tuple<Result<i32>, Result<f32>> ward_merges(Array2<const f32> centroids, Array1<const i64> count, i64 k) {
  const auto means = view(centroids);
  const auto sizes = view(count);
  require(sizes.n == means.rows && 1 <= k && k <= means.rows, "groups and their sizes do not match");
  const auto made = released([&] { return merges(means, sizes, k); });
  Fresh<i32> pairs(i64(made.pairs.size()), 2);
  Fresh<f32> added(i64(made.added.size()));
  for (size_t step = 0; step < made.pairs.size(); ++step) {
    pairs.matrix()[i64(step)][0] = made.pairs[step].into;
    pairs.matrix()[i64(step)][1] = made.pairs[step].gone;
    added.span()[i64(step)] = made.added[step];
  }
  return {pairs.done(), added.done()};
}

Result<i32> apply_merges(Array2<const i32> pairs, i64 m) {
  const auto given = view(pairs);
  require(given.columns == 2 && 0 <= m && m <= MOST_ROWS, "pairs of groups are wanted");
  std::vector<Pair> own;
  for (i64 step = 0; step < given.rows; ++step) {
    const Pair pair{given[step][0], given[step][1]};
    require(0 <= pair.into && pair.into < pair.gone && pair.gone < m, "a pair is no two groups in order");
    own.push_back(pair);
  }
  const auto group = groups_after(own, m);
  Fresh<i32> out(m);
  std::copy(group.begin(), group.end(), out.data.get());
  return out.done();
}

std::tuple<Result<f32>, Result<f32>> directions_of(Array2<const f32> values) {
  const auto x = view(values);
  Fresh<f32> unit(x.rows, x.columns), norm(x.rows);
  released([&] { directions(x, unit.matrix(), norm.span()); });
  return {unit.done(), norm.done()};
}

std::tuple<Result<i32>, i64, f64> split_groups(Array2<const f32> unit, Array1<const f32> norm,
                                               Array1<const i32> assignment, i64 groups, i64 expected,
                                               i64 most, f64 threshold) {
  const auto rows = view(unit);
  const auto before = view(assignment);
  require_rows(rows);
  require(view(norm).n == rows.rows && before.n == rows.rows, "rows, lengths and groups do not match");
  require(1 <= groups && groups <= most && groups <= MOST_ROWS, "fewer groups at the end than before");
  require_within(before, groups, "a row is in no group");
  Fresh<i32> after(rows.rows);
  std::copy(before.begin(), before.end(), after.data.get());
  most = std::min(most, std::max(groups, rows.rows));
  const auto stop = released(
      [&] { return split(rows, view(norm), after.span(), groups, expected, most, threshold); });
  return {after.done(), stop.groups, stop.recorded};
}

std::tuple<i64, i64> go_back_and_forth(Array2<const f32> unit, Array1<const i64> rows) {
  require(view(rows).n > 0, "there are no rows");
  require_within(view(rows), i64(unit.shape(0)), "a row is outside the matrix");
  const auto ends = released([&] { return back_and_forth(view(unit), view(rows)); });
  return {ends.one, ends.other};
}

void bind_parts(nb::module_& m) {  // what the tests compare with definitions
  m.def("cluster_large", &cluster_large_matrix, in("values"), nb::arg("k"), nb::arg("iterations"),
        nb::arg("key"), nb::arg("cell") = CELL);
  m.def("one_by_one", &draw_one_by_one, in("values"), nb::arg("k"), nb::arg("key"));
  m.def("in_rounds", &draw_in_rounds, in("values"), nb::arg("most"), nb::arg("rounds"), nb::arg("key"));
  m.def("take_over", &take_over_all, in("values"), in("centroids"), nb::arg("offset"), in("score"),
        in("assignment"));
  m.def("take_over_few", &few_take_over, in("values"), in("centroids"), in("score"), in("assignment"));
  m.def("squared_distances", &distances, in("values"), in("centroids"), in("assignment"));
  m.def("largest_size", &largest_size_of, in("values"));
  m.def("merges", &ward_merges, in("centroids"), in("count"), nb::arg("k"));
  m.def("apply", &apply_merges, in("pairs"), nb::arg("m"));
  m.def("back_and_forth", &go_back_and_forth, in("unit"), in("rows"));
}

}  // namespace

void bind_clustering(nb::module_& m) {
  m.def("cluster", &cluster_matrix, in("values"), nb::arg("k"), nb::arg("iterations"), nb::arg("key"),
        nb::kw_only(), nb::arg("large") = LARGE);
  m.def("cluster_all", &cluster_all, in("values"), in("starts"), in("counts"), nb::arg("k"),
        nb::arg("iterations"), in("keys"), nb::kw_only(), nb::arg("large") = LARGE);
  m.def("flat", &cluster_flat, in("values"), nb::arg("k"), nb::arg("iterations"), nb::arg("key"),
        nb::arg("sample") = SAMPLE);
  m.def("in_cells", &cluster_in_cells, in("values"), nb::arg("k"), nb::arg("iterations"), nb::arg("key"),
        nb::arg("cell") = CELL);
  m.def("means", &means, in("values"), in("assignment"), nb::arg("k"));
  m.def("directions", &directions_of, in("values"));
  m.def("split", &split_groups, in("unit"), in("norm"), in("assignment"), nb::arg("groups"),
        nb::arg("expected"), nb::arg("most"), nb::arg("threshold"));
  m.attr("FEW") = FEW;
  m.attr("MOST_COMPARED") = MOST_COMPARED;
  bind_parts(m);
}

}  // namespace fedras
