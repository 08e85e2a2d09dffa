#include "bindings/arrays.hpp"
#include "common/threads.hpp"
#include "sampling/choosing.hpp"
#include "sampling/negatives.hpp"

namespace fedras {

namespace {

constexpr i64 PART = 64;  // users that share a thread's memory
constexpr i64 MOST_ITEMS = i64(1) << 31;

void sample_all(u64 seed_key, Array1<const u64> keys, Array1<const i64> indptr, Array1<const i32> items,
                i64 n_items, Array2<i32> negatives) {
  const auto users = view(keys);
  const auto bounds = view(indptr);
  const auto all = view(items);
  const auto out = view(negatives);
  require(bounds.n == users.n + 1 && out.rows == users.n,
          "the arrays are of different numbers of users");
  require(0 <= n_items && n_items < MOST_ITEMS, "the items must be from 0 to 2^31");
  require_bounds(bounds, all.n, "the bounds do not divide the items");
  require_within(all, n_items, "an item is outside the matrix");
  released([&] {
    parallel_parts(users.n, PART, [&](i64 first, i64 last) {
      NegativeSampler sampler;
      for (i64 user = first; user < last; ++user)
        sampler.sample(random_bits(users[user] ^ seed_key, 0),
                       all.part(bounds[user], bounds[user + 1]), n_items, out.row(user));
    });
  });
}

Zipf zipf_of(i64 n, f64 exponent) {
  require(0 <= n && n < MOST_ITEMS, "the items must be from 0 to 2^31");
  require(0 <= exponent && exponent < 100, "the exponent must be from 0 to 100");
  return Zipf(n, exponent);
}

i64 zipf_rank(f64 draw, i64 n, f64 exponent) {
  require(0 <= draw && draw < 1 && n > 0, "there must be an item, and a draw from 0 to 1");
  return zipf_of(n, exponent).rank(draw);
}

void choose_all(u64 key, Array1<const i64> indptr, Array2<const f32> points, Array1<const i32> by_rank,
                f64 exponent, Array1<i32> items) {
  const auto bounds = view(indptr);
  const auto all = view(items);
  const i64 n = view(by_rank).n;
  const Market market{key, view(points), view(by_rank), zipf_of(n, exponent)};
  require_bounds(bounds, all.n, "the bounds do not divide the items");
  require(n == market.points.rows, "there is not one point for each item");
  require_within(market.by_rank, n, "an item has no point");
  for (i64 user = 0; user + 1 < bounds.n; ++user)
    require(bounds[user + 1] - bounds[user] <= n, "a user has more items than there are");
  std::vector<bool> ranked(size_t(n), false);
  for (const i32 item : market.by_rank) {
    require(!ranked[item], "an item has two ranks");
    ranked[item] = true;
  }
  released([&] {
    parallel_parts(bounds.n - 1, PART, [&](i64 first, i64 last) {
      Chooser chooser;
      for (i64 user = first; user < last; ++user)
        chooser.choose(market, user, all.part(bounds[user], bounds[user + 1]));
    });
  });
}

Result<i32> shuffled(u64 key, i64 n) {
  require(0 <= n && n < MOST_ITEMS, "the items must be from 0 to 2^31");
  Fresh<i32> order(n);
  released([&] { write_shuffled(key, order.span()); });
  return order.done();
}

}  // namespace

void bind_sampling(nb::module_& m) {
  m.def("sample_all", &sample_all, nb::arg("seed_key"), in("keys"), in("indptr"), in("items"),
        nb::arg("n_items"), in("negatives"));
  m.def("choose_all", &choose_all, nb::arg("key"), in("indptr"), in("points"), in("by_rank"),
        nb::arg("exponent"), in("items"));
  m.def("zipf_rank", &zipf_rank, nb::arg("draw"), nb::arg("n"), nb::arg("exponent"));
  m.def("shuffled", &shuffled, nb::arg("key"), nb::arg("n"));
}

}  // namespace fedras
