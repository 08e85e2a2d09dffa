#include <nanobind/stl/optional.h>

#include "bindings/arrays.hpp"
#include "updates/aggregate.hpp"
#include "updates/agreement.hpp"
#include "updates/average.hpp"
#include "updates/cosine.hpp"
#include "updates/norms.hpp"
#include "updates/rows.hpp"
#include "updates/trimmed.hpp"

namespace fedras {

namespace {

Result<i64> bounds_of(Array1<const i64> lengths) {
  const auto parts = view(lengths);
  Fresh<i64> out(parts.n + 1);
  const auto bounds = out.span();
  bounds[0] = 0;
  for (i64 c = 0; c < parts.n; ++c) bounds[c + 1] = bounds[c] + parts[c];
  return out.done();
}

std::tuple<Result<i32>, Result<i64>> gather(Array1<const i64> indptr, Array1<const i32> items,
                                            Array1<const i64> rows) {
  const auto begins = view(indptr);
  const auto all = view(items);
  const auto chosen = view(rows);
  require_within(chosen, begins.n - 1, "a row is outside the array");
  Fresh<i64> bounds_out(chosen.n + 1);
  const auto bounds = bounds_out.span();
  bounds[0] = 0;
  for (i64 c = 0; c < chosen.n; ++c) {
    const i64 first = begins[chosen[c]], last = begins[chosen[c] + 1];
    require(0 <= first && first <= last && last <= all.n, "the bounds do not divide the items");
    bounds[c + 1] = bounds[c] + last - first;
  }
  Fresh<i32> out(bounds[chosen.n]);
  for (i64 c = 0; c < chosen.n; ++c)
    std::memcpy(out.data.get() + bounds[c], all.data + begins[chosen[c]],
                sizeof(i32) * (bounds[c + 1] - bounds[c]));
  return {out.done(), bounds_out.done()};
}

void add_rows_to(Array2<f32> matrix, Array1<const i32> rows, Array2<const f32> vectors,
                 Array1<const i32> index) {
  const auto own = view(rows), of = view(index);
  const auto all = view(matrix);
  const auto sent = view(vectors);
  require(own.n == of.n && all.columns == sent.columns, "rows, index and vectors do not match");
  require_within(own, all.rows, "a row is outside the matrix");
  require_within(of, sent.rows, "an index is outside the vectors");
  released([&] { add_rows(all, own, sent, of); });
}

std::tuple<Result<i32>, Result<f32>> changes(Array2<const f32> before, Array2<const f32> now) {
  const auto old = view(before), fresh = view(now);
  require(old.rows == fresh.rows && old.columns == fresh.columns, "the matrices differ in shape");
  Fresh<i32> rows(old.rows);
  const i64 n = released([&] { return differing(old, fresh, rows.data.get()); });
  Fresh<f32> change(n, old.columns);
  released([&] { write_changes(old, fresh, {rows.data.get(), n}, change.matrix()); });
  return {rows.done(n), change.done()};
}

using Summed = std::tuple<Result<i32>, Result<f64>, Result<i64>>;

Summed add_up_to(Array1<const i32> rows, Array1<const i64> bounds, Array1<const i32> index,
                 Array2<const f32> vectors, Array1<const i64> starts, i64 size, Array1<const i32> known,
                 Array2<const f64> total, Array1<const i64> count) {
  const Sent sent{view(rows), view(bounds), view(index), view(vectors), view(starts)};
  const auto before = view(known);
  const auto old = view(total);
  const auto counts = view(count);
  require(0 <= size && size < i64(1) << 31, "there are more rows than an int32 can number");
  require(old.rows == before.n && counts.n == before.n && old.columns == sent.vectors.columns,
          "the sums have other shapes");
  require(sent.index.n == sent.rows.n && sent.starts.n == sent.bounds.n, "rows and index do not match");
  require_bounds(sent.bounds, sent.rows.n, "the bounds do not divide the rows");
  require_bounds(sent.starts, sent.vectors.rows, "the starts do not divide the vectors");
  require_within(sent.rows, size, "a row is outside the matrix");
  require_increase(before, size, "the rows of the sums do not increase");
  for (i64 c = 0; c + 1 < sent.bounds.n; ++c) {
    const auto own = sent.rows.part(sent.bounds[c], sent.bounds[c + 1]);
    require_increase(own, size, "a client's rows do not increase");
    require_within(sent.index.part(sent.bounds[c], sent.bounds[c + 1]),
                   sent.starts[c + 1] - sent.starts[c], "an index is outside the client's vectors");
  }
  Touched touched(size);
  touched.add(before);
  touched.add(sent.rows.part(sent.bounds[0], sent.bounds[sent.bounds.n - 1]));
  const i64 n = touched.count();
  Fresh<i32> all(n);
  Fresh<f64> sums(n, old.columns);
  auto number = Fresh<i64>(n).filled(0);
  released([&] {
    touched.write(all.data.get());
    fill(sums.span(), 0.0);
    for (i64 i = 0; i < before.n; ++i) {
      const i64 place = touched.place(before[i]);
      std::copy(old[i], old[i] + old.columns, sums.matrix()[place]);
      number.span()[place] = counts[i];
    }
    add_up(sent, touched, {all.span(), sums.matrix(), number.span()});
  });
  return {all.done(), sums.done(), number.done()};
}

std::tuple<Result<i32>, Result<f32>> means_of(Array1<const i32> rows, Array2<const f64> total,
                                              Array1<const i64> count, Array2<const f32> matrix,
                                              std::optional<f64> shrink) {
  const auto own = view(rows);
  const auto sums = view(total);
  const auto counts = view(count);
  const auto all = view(matrix);
  require(own.n == sums.rows && sums.rows == counts.n && all.columns == sums.columns,
          "rows, sums, counts and matrix do not match");
  require_increase(own, all.rows, "the rows of the sums do not increase");
  require(std::all_of(counts.begin(), counts.end(), [](i64 n) { return n > 0; }), "nobody sent a row");
  Fresh<i32> moved(own.n);
  Fresh<f32> means(own.n + 1, sums.columns);
  const f32 share = f32(shrink.value_or(0));
  const f32* less = shrink ? &share : nullptr;
  const i64 n = released(
      [&] { return write_means(own, sums, counts, all, less, moved.data.get(), means.matrix()); });
  return {moved.done(n), means.done(n)};
}

// Refuse an update that is not one of such a matrix.
void require_update(Matrix<const f64> total, Span<const i32> rows, Matrix<const f32> vectors,
                    Span<const i32> index) {
  require(rows.n == index.n && total.columns == vectors.columns, "rows, index and vectors do not match");
  require_within(rows, total.rows, "a row is outside the matrix");
  require_within(index, vectors.rows, "an index is outside the vectors");
}

void add_scaled_to(Array2<f64> total, Array1<const i32> rows, Array2<const f32> vectors,
                   Array1<const i32> index, f64 scale) {
  require_update(view(total), view(rows), view(vectors), view(index));
  add_scaled(view(total), view(rows), view(vectors), view(index), scale);
}

f64 agreement_of(Array2<const f64> total, Array1<const i32> rows, Array2<const f32> vectors,
                 Array1<const i32> index, f64 scale) {
  require_update(view(total), view(rows), view(vectors), view(index));
  return agreement(view(total), view(rows), view(vectors), view(index), scale);
}

std::tuple<f64, Result<i64>> cosine_counts(Array1<const i32> rows, Array2<const f32> vectors,
                                           Array1<const i32> chosen, Array1<const i32> other_rows,
                                           Array2<const f32> other_vectors,
                                           Array1<const i32> other_chosen, i64 bins) {
  const Rows wanted{view(rows), view(vectors), view(chosen)};
  const Rows heard{view(other_rows), view(other_vectors), view(other_chosen)};
  require(bins > 0, "there must be a bin");
  for (const Rows& own : {wanted, heard}) {
    require(own.rows.n == own.chosen.n, "rows and chosen do not match");
    require_within(own.chosen, own.vectors.rows, "an index is outside the vectors");
  }
  require(wanted.vectors.columns == heard.vectors.columns || wanted.rows.n == 0 || heard.rows.n == 0,
          "the vectors are of different lengths");
  auto counts = Fresh<i64>(bins).filled(0);
  const f64 mean = released([&] { return mean_cosine(wanted, heard, counts.span()); });
  return {mean, counts.done()};
}

Result<f64> norms_of_rows(Array2<const f32> values) {
  Fresh<f64> norms(i64(values.shape(0)));
  row_norms(view(values), norms.span());
  return norms.done();
}

Result<f32> scaled(Array2<const f32> values, Array1<const f64> scale) {
  const auto rows = view(values);
  require(rows.rows == i64(scale.size()), "there must be one scale a row");
  Fresh<f32> out(rows.rows, rows.columns);
  scale_rows(rows, view(scale), out.matrix());
  return out.done();
}

std::tuple<Result<i64>, Result<i64>> by_item(Array1<const i32> rows, i64 size) {
  const auto own = view(rows);
  require(size >= 0, "there cannot be fewer than no items");
  require_within(own, size, "a row is outside the matrix");
  Fresh<i64> places(own.n), starts(size + 1);
  sort_by_item(own, places.span(), starts.span());
  return {places.done(), starts.done()};
}

void centres(Array2<const f32> values, Array1<const i64> places, Array1<const i64> starts,
             Array1<const i64> trimmed, Array2<f64> out) {
  const auto rows = view(values);
  const auto at = view(places), begins = view(starts), cuts = view(trimmed);
  const auto means = view(out);
  require_bounds(begins, at.n, "the starts do not divide the places");
  require_within(at, rows.rows, "a place is outside the values");
  require(cuts.n == begins.n - 1 && means.rows == cuts.n && means.columns == rows.columns,
          "starts, trimmed and out do not match");
  for (i64 item = 0; item < cuts.n; ++item) {
    const i64 n = begins[item + 1] - begins[item];
    require(n == 0 || (cuts[item] >= 0 && cuts[item] <= (n - 1) / 2), "nothing is left of an item");
  }
  released([&] { write_centres(rows, at, begins, cuts, means); });
}

}  // namespace

void bind_updates(nb::module_& m) {
  m.def("bounds_of", &bounds_of, in("lengths"));
  m.def("gather", &gather, in("indptr"), in("items"), in("rows"));
  m.def("add_rows", &add_rows_to, in("matrix"), in("rows"), in("vectors"), in("index"));
  m.def("changes", &changes, in("before"), in("now"));
  m.def("add_up", &add_up_to, in("rows"), in("bounds"), in("index"), in("vectors"), in("starts"),
        nb::arg("size"), in("known"), in("total"), in("count"));
  m.def("means", &means_of, in("rows"), in("total"), in("count"), in("matrix"), nb::arg("shrink").none());
  m.def("add_scaled", &add_scaled_to, in("total"), in("rows"), in("vectors"), in("index"),
        nb::arg("scale"));
  m.def("agreement", &agreement_of, in("total"), in("rows"), in("vectors"), in("index"),
        nb::arg("scale"));
  m.def("cosine_counts", &cosine_counts, in("rows"), in("vectors"), in("chosen"), in("other_rows"),
        in("other_vectors"), in("other_chosen"), nb::arg("bins"));
  m.def("row_norms", &norms_of_rows, in("values"));
  m.def("scaled", &scaled, in("values"), in("scale"));
  m.def("by_item", &by_item, in("rows"), nb::arg("size"));
  m.def("centres", &centres, in("values"), in("places"), in("starts"), in("trimmed"), in("out"));
}

}  // namespace fedras
