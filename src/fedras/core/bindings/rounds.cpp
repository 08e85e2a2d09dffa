#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include "bindings/parts.hpp"
#include "bindings/training.hpp"
#include "rounds/absorb.hpp"
#include "rounds/publish.hpp"
#include "rounds/serve.hpp"

namespace fedras {

namespace {

using Settings = std::tuple<i64, i64, i64, f64, f64, f64, bool>;

actions::Format format_named(const std::string& numbers) {
  const auto format = actions::format_of(numbers);
  require(format.has_value(), "the core has no such number format");
  return *format;
}

using ServedAll = std::tuple<nb::list, f64, f64>;  // payloads, seconds of training and of coding

std::optional<ServedAll> serve_mf(Array2<f32> vectors, Array3<const f32> replicas, Array3<const f32> span,
                                 Array1<const i64> stream, Array1<const i32> positives,
                                 Array1<const i64> bounds, Array1<const u64> keys, const Settings& given,
                                 Array1<const f64> shares, Array1<const i64> most, i64 iterations,
                                 const std::string& numbers, i64 round, Array1<const u64> draws) {
  const auto [epochs, batch, negatives, rate, decay, row_decay, biased] = given;
  const MfSettings settings{epochs, batch, negatives, rate, decay, row_decay, biased};
  const auto own = view(vectors);
  const auto heard = view(stream), limits = view(most), begins = view(bounds);
  const auto liked = view(positives);
  const auto streams = view(keys), coded = view(draws);
  const auto share = view(shares);
  const i64 clients = own.rows, size = replicas.shape(1), d = own.columns;
  require(epochs > 0 && epochs < i64(1) << 31 && batch > 0 && 0 <= negatives &&
              epochs * negatives < i64(1) << 31,
          "there must be an epoch at least, and a sample in a batch");
  require(heard.n == clients && begins.n == clients + 1 && streams.n == clients && share.n == clients &&
              limits.n == clients && coded.n == clients,
          "the arrays are of different numbers of clients");
  require(d > 0 && i64(replicas.shape(2)) == d && span.shape(0) == replicas.shape(0) &&
              i64(span.shape(2)) == d,
          "vectors, replicas and span do not match");
  require_within(heard, i64(replicas.shape(0)), "a stream has no items");
  require_bounds(begins, liked.n, "the bounds do not divide the positives");
  require_within(liked, size, "an item is outside the matrix");
  std::vector<Served> served;
  for (i64 c = 0; c < clients; ++c) {
    require(limits[c] > 0, "there must be one action at least");
    const MfClient client{own.row(c),  slice(replicas, heard[c]), slice(span, heard[c]),
                          liked.part(begins[c], begins[c + 1]), streams[c], share[c]};
    served.push_back({client, limits[c], coded[c]});
  }
  const Coding coding{format_named(numbers), iterations, round};
  if (!released([&] { return serve(settings, coding, size, d, served); })) return std::nullopt;
  nb::list out;
  f64 training = 0, coded_for = 0;
  for (const Served& each : served) {
    append(out, each.payload);
    training += each.training;
    coded_for += each.coding;
  }
  return ServedAll{out, training, coded_for};
}

// The bytes of each part from 1 to 4, -1 where nobody has it, and of the rest.
Result<i64> sizes_of(const std::vector<actions::Parsed>& all, i64 total) {
  auto sizes = Fresh<i64>(5).filled(-1);
  const auto known = sizes.span();
  known[4] = total;
  for (const auto& own : all) {
    for (int p = 0; p < own.frame.n_parts; ++p) {
      i64& size = known[own.frame.names[p] - 1];
      size = std::max<i64>(size, 0) + own.frame.parts[p].n;
      known[4] -= own.frame.parts[p].n;
    }
  }
  return sizes.done();
}

using Absorbed = std::tuple<Result<i32>, Result<i64>, Result<i32>, Result<f32>, Result<i64>, Result<i64>>;

std::optional<Absorbed> absorb(nb::sequence uploads, Array1<const i64> most, const std::string& numbers,
                               i64 size, i64 columns, i64 round, i64 room) {
  const Parts parts(uploads);
  require(view(most).n == parts.n() && 0 <= size && size < i64(1) << 31 && columns > 0,
          "uploads and limits do not match");
  const Expected expected{format_named(numbers), size, columns, round};
  std::vector<Span<const u8>> data;
  i64 total = 0;
  for (i64 c = 0; c < parts.n(); ++c) {
    data.push_back(parts[c]);
    total += parts[c].n;
  }
  Intake intake;
  const Span<const Span<const u8>> all(data.data(), i64(data.size()));
  if (!parse_uploads(all, expected, view(most), room, intake)) return std::nullopt;
  Fresh<i32> rows(intake.bounds.back()), index(intake.bounds.back());
  Fresh<f32> vectors(intake.starts.back(), columns);
  if (!released([&] { return read_uploads(intake, expected, rows.span(), vectors.matrix(), index.span()); }))
    return std::nullopt;
  return Absorbed{rows.done(), as_array<i64>(intake.bounds), index.done(), vectors.done(),
                  as_array<i64>(intake.starts), sizes_of(intake.parsed, total)};
}

using Coded = std::tuple<nb::bytes, f64>;  // a payload, and the quality that was recorded

std::optional<Coded> publish_update(Array1<const i32> rows, Array2<const f32> values, i64 fewest, i64 expected,
                                    i64 most, f64 threshold, i64 iterations, const std::string& numbers,
                                    i64 size, i64 round, u64 key) {
  const auto own = view(rows);
  const auto all = view(values);
  require(own.n == all.rows && own.n > 0 && all.columns > 0, "rows and values do not match");
  require(0 <= size && size < i64(1) << 31, "there are more rows than an int32 can number");
  require_within(own, size, "a row is outside the matrix");
  bool increase = true;
  for (i64 i = 1; i < own.n; ++i) increase &= own[i - 1] < own[i];
  require(increase, "the rows do not increase");
  require(1 <= fewest && fewest <= most && 1 <= expected && expected <= most, "the groups are too few");
  const Adaptive how{fewest, expected, most, threshold, iterations};
  const auto format = format_named(numbers);
  Published out;
  if (!released([&] { return publish(own, all, how, format, size, round, key, out); })) return std::nullopt;
  return Coded{nb::bytes(out.payload.data(), out.payload.size()), out.recorded};
}

using Heard = std::tuple<Result<i32>, Result<f32>, std::optional<Result<i32>>, Result<i64>>;

std::optional<Heard> hear(nb::bytes data, i64 size, i64 columns, i64 round) {
  require(0 <= size && size < i64(1) << 31 && columns > 0, "the matrix has no such shape");
  const Octets octets{static_cast<const u8*>(data.data()), i64(data.size())};
  std::vector<actions::Parsed> all(1);
  actions::Parsed& parsed = all[0];
  Frame frame;
  if (!read_frame(octets, size, columns, frame)) return std::nullopt;
  const auto format = actions::format_of(frame.numbers);
  if (!format || !actions::parse(octets, *format, size, columns, round, size, parsed)) return std::nullopt;
  Fresh<i32> rows(parsed.n), index(parsed.n);
  Fresh<f32> vectors(parsed.k, columns);
  actions::Read read{&parsed, rows.span(), vectors.matrix(), index.span()};
  if (!released([&] { return actions::read_all({&read, 1}, *format); })) return std::nullopt;
  std::optional<Result<i32>> chosen;
  if (!parsed.plain) chosen = index.done();
  return Heard{rows.done(), vectors.done(), chosen, sizes_of(all, octets.n)};
}

}  // namespace

void bind_rounds(nb::module_& m) {
  m.attr("FORMATS") = nb::make_tuple("f32", "q8", "q8n", "q4", "q4n");
  m.def("serve_mf", &serve_mf, in("vectors"), in("replicas"), in("span"), in("stream"), in("positives"),
        in("bounds"), in("keys"), nb::arg("settings"), in("shares"), in("most"), nb::arg("iterations"),
        nb::arg("numbers"), nb::arg("round_"), in("draws"));
  m.def("absorb", &absorb, nb::arg("uploads"), in("most"), nb::arg("numbers"), nb::arg("size"),
        nb::arg("columns"), nb::arg("round_"), nb::arg("room"));
  m.def("publish", &publish_update, in("rows"), in("values"), nb::arg("fewest"), nb::arg("expected"),
        nb::arg("most"), nb::arg("threshold"), nb::arg("iterations"), nb::arg("numbers"), nb::arg("size"),
        nb::arg("round_"), nb::arg("key"));
  m.def("hear", &hear, nb::arg("data"), nb::arg("size"), nb::arg("columns"), nb::arg("round_"));
}

}  // namespace fedras
