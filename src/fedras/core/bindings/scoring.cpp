#include "bindings/arrays.hpp"
#include "common/threads.hpp"
#include "scoring/context.hpp"
#include "scoring/products.hpp"
#include "scoring/ranks.hpp"

namespace fedras {

namespace {

constexpr i64 ITEMS = 1024;  // that stay in the cache while all users are scored
constexpr i64 USERS = 16;    // that share a thread's memory

Result<f32> score_all(Array2<const f32> vectors, Array2<const f32> items) {
  const auto users = view(vectors), all = view(items);
  require(users.columns == all.columns, "users and items are of different lengths");
  Fresh<f32> out(users.rows, all.rows);
  released([&] {
    parallel_parts(all.rows, ITEMS,
                   [&](i64 first, i64 last) { score_part(users, all, first, last, out.matrix()); });
  });
  return out.done();
}

Result<f32> score_some(Array2<const f32> vectors, Array2<const f32> items,
                       Array2<const i32> candidates) {
  const auto users = view(vectors), all = view(items);
  const auto asked = view(candidates);
  require(users.columns == all.columns, "users and items are of different lengths");
  require(users.rows == asked.rows, "users and candidates do not match");
  require_within(Span<const i32>(asked.data, asked.rows * asked.columns), all.rows,
                 "a candidate is outside the matrix");
  Fresh<f32> out(asked.rows, asked.columns);
  released([&] {
    parallel(users.rows, [&](i64 user) {
      score_candidates(users[user], all, asked.row(user), out.matrix()[user]);
    });
  });
  return out.done();
}

Result<i64> ranks_of(Array2<f32> scores, Array1<const i64> bounds, Array1<const i32> held_out,
                     Array1<const i64> indptr, Array1<const i32> items) {
  const auto all = view(scores);
  const auto parts = view(bounds), seen_parts = view(indptr);
  const auto held = view(held_out), seen = view(items);
  require(parts.n == all.rows + 1 && seen_parts.n == all.rows + 1,
          "the arrays are of different numbers of users");
  require_bounds(parts, held.n, "the bounds do not divide the held-out items");
  require_bounds(seen_parts, seen.n, "the bounds do not divide the items");
  require_within(held, all.columns, "a held-out item has no score");
  require_within(seen, all.columns, "an item has no score");
  auto ranks = Fresh<i64>(held.n).filled(0);
  released([&] {
    parallel_parts(all.rows, USERS, [&](i64 first, i64 last) {
      std::vector<f32> own;
      for (i64 user = first; user < last; ++user)
        rank(all.row(user), held.part(parts[user], parts[user + 1]),
             seen.part(seen_parts[user], seen_parts[user + 1]), own, ranks.data.get() + parts[user]);
    });
  });
  return ranks.done();
}

Result<i32> first_of(Array2<const f32> scores, i64 k) {
  const auto all = view(scores);
  require(k >= 0, "a list cannot have less than no item");
  Fresh<i32> lists(all.rows, k);
  released([&] {
    parallel_parts(all.rows, USERS, [&](i64 first, i64 last) {
      std::vector<f32> best;
      for (i64 user = first; user < last; ++user)
        list_first(all.row(user), lists.matrix().row(user), best);
    });
  });
  return lists.done();
}

Result<f32> fading_sums(Array2<const f32> rows, Array1<const i32> items, Array1<const i64> bounds,
                        f32 decay) {
  const auto all = view(rows);
  const auto latest = view(items);
  const auto parts = view(bounds);
  require_bounds(parts, latest.n, "the bounds do not divide the items");
  require_within(latest, all.rows, "an item is outside the matrix");
  Fresh<f32> out(parts.n - 1, all.columns);
  released([&] {
    parallel(parts.n - 1, [&](i64 user) {
      fading_sum(all, latest.part(parts[user], parts[user + 1]), decay, out.matrix()[user]);
    });
  });
  return out.done();
}

}  // namespace

void bind_scoring(nb::module_& m) {
  m.def("score_all", &score_all, in("vectors"), in("items"));
  m.def("score_some", &score_some, in("vectors"), in("items"), in("candidates"));
  m.def("ranks_of", &ranks_of, in("scores"), in("bounds"), in("held_out"), in("indptr"), in("items"));
  m.def("first_of", &first_of, in("scores"), nb::arg("k"));
  m.def("fading_sums", &fading_sums, in("rows"), in("items"), in("bounds"), nb::arg("decay"));
}

}  // namespace fedras
