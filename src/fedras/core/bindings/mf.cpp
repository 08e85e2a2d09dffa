#include "training/mf.hpp"

#include "bindings/training.hpp"
#include "training/sigmoid.hpp"
#include "updates/rows.hpp"

namespace fedras {

namespace {

using Settings = std::tuple<i64, i64, i64, f64, f64, f64, bool>;

void train_mf(Array2<f32> vectors, Array3<const f32> replicas, Array3<const f32> span,
                   Array1<const i64> stream, Array1<const i32> positives, Array1<const i64> bounds,
                   Array1<const u64> keys, const Settings& given, Array1<const f64> shares,
                   Array1<i32> rows, Array2<f32> values, Array1<const i64> starts, Array1<i64> counts) {
  const auto [epochs, batch, negatives, rate, decay, row_decay, biased] = given;
  const MfSettings settings{epochs, batch, negatives, rate, decay, row_decay, biased};
  const ClientArrays all{replicas,   view(stream), view(positives), view(bounds), view(keys),
                         view(rows), view(values), view(starts),    view(counts)};
  const auto own = view(vectors);
  const auto share = view(shares);
  require(epochs > 0 && epochs < i64(1) << 31 && batch > 0 && negatives < i64(1) << 31,
          "there must be an epoch at least, and a sample in a batch");
  require_clients(all, own, epochs * negatives);
  require(share.n == own.rows, "shares are of another number of clients");
  require(span.shape(0) == replicas.shape(0) && span.shape(2) == replicas.shape(2),
          "span and replicas do not match");
  released([&] {
    MfTrainer trainer(settings, all.items(), own.columns);
    for (i64 c = 0; c < own.rows; ++c) {
      const i64 heard = all.stream[c];
      const MfClient client{own.row(c),          slice(replicas, heard), slice(span, heard),
                            all.positives_of(c), all.keys[c],            share[c]};
      i32* rows = all.rows.data + all.starts[c];
      const auto trained = trainer.train(client, rows);
      write_change(client.items, {rows, trained.rows}, trained, all.values.part(all.starts[c], all.rows.n));
      all.counts[c] = trained.rows;
    }
  });
}

std::tuple<Result<i32>, Result<i32>, u64> samples_of(Array1<const i32> positives, i64 negatives, u64 key,
                                                     i64 n_items) {
  const auto liked = view(positives);
  require(0 <= negatives && negatives < i64(1) << 31, "negatives must be from 0 to 2^31");
  require(0 <= n_items && n_items < i64(1) << 31, "the items must be from 0 to 2^31");
  require_within(liked, n_items, "an item is outside the matrix");
  Sampler sampler(n_items);
  Fresh<i32> items(std::min(n_items, liked.n * (1 + negatives)));
  const Samples drawn = sampler.draw(liked, negatives, key, items.data.get());
  Fresh<i32> samples(drawn.rows.n);
  std::copy(drawn.rows.begin(), drawn.rows.end(), samples.data.get());
  return {samples.done(), items.done(drawn.distinct), drawn.counter};
}

u64 shuffle_order(Array1<i64> order, u64 key, u64 counter) { return shuffle(view(order), key, counter); }

}  // namespace

void bind_mf(nb::module_& m) {
  m.def("train_mf", &train_mf, in("vectors"), in("replicas"), in("span"), in("stream"), in("positives"),
        in("bounds"), in("keys"), nb::arg("settings"), in("shares"), in("rows"), in("values"),
        in("starts"), in("counts"));
  m.def("draw_samples", &samples_of, in("positives"), nb::arg("negatives"), nb::arg("key"),
        nb::arg("n_items"));
  m.def("shuffle", &shuffle_order, in("order"), nb::arg("key"), nb::arg("counter"));
  m.def("sigmoid", [](Array1<f32> x) { sigmoid(x.data(), i64(x.shape(0))); }, in("x"));
}

}  // namespace fedras
