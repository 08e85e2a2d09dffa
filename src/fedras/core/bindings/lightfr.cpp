#include "training/lightfr.hpp"

#include "bindings/training.hpp"

namespace fedras {

namespace {

void train_lightfr(Array2<f32> vectors, Array3<const f32> replicas, Array1<const i64> stream,
                   Array1<const i32> positives, Array1<const i64> bounds, Array1<const u64> keys,
                   const std::tuple<i64, i64>& given, Array1<i32> rows, Array2<f32> values,
                   Array1<const i64> starts, Array1<i64> counts) {
  const auto [negatives, sweeps] = given;
  const ClientArrays all{replicas,   view(stream), view(positives), view(bounds), view(keys),
                         view(rows), view(values), view(starts),    view(counts)};
  const auto own = view(vectors);
  require_clients(all, own, negatives);
  released([&, settings = LightFrSettings{negatives, sweeps}] {
    LightFrTrainer trainer(settings, all.items(), own.columns);
    for (i64 c = 0; c < own.rows; ++c) {
      const LightFrClient client{own.row(c), slice(replicas, all.stream[c]), all.positives_of(c),
                                 all.keys[c]};
      all.counts[c] = trainer.train(client, all.rows.data + all.starts[c], all.values_of(c));
    }
  });
}

Result<bool> votes(Array2<const f32> step, u64 key) {
  Fresh<bool> kept(view(step).rows);
  draw_votes(view(step), key, kept.data.get());
  return kept.done();
}

}  // namespace

void bind_lightfr(nb::module_& m) {
  m.def("train_lightfr", &train_lightfr, in("vectors"), in("replicas"), in("stream"), in("positives"),
        in("bounds"), in("keys"), nb::arg("settings"), in("rows"), in("values"), in("starts"),
        in("counts"));
  m.def("draw_votes", &votes, in("step"), nb::arg("key"));
}

}  // namespace fedras
