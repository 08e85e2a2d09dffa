#include "training/ncf.hpp"

#include "bindings/training.hpp"

namespace fedras {

namespace {

using Settings = std::tuple<i64, i64, i64, f64, f64, f64, f64>;

void train_ncf(Array2<f32> vectors, Array3<const f32> replicas, Array3<const f32> span,
               Array1<const i64> stream, Array1<const i32> positives, Array1<const i64> bounds,
               Array1<const u64> keys, const Settings& given, Array1<const f64> shares,
               Array2<f32> networks, Array1<i32> rows, Array2<f32> values, Array1<const i64> starts,
               Array1<i64> counts) {
  const auto [epochs, batch, negatives, rate, decay, row_decay, network_rate] = given;
  const NcfSettings settings{epochs, batch, negatives, rate, decay, row_decay, network_rate};
  const ClientArrays all{replicas,   view(stream), view(positives), view(bounds), view(keys),
                         view(rows), view(values), view(starts),    view(counts)};
  const auto own = view(vectors), scoring = view(networks);
  const auto share = view(shares);
  require(epochs > 0 && epochs < i64(1) << 31 && batch > 0 && negatives < i64(1) << 31,
          "there must be an epoch at least, and a sample in a batch");
  require_clients(all, own, epochs * negatives);
  require(share.n == own.rows && scoring.rows == own.rows,
          "shares or networks are of another number of clients");
  require(span.shape(0) == replicas.shape(0) && span.shape(2) == replicas.shape(2),
          "span and replicas do not match");
  require(scoring.columns == parameters(own.columns), "the networks are for vectors of another length");
  released([&] {
    NcfTrainer trainer(settings, all.items(), own.columns);
    for (i64 c = 0; c < own.rows; ++c) {
      const i64 heard = all.stream[c];
      const NcfClient client{own.row(c),          slice(replicas, heard), slice(span, heard),
                             all.positives_of(c), all.keys[c],            share[c],
                             scoring[c]};
      all.counts[c] = trainer.train(client, all.rows.data + all.starts[c], all.values_of(c));
    }
  });
}

Result<f32> score_ncf(Array2<const f32> vectors, Array2<const f32> items, Array1<const f32> network,
                      Array2<const i32> candidates) {
  const auto users = view(vectors), all = view(items);
  const auto asked = view(candidates);
  const i64 d = users.columns;
  require(all.columns == d && i64(network.size()) == parameters(d),
          "the vectors, items and network are of different lengths");
  require(asked.rows == users.rows || asked.rows == 1, "there must be candidates for each user, or for all");
  require_within(Span<const i32>(asked.data, asked.rows * asked.columns), all.rows,
                 "a candidate is outside the matrix");
  Fresh<f32> out(users.rows, asked.columns);
  const auto scores = out.matrix();
  released([&] {
    const Layers<const f32> layers(network.data(), d);
    FilledNetwork filled(d);
    filled.read(layers);
    std::vector<f32> halves(size_t(filled_rows(all.rows) * UNITS[0]));
    write_item_halves(all, filled, halves.data());
    write_scores(users, layers, filled, {halves.data(), all.rows, UNITS[0]}, asked, scores);
  });
  return out.done();
}

}  // namespace

void bind_ncf(nb::module_& m) {
  m.def("train_ncf", &train_ncf, in("vectors"), in("replicas"), in("span"), in("stream"), in("positives"),
        in("bounds"), in("keys"), nb::arg("settings"), in("shares"), in("networks"), in("rows"),
        in("values"), in("starts"), in("counts"));
}

void bind_ncf_scoring(nb::module_& m) {
  m.def("score_ncf", &score_ncf, in("vectors"), in("items"), in("network"), in("candidates"));
}

}  // namespace fedras
