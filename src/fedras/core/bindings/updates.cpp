#include "bindings/arrays.hpp"
#include "updates/rows.hpp"

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
  add_rows(all, own, sent, of);
}

void change(Array2<const f32> matrix, Array1<const i32> rows, Array2<const f32> now, Array2<f32> out) {
  const auto own = view(rows);
  const auto all = view(matrix), after = view(now);
  const auto changed = view(out);
  require(all.columns == after.columns && all.columns == changed.columns && after.rows >= own.n &&
              changed.rows >= own.n,
          "rows and values do not match");
  require_within(own, all.rows, "a row is outside the matrix");
  write_change(all, own, after, changed);
}

Result<i32> differing_rows(Array2<const f32> one, Array2<const f32> other) {
  const auto a = view(one), b = view(other);
  require(a.rows == b.rows && a.columns == b.columns, "the matrices differ in shape");
  Fresh<i32> rows(a.rows + 1);
  return rows.done(differing(a, b, rows.data.get()));
}

}  // namespace

void bind_updates(nb::module_& m) {
  m.def("bounds_of", &bounds_of, in("lengths"));
  m.def("gather", &gather, in("indptr"), in("items"), in("rows"));
  m.def("add_rows", &add_rows_to, in("matrix"), in("rows"), in("vectors"), in("index"));
  m.def("write_change", &change, in("matrix"), in("rows"), in("now"), in("out"));
  m.def("differing", &differing_rows, in("one"), in("other"));
}

}  // namespace fedras
