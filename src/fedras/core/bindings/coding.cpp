#include <algorithm>
#include <limits>

#include "bindings/parts.hpp"
#include "coding/ascending.hpp"
#include "coding/bits.hpp"
#include "coding/choices.hpp"
#include "coding/row_sets.hpp"

namespace fedras {

namespace {

constexpr i64 MOST = std::numeric_limits<i32>::max();
using Read = std::tuple<Result<i32>, Result<i64>, Result<bool>>;  // values, bounds, good

// Room for many parts in one buffer, and the parts of it that were written as bytes.
class Room {
 public:
  template <class Part, class Size>
  Room(std::vector<Part>& parts, Size size) {
    i64 total = 0;
    for (const Part& part : parts) total += size(part);
    data_.reset(new u8[size_t(std::max<i64>(total, 1))]);
    u8* at = data_.get();
    for (Part& part : parts) {
      part.out = {at, size(part)};
      at += part.out.n;
    }
  }
  template <class Part>
  static nb::list bytes(const std::vector<Part>& parts) {
    nb::list out;
    for (const Part& part : parts) append(out, part.out);
    return out;
  }

 private:
  std::unique_ptr<u8[]> data_;
};

template <class Stream>
Result<bool> good_of(const std::vector<Stream>& streams) {
  Fresh<bool> out(i64(streams.size()));
  for (size_t c = 0; c < streams.size(); ++c) out.data[c] = streams[c].good;
  return out.done();
}

nb::bytes pack_bits(Array1<const i32> values, int width) {
  const auto own = view(values);
  require(0 <= width && width <= bits::MOST_WIDTH, "a width must be 0 to 32 bits");
  for (const i32 value : own)
    require(u64(value) >> width == 0, "a value does not fit into so many bits");
  std::vector<u8> out(size_t(bits::bytes(own.n, width)) + 1);
  bits::pack(own, width, out.data());
  return nb::bytes(out.data(), out.size() - 1);
}

Result<i32> unpack_bits(nb::bytes data, i64 n, int width) {
  require(0 <= width && width <= bits::MOST_WIDTH, "a width must be 0 to 32 bits");
  require(0 <= n && n <= MOST && i64(data.size()) >= bits::bytes(n, width), "the bytes are too few");
  Fresh<i32> out(n);
  bits::unpack(static_cast<const u8*>(data.data()), width, out.span());
  return out.done();
}

nb::list pack_row_sets(Array1<const i32> rows, Array1<const i64> starts, Array1<const i64> counts,
                       i64 size) {
  const auto all = view(rows);
  const auto first = view(starts), n = view(counts);
  require(first.n == n.n && 0 <= size && size <= MOST, "starts, counts and size do not match");
  std::vector<row_sets::Pack> sets;
  for (i64 c = 0; c < n.n; ++c) {
    require(0 <= first[c] && first[c] <= all.n && 0 <= n[c] && n[c] <= all.n - first[c],
            "a set is outside the rows");
    const auto own = all.part(first[c], first[c] + n[c]);
    bool rising = own.n == 0 || (own[0] >= 0 && own[own.n - 1] < size);
    for (i64 i = 1; i < own.n; ++i) rising &= own[i - 1] < own[i];
    require(rising, "the rows of a set must increase strictly, within its size");
    sets.push_back({own, {}});
  }
  const Room room(sets, [&](const auto& set) { return row_sets::room(set.rows.n, size); });
  released([&] { row_sets::pack_all(sets, size); });
  return Room::bytes(sets);
}

Result<i64> count_rows(nb::sequence data, i64 size) {
  require(0 <= size && size <= MOST, "a size must be 0 to 2^31 - 1");
  const Parts parts(data);
  Fresh<i64> out(parts.n());
  for (i64 c = 0; c < parts.n(); ++c) out.data[c] = row_sets::count(parts[c], size);
  return out.done();
}

Read unpack_row_sets(nb::sequence data, i64 size) {
  require(0 <= size && size <= MOST, "a size must be 0 to 2^31 - 1");
  const Parts parts(data);
  std::vector<i64> counts;
  for (i64 c = 0; c < parts.n(); ++c)
    counts.push_back(std::max<i64>(0, row_sets::count(parts[c], size)));
  const auto bounds = bounds_after(counts, size, "a set has too many rows");
  Fresh<i32> rows(bounds.back());
  std::vector<row_sets::Unpack> sets;
  for (i64 c = 0; c < parts.n(); ++c)
    sets.push_back({parts[c], rows.span().part(bounds[c], bounds[c + 1])});
  released([&] { row_sets::unpack_all(sets, size); });
  return {rows.done(), as_array<i64>(bounds), good_of(sets)};
}

std::tuple<nb::list, Result<i64>> pack_choices(Array1<const i32> choices, Array1<const i64> bounds,
                                               Array1<const i64> ks) {
  const auto all = view(choices);
  const auto own = view(bounds), names = view(ks);
  require_bounds(own, all.n, "the bounds do not divide the choices");
  require(own.n == names.n + 1, "bounds and ks do not match");
  const auto begins = bounds_after(names, MOST, "there must be 0 to 2^31 - 1 choices");
  Fresh<i64> order(begins.back());
  std::vector<choices::Pack> parts;
  for (i64 c = 0; c < names.n; ++c) {
    parts.push_back({all.part(own[c], own[c + 1]), order.span().part(begins[c], begins[c + 1]), {}});
    require(parts.back().choices.n <= MOST, "too many choices");
    require_within(parts.back().choices, names[c], "a choice is not below their number");
  }
  const Room room(parts, [](const auto& part) { return choices::room(part.choices.n, part.order.n); });
  released([&] { choices::pack_all(parts); });
  return {Room::bytes(parts), order.done()};
}

Read unpack_choices(nb::sequence data, Array1<const i64> ns, Array1<const i64> ks) {
  const Parts own(data);
  const auto names = view(ks);
  require(view(ns).n == own.n() && names.n == own.n(), "data, ns and ks do not match");
  const auto bounds = bounds_after(view(ns), MOST, "there must be 0 to 2^31 - 1 choices");
  Fresh<i32> choices(bounds.back());
  std::vector<choices::Unpack> parts;
  for (i64 c = 0; c < own.n(); ++c) {
    require(names[c] <= MOST, "there must be 0 to 2^31 - 1 choices");
    parts.push_back({own[c], names[c], choices.span().part(bounds[c], bounds[c + 1])});
  }
  released([&] { choices::unpack_all(parts); });
  return {choices.done(), as_array<i64>(bounds), good_of(parts)};
}

// What the above are made of, for their twins.

Result<i64> cumulate(Array1<const i64> weights) {
  const auto own = view(weights);
  require(0 < own.n && own.n <= rans::MOST_SYMBOLS, "there must be 1 to 16,384 weights");
  for (const i64 weight : own) require(0 <= weight && weight < i64(1) << 46, "a weight is too large");
  std::vector<u32> bounds(size_t(own.n) + 1);
  rans::cumulate(own, bounds.data());
  Fresh<i64> out(own.n + 1);
  std::copy(bounds.begin(), bounds.end(), out.data.get());
  return out.done();
}

std::vector<u32> shares_of(Span<const i64> shares) {
  const std::vector<u32> bounds(shares.begin(), shares.end());
  require(1 < shares.n && shares.n <= rans::MOST_SYMBOLS + 1 && shares[0] == 0 &&
              shares[shares.n - 1] == rans::SCALE,
          "shares must rise from 0 to 65,536");
  for (i64 k = 1; k < shares.n; ++k)
    require(shares[k - 1] < shares[k], "shares must rise from 0 to 65,536");
  return bounds;
}

nb::list pack_symbols(Array1<const i32> symbols, Array1<const i64> bounds, Array1<const i64> shares) {
  const auto all = view(symbols);
  const auto own = view(bounds);
  const auto each = shares_of(view(shares));
  require_bounds(own, all.n, "the bounds do not divide the symbols");
  require_within(all, i64(each.size()) - 1, "a symbol has no share");
  std::vector<rans::Put<i32>> puts;
  nb::list out;
  for (i64 c = 0; c + 1 < own.n; ++c)
    puts.push_back({all.part(own[c], own[c + 1]), each.data(), i64(each.size()) - 1, {}});
  std::vector<std::vector<u8>> rooms;
  for (auto& put : puts) {
    rooms.emplace_back(size_t(2 * put.symbols.n + rans::STATE_BYTES));
    put.writer.at = rooms.back().data() + rooms.back().size();
  }
  rans::put_all(Span<rans::Put<i32>>(puts));
  for (size_t c = 0; c < puts.size(); ++c) {
    rans::finish(puts[c].writer);
    append(out, {puts[c].writer.at, rooms[c].data() + rooms[c].size() - puts[c].writer.at});
  }
  return out;
}

Read unpack_symbols(nb::sequence data, Array1<const i64> ns, Array1<const i64> shares) {
  struct Stream {
    bool good;
  };
  const Parts parts(data);
  const auto each = shares_of(view(shares));
  require(view(ns).n == parts.n(), "data and ns do not match");
  const auto bounds = bounds_after(view(ns), MOST, "there must be 0 to 2^31 - 1 symbols");
  Fresh<i32> symbols(bounds.back());
  std::vector<rans::Take<i32>> takes;
  std::vector<Stream> streams;
  for (i64 c = 0; c < parts.n(); ++c) {
    rans::Reader reader{parts[c]};
    streams.push_back({rans::start(reader)});
    const auto own = symbols.span().part(bounds[c], streams.back().good ? bounds[c + 1] : bounds[c]);
    takes.push_back({own, each.data(), i64(each.size()) - 1, reader});
  }
  rans::take_all(Span<rans::Take<i32>>(takes));
  for (size_t c = 0; c < takes.size(); ++c) streams[c].good &= takes[c].reader.ended();
  return {symbols.done(), as_array<i64>(bounds), good_of(streams)};
}

nb::list pack_ascending(Array1<const i32> values, Array1<const i64> bounds, i64 limit) {
  const auto all = view(values);
  const auto own = view(bounds);
  require_bounds(own, all.n, "the bounds do not divide the values");
  require(0 <= limit && limit <= MOST, "a limit must be 0 to 2^31 - 1");
  require_within(all, limit + 1, "a value is beyond the limit");
  std::vector<ascending::Put> puts;
  std::vector<std::vector<u8>> rooms;
  for (i64 c = 0; c + 1 < own.n; ++c) {
    const auto part = all.part(own[c], own[c + 1]);
    require(std::is_sorted(part.begin(), part.end()), "the values must not decrease");
    rooms.emplace_back(size_t(ascending::room(part.n, limit)));
    puts.push_back({part, limit, {rooms.back().data() + rooms.back().size()}});
  }
  ascending::put_all(puts);
  nb::list out;
  for (size_t c = 0; c < puts.size(); ++c)
    append(out, {puts[c].writer.at, rooms[c].data() + rooms[c].size() - puts[c].writer.at});
  return out;
}

Read unpack_ascending(nb::sequence data, Array1<const i64> ns, i64 limit) {
  const Parts parts(data);
  require(view(ns).n == parts.n() && 0 <= limit && limit <= MOST, "data, ns and limit do not match");
  const auto bounds = bounds_after(view(ns), MOST, "there must be 0 to 2^31 - 1 values");
  Fresh<i32> values(bounds.back());
  std::vector<ascending::Take> takes;
  for (i64 c = 0; c < parts.n(); ++c)
    takes.push_back({values.span().part(bounds[c], bounds[c + 1]), limit, {parts[c]}});
  ascending::take_all(takes);
  for (auto& take : takes) take.good &= take.reader.ended();
  return {values.done(), as_array<i64>(bounds), good_of(takes)};
}

}  // namespace

void bind_coding(nb::module_& m) {
  m.attr("MOST_SYMBOLS") = rans::MOST_SYMBOLS;
  m.attr("LANES") = rans::LANES;
  m.def("pack_bits", &pack_bits, in("values"), nb::arg("width"));
  m.def("unpack_bits", &unpack_bits, nb::arg("data"), nb::arg("n"), nb::arg("width"));
  m.def("pack_row_sets", &pack_row_sets, in("rows"), in("starts"), in("counts"), nb::arg("size"));
  m.def("count_rows", &count_rows, nb::arg("data"), nb::arg("size"));
  m.def("unpack_row_sets", &unpack_row_sets, nb::arg("data"), nb::arg("size"));
  m.def("pack_choices", &pack_choices, in("choices"), in("bounds"), in("ks"));
  m.def("unpack_choices", &unpack_choices, nb::arg("data"), in("ns"), in("ks"));
  m.def("cumulate", &cumulate, in("weights"));
  m.def("pack_symbols", &pack_symbols, in("symbols"), in("bounds"), in("shares"));
  m.def("unpack_symbols", &unpack_symbols, nb::arg("data"), in("ns"), in("shares"));
  m.def("pack_ascending", &pack_ascending, in("values"), in("bounds"), nb::arg("limit"));
  m.def("unpack_ascending", &unpack_ascending, nb::arg("data"), in("ns"), nb::arg("limit"));
}

}  // namespace fedras
