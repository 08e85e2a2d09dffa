#include "common/random.hpp"

#include "bindings/arrays.hpp"
#include "common/elementary.hpp"
#include "common/threads.hpp"

namespace fedras {

namespace {

constexpr i64 SOME = 1 << 14;  // draws that a thread makes at a time; fewer are made before another has woken up

Result<u64> fold_keys(Array1<const u64> state, Array1<const u64> word) {
  const auto from = view(state), with = view(word);
  Fresh<u64> out(from.n > 0 && with.n > 0 ? std::max(from.n, with.n) : 0);
  const auto keys = out.span();
  for (i64 i = 0; i < keys.n; ++i)
    keys[i] = mix(from[std::min(i, from.n - 1)] ^ mix(with[std::min(i, with.n - 1)]));
  return out.done();
}

Result<f32> normals_of(Array1<const u64> keys, i64 n, f64 scale) {
  const auto streams = view(keys);
  require(n >= 0, "there cannot be fewer than no draws");
  Fresh<f32> out(streams.n, n);
  const auto rows = out.matrix();
  released([&] {
    parallel_parts(streams.n, SOME / std::max<i64>(n, 1) + 1, [&](i64 first, i64 last) {
      for (i64 k = first; k < last; ++k)
        for (i64 i = 0; i < n; ++i) rows[k][i] = f32(scale * normal(streams[k], u64(i)));
    });
  });
  return out.done();
}

Result<f32> normals(u64 key, i64 n, f64 scale) {
  require(n >= 0, "there cannot be fewer than no draws");
  Fresh<f32> out(n);
  const auto draws = out.span();
  released([&] {
    parallel_parts(n, SOME, [&](i64 first, i64 last) {
      for (i64 i = first; i < last; ++i) draws[i] = f32(scale * normal(key, u64(i)));
    });
  });
  return out.done();
}

Result<f64> lognormals(u64 key, i64 n, f64 scale) {
  require(n >= 0, "there cannot be fewer than no draws");
  Fresh<f64> out(n);
  const auto draws = out.span();
  released([&] {
    parallel_parts(n, SOME, [&](i64 first, i64 last) {
      for (i64 i = first; i < last; ++i) draws[i] = exponential(f64(f32(scale * normal(key, u64(i)))));
    });
  });
  return out.done();
}

}  // namespace

void bind_random(nb::module_& m) {
  m.def("bits", &random_bits, nb::arg("key"), nb::arg("counter"));
  m.def("fold", &fold_keys, in("state"), in("word"));
  m.def("below", &below, nb::arg("key"), nb::arg("counter"), nb::arg("n"));
  m.def("uniform", &uniform, nb::arg("key"), nb::arg("counter"));
  m.def("normal", &normal, nb::arg("key"), nb::arg("counter"));
  m.def("normals", &normals, nb::arg("key"), nb::arg("n"), nb::arg("scale"));
  m.def("lognormals", &lognormals, nb::arg("key"), nb::arg("n"), nb::arg("scale"));
  m.def("normals_of", &normals_of, in("keys"), nb::arg("n"), nb::arg("scale"));
}

}  // namespace fedras
