#include <algorithm>

#include "bindings/parts.hpp"
#include "coding/direction.hpp"
#include "coding/levels.hpp"
#include "coding/unit.hpp"
#include "common/threads.hpp"

namespace fedras {

namespace {

nb::bytes as_bytes(const std::vector<u8>& octets) { return nb::bytes(octets.data(), octets.size()); }

void require_rising(Span<const i32> rows, i64 size) {
  bool rising = rows.n == 0 || (rows[0] >= 0 && rows[rows.n - 1] < size);
  for (i64 i = 1; i < rows.n; ++i) rising &= rows[i - 1] < rows[i];
  require(rising, "the rows must increase strictly, within the replica");
}

void require_bits(int bits) {
  require(unit::LEAST_BITS <= bits && bits <= unit::MOST_BITS, "bits must be 2 to 12");
}

nb::list pack_directions(Array1<const i32> rows, Array2<const f32> values, Array1<const i64> starts,
                         Array1<const i64> counts, Array2<const f32> replica, int bits, bool drawn) {
  const auto all = view(rows);
  const auto vectors = view(values), known = view(replica);
  const auto first = view(starts), n = view(counts);
  require_bits(bits);
  require(vectors.rows == all.n && vectors.columns == known.columns && known.columns > 0 && known.rows > 0,
          "rows, values and replica do not match");
  require(first.n == n.n, "starts and counts do not match");
  std::vector<direction::Update> updates;
  for (i64 c = 0; c < n.n; ++c) {
    require(0 <= first[c] && first[c] <= all.n && 0 <= n[c] && n[c] <= all.n - first[c],
            "an update is outside the rows");
    updates.push_back({all.part(first[c], first[c] + n[c]), vectors.part(first[c], first[c] + n[c])});
    require_rising(updates.back().rows, known.rows);
  }
  std::vector<direction::Coded> coded(updates.size());
  Fresh<bool> good(n.n);
  released([&] {
    parallel(n.n, [&](i64 c) {
      good.data[c] = direction::encode(updates[size_t(c)], known, bits, drawn, coded[size_t(c)]);
    });
  });
  nb::list out;
  for (size_t c = 0; c < coded.size(); ++c) {
    const auto& each = coded[c];
    out.append(good.data[c]
                   ? nb::object(nb::make_tuple(as_bytes(each.vector), as_bytes(each.head), as_bytes(each.rows)))
                   : nb::none());
  }
  return out;
}

std::tuple<Result<i32>, Result<f32>, Result<i64>, Result<bool>> unpack_directions(
    nb::sequence vectors, nb::sequence heads, nb::sequence rows, Array2<const f32> replica) {
  const Parts one(vectors), two(heads), three(rows);
  const auto known = view(replica);
  require(one.n() == two.n() && two.n() == three.n(), "the parts do not match");
  require(known.rows > 0 && known.columns > 0, "the replica is empty");
  const i64 n = one.n(), d = known.columns;
  std::vector<direction::Decoded> found(static_cast<size_t>(n));
  Fresh<bool> good(n);
  released([&] {
    parallel(n, [&](i64 c) {
      good.data[c] = direction::decode({one[c], two[c], three[c]}, known, found[size_t(c)]);
      if (!good.data[c]) found[size_t(c)] = {};
    });
  });
  std::vector<i64> bounds{0};
  for (const auto& each : found) bounds.push_back(bounds.back() + i64(each.rows.size()));
  Fresh<i32> own(bounds.back());
  Fresh<f32> values(bounds.back(), d);
  const auto out = values.matrix();
  released([&] {
    parallel(n, [&](i64 c) {
      const auto& each = found[size_t(c)];
      std::copy(each.rows.begin(), each.rows.end(), own.data.get() + bounds[size_t(c)]);
      for (size_t i = 0; i < each.rows.size(); ++i)
        for (i64 a = 0; a < d; ++a)
          out[bounds[size_t(c)] + i64(i)][a] = each.sizes[i] * each.vector[size_t(a)];
    });
  });
  return {own.done(), values.done(), as_array<i64>(bounds), good.done()};
}

nb::object pack_levels(Array1<const i32> rows, Array2<const f32> values, Array2<const f32> replica,
                       Array1<const i64> directions, int bits, i64 bytes) {
  const levels::Update update{view(rows), view(values)};
  const auto known = view(replica);
  require_bits(bits);
  require(update.values.rows == update.rows.n && update.values.columns == known.columns &&
              known.columns > 0 && known.rows > 0,
          "rows, values and replica do not match");
  const auto numbers = view(directions);
  require(numbers.n > 0, "there must be a number of directions");
  for (const i64 r : numbers) require(0 <= r && r <= known.columns, "there must be 0 to d directions");
  require(bytes >= 0, "the bytes are fewer than none");
  require_rising(update.rows, known.rows);
  levels::Coded coded;
  const auto lost = released([&] { return levels::encode(update, known, numbers, bits, bytes, coded); });
  if (!lost) return nb::none();
  return nb::make_tuple(as_bytes(coded.vectors), as_bytes(coded.rows), *lost);
}

i64 count_level_directions(nb::bytes vectors, nb::bytes rows, i64 size, i64 columns) {
  const Octets one{static_cast<const u8*>(vectors.data()), i64(vectors.size())};
  const Octets two{static_cast<const u8*>(rows.data()), i64(rows.size())};
  return levels::directions(one, two, size, columns);
}

nb::object unpack_levels(nb::bytes vectors, nb::bytes rows, Array2<const f32> replica) {
  const Octets one{static_cast<const u8*>(vectors.data()), i64(vectors.size())};
  const Octets two{static_cast<const u8*>(rows.data()), i64(rows.size())};
  const auto known = view(replica);
  require(known.rows > 0 && known.columns > 0, "the replica is empty");
  levels::Decoded found;
  if (!released([&] { return levels::decode(one, two, known, found); })) return nb::none();
  Fresh<i32> own(i64(found.rows.size()));
  Fresh<f32> values(i64(found.rows.size()), known.columns);
  std::copy(found.rows.begin(), found.rows.end(), own.data.get());
  std::copy(found.values.begin(), found.values.end(), values.data.get());
  return nb::make_tuple(own.done(), values.done());
}

}  // namespace

void bind_directions(nb::module_& m) {
  m.def("pack_directions", &pack_directions, in("rows"), in("values"), in("starts"), in("counts"),
        in("replica"), nb::arg("bits"), nb::arg("drawn"));
  m.def("unpack_directions", &unpack_directions, nb::arg("vectors"), nb::arg("heads"), nb::arg("rows"),
        in("replica"));
  m.def("pack_levels", &pack_levels, in("rows"), in("values"), in("replica"), in("directions"), nb::arg("bits"),
        nb::arg("most"));
  m.def("count_level_directions", &count_level_directions, nb::arg("vectors"), nb::arg("rows"),
        nb::arg("size"), nb::arg("columns"));
  m.def("unpack_levels", &unpack_levels, nb::arg("vectors"), nb::arg("rows"), in("replica"));
}

}  // namespace fedras
