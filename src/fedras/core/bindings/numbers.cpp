#include <limits>

#include "bindings/parts.hpp"
#include "common/threads.hpp"
#include "numbers/finite.hpp"
#include "numbers/quantised.hpp"
#include "numbers/rotated.hpp"

namespace fedras {

namespace {

using AnyMatrix = nb::ndarray<const f32, nb::ndim<2>, nb::device::cpu>;  // of any strides

bool within(AnyMatrix values, f64 largest) {
  const i64 rows = i64(values.shape(0)), columns = i64(values.shape(1));
  const i64 down = values.stride(0), along = values.stride(1);
  const f32 limit = f32(largest);
  return released([&] {
    if (along == 1 && down == columns) return all_within(values.data(), rows * columns, limit);
    for (i64 i = 0; i < rows; ++i)
      for (i64 f = 0; f < columns; ++f)
        if (!all_within(values.data() + i * down + f * along, 1, limit)) return false;
    return true;
  });
}

bool finite(AnyMatrix values) { return within(values, f64(std::numeric_limits<f32>::max())); }

// What divides the rows of a matrix among as many parts as there are keys.
void require_parts(Span<const i64> bounds, Matrix<const f32> all, Span<const u64> keys) {
  require_bounds(bounds, all.rows, "the bounds do not divide the rows");
  require(bounds.n == keys.n + 1, "bounds and keys do not match");
}

// Do work(c) for each of some parts of so many numbers, on all threads where it is much.
template <class Work>
void each_part(i64 parts, i64 numbers, Work work) {
  constexpr i64 MUCH = i64(1) << 16;  // fewer are done before another thread has woken up
  if (numbers >= MUCH) return parallel(parts, work);
  for (i64 c = 0; c < parts; ++c) work(c);
}

// Write parts, each of size(rows) bytes, with write(part, c, out).
template <class Size, class Write>
nb::list write_parts(Matrix<const f32> all, Span<const i64> bounds, Size size, Write write) {
  std::vector<i64> begins{0};
  for (i64 c = 0; c + 1 < bounds.n; ++c)
    begins.push_back(begins.back() + size(bounds[c + 1] - bounds[c]));
  std::unique_ptr<u8[]> room(new u8[size_t(begins.back()) + 1]);
  released([&] {
    each_part(bounds.n - 1, all.columns * all.rows,
              [&](i64 c) { write(all.part(bounds[c], bounds[c + 1]), c, room.get() + begins[c]); });
  });
  nb::list out;
  for (i64 c = 0; c + 1 < bounds.n; ++c)
    append(out, {room.get() + begins[c], begins[c + 1] - begins[c]});
  return out;
}

// Where the rows of each part begin, of which rows(length) tells how many there are.
template <class Rows>
std::vector<i64> bounds_of_parts(const Parts& parts, Rows rows) {
  std::vector<i64> bounds{0};
  for (i64 c = 0; c < parts.n(); ++c) {
    const i64 n = rows(parts[c].n);
    require(n >= 0, "the bytes are no rows");
    bounds.push_back(bounds.back() + n);
  }
  return bounds;
}

i64 quantised_rows(i64 length, i64 columns, int bits) {
  require(bits == 4 || bits == 8, "levels have 4 or 8 bits");
  const bool such = length >= 0 && columns <= std::numeric_limits<i32>::max();
  return such ? quantised::rows(length, columns, bits) : -1;
}

nb::list write_quantised(Array2<const f32> values, Array1<const i64> bounds, int bits, bool at_random,
                         Array1<const u64> keys) {
  const auto all = view(values);
  const auto own = view(bounds);
  const auto streams = view(keys);
  require(bits == 4 || bits == 8, "levels have 4 or 8 bits");
  require_parts(own, all, streams);
  return write_parts(
      all, own, [&](i64 n) { return quantised::bytes(n, all.columns, bits); },
      [&](auto part, i64 c, u8* out) { quantised::write(part, bits, at_random, streams[c], out); });
}

std::tuple<Result<f32>, Result<i64>, bool, int> read_quantised(nb::sequence data, i64 columns,
                                                               int bits) {
  const Parts parts(data);
  const auto bounds = bounds_of_parts(parts, [&](i64 n) { return quantised_rows(n, columns, bits); });
  Fresh<f32> values(bounds.back(), columns);
  std::vector<quantised::Outcome> outcomes(parts.n());
  released([&] {
    each_part(parts.n(), bounds.back() * columns, [&](i64 c) {
      outcomes[c] = quantised::read(parts[c].data, bits, values.matrix().part(bounds[c], bounds[c + 1]));
    });
  });
  quantised::Outcome outcome;  // the first that is not good
  for (i64 c = 0; c < parts.n() && outcome.good; ++c) outcome = outcomes[c];
  return {values.done(), as_array<i64>(bounds), outcome.good, outcome.level};
}

i64 rotated_rows(i64 length, i64 columns, i64 block) {
  require(block > 0 && block % 8 == 0, "a block must be a multiple of 8 numbers");
  return columns > std::numeric_limits<i32>::max() ? -1 : rotated::rows(length, columns, block);
}

nb::list write_rotated(Array2<const f32> values, Array1<const i64> bounds, i64 block,
                       Array1<const u64> keys) {
  const auto all = view(values);
  const auto own = view(bounds);
  const auto streams = view(keys);
  require(block > 0 && block % 8 == 0, "a block must be a multiple of 8 numbers");
  require_parts(own, all, streams);
  return write_parts(
      all, own, [&](i64 n) { return rotated::bytes(n, all.columns, block); },
      [&](auto part, i64 c, u8* out) { rotated::write(part, block, u32(streams[c] >> 32), out); });
}

std::tuple<Result<f32>, Result<i64>, bool> read_rotated(nb::sequence data, i64 columns, i64 block) {
  const Parts parts(data);
  const auto bounds = bounds_of_parts(parts, [&](i64 n) { return rotated_rows(n, columns, block); });
  Fresh<f32> values(bounds.back(), columns);
  std::atomic<bool> good{true};
  released([&] {
    each_part(parts.n(), bounds.back() * columns, [&](i64 c) {
      if (!rotated::read(parts[c].data, block, values.matrix().part(bounds[c], bounds[c + 1]))) good = false;
    });
  });
  return {values.done(), as_array<i64>(bounds), good.load()};
}

}  // namespace

void bind_numbers(nb::module_& m) {
  m.def("all_finite", &finite, in("values"));
  m.def("all_within", &within, in("values"), nb::arg("largest"));
  m.def("quantised_rows", &quantised_rows, nb::arg("length"), nb::arg("columns"), nb::arg("bits"));
  m.def("write_quantised", &write_quantised, in("values"), in("bounds"), nb::arg("bits"),
        nb::arg("at_random"), in("keys"));
  m.def("read_quantised", &read_quantised, nb::arg("data"), nb::arg("columns"), nb::arg("bits"));
  m.def("rotated_rows", &rotated_rows, nb::arg("length"), nb::arg("columns"), nb::arg("block"));
  m.def("write_rotated", &write_rotated, in("values"), in("bounds"), nb::arg("block"), in("keys"));
  m.def("read_rotated", &read_rotated, nb::arg("data"), nb::arg("columns"), nb::arg("block"));
}

}  // namespace fedras
