#include "coding/ascending.hpp"

#include <algorithm>

#include "coding/bits.hpp"

namespace fedras::ascending {

namespace {

constexpr f64 ONE = f64(i64(1) << 40);
constexpr i64 SYMBOLS = 16;  // four flags

struct Layout {
  int low;      // low bits of each value
  i64 n_flags;  // that follow
  i64 groups() const { return (n_flags + 3) / 4; }
};

// Flags of which about one in 4 to 8 is set lose less than 0.05 bits an integer to a random set's
// entropy, and are few enough to be coded fast.
Layout layout(i64 n, i64 limit) {
  int low = 0;
  for (i64 share = limit / (4 * std::max<i64>(1, n)); share > 1; share >>= 1) ++low;
  return {low, n + (limit >> low)};
}

// The flags of many streams, four to a byte, and the coder's bounds for each.
struct Flags {
  std::vector<u8> groups;
  std::vector<i64> begins{0};
  std::vector<u32> bounds;

  void add(i64 n, i64 n_flags) {
    begins.push_back(begins.back() + (n_flags + 3) / 4);
    const f64 share = f64(n) / f64(std::max<i64>(1, n_flags));
    i64 weights[SYMBOLS];
    for (i64 symbol = 0; symbol < SYMBOLS; ++symbol) {
      f64 weight = 1.0;
      for (int flag = 0; flag < 4; ++flag) weight *= (symbol >> flag) & 1 ? share : 1.0 - share;
      weights[symbol] = i64(weight * ONE);
    }
    bounds.resize(bounds.size() + SYMBOLS + 1);
    rans::cumulate({weights, SYMBOLS}, bounds.data() + bounds.size() - (SYMBOLS + 1));
  }
  const u32* bounds_of(i64 c) const { return bounds.data() + c * (SYMBOLS + 1); }
  Span<u8> groups_of(i64 c) { return {groups.data() + begins[c], begins[c + 1] - begins[c]}; }
};

// Write the low bits before what is there.
void put_low(Span<const i32> values, int low, rans::Writer& writer) {
  writer.at -= bits::bytes(values.n, low);
  bits::pack(values, low, writer.at);
}

// Read values from their flags and their low bits; whether they are good.
bool read(Span<const u8> groups, const u8* rest, i64 limit, Span<i32> values,
          std::vector<i32>& above) {
  const i64 n = values.n;
  const Layout own = layout(n, limit);
  above.resize(size_t(n) + 4);
  i64 i = 0;
  for (i64 group = 0; group < groups.n; ++group) {
    if (i > n) return false;
    for (int flag = 0; flag < 4; ++flag) {
      above[i] = i32(4 * group + flag - i);  // without a branch, which would be taken at random
      i += groups[group] >> flag & 1;
    }
  }
  if (i != n || (n > 0 && above[n - 1] + n > own.n_flags)) return false;
  bits::unpack(rest, own.low, values);
  bool good = true;
  i64 last = 0;
  for (i64 j = 0; j < n; ++j) {
    const i64 value = i64(above[j]) << own.low | i64(values[j]);
    good &= last <= value && value <= limit;
    values[j] = i32(value);
    last = value;
  }
  return good;
}

}  // namespace

i64 room(i64 n, i64 limit) {
  const Layout own = layout(n, limit);
  return bits::bytes(n, own.low) + 2 * own.groups() + rans::STATE_BYTES;
}

void put_all(Span<Put> streams) {
  Flags flags;
  for (const Put& stream : streams)
    flags.add(stream.values.n, layout(stream.values.n, stream.limit).n_flags);
  flags.groups.assign(size_t(flags.begins.back()), 0);
  std::vector<rans::Put<u8>> puts;
  for (i64 c = 0; c < streams.n; ++c) {
    const Put& stream = streams[c];
    const int low = layout(stream.values.n, stream.limit).low;
    const Span<u8> groups = flags.groups_of(c);
    for (i64 i = 0; i < stream.values.n; ++i) {
      const i64 place = (stream.values[i] >> low) + i;
      groups[place >> 2] |= u8(1 << (place & 3));
    }
    puts.push_back({groups, flags.bounds_of(c), SYMBOLS, stream.writer});
  }
  rans::put_all(Span<rans::Put<u8>>(puts));
  for (i64 c = 0; c < streams.n; ++c) {
    Put& stream = streams[c];
    stream.writer = puts[c].writer;
    rans::finish(stream.writer);
    put_low(stream.values, layout(stream.values.n, stream.limit).low, stream.writer);
  }
}

void take_all(Span<Take> streams) {
  Flags flags;
  std::vector<i64> begins;  // of the low bits
  for (i64 c = 0; c < streams.n; ++c) {
    Take& stream = streams[c];
    const Layout own = layout(stream.values.n, stream.limit);
    begins.push_back(stream.reader.at);
    stream.reader.at += bits::bytes(stream.values.n, own.low);
    stream.good = rans::start(stream.reader);
    flags.add(stream.good ? stream.values.n : 0, stream.good ? own.n_flags : 0);
  }
  flags.groups.resize(size_t(flags.begins.back()));
  std::vector<rans::Take<u8>> takes;
  for (i64 c = 0; c < streams.n; ++c)
    takes.push_back({flags.groups_of(c), flags.bounds_of(c), SYMBOLS, streams[c].reader});
  rans::take_all(Span<rans::Take<u8>>(takes));
  std::vector<i32> above;
  for (i64 c = 0; c < streams.n; ++c) {
    Take& stream = streams[c];
    stream.reader = takes[c].reader;
    if (stream.good)
      stream.good = read(flags.groups_of(c), stream.reader.data.data + begins[c], stream.limit,
                         stream.values, above);
  }
}

}  // namespace fedras::ascending
