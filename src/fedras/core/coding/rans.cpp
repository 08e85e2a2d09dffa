#include "coding/rans.hpp"

#include <algorithm>
#include <numeric>

namespace fedras::rans {

namespace {

constexpr int SCALE_BITS = 16;
constexpr int FULL = 23 + 8 - SCALE_BITS;
constexpr int FACTOR_BITS = FULL + 32;
constexpr i64 CELLS = 256;                // and more than that for more than 64 symbols
constexpr int SYMBOL = 15, SHARE = 17;  // bits in a cell

struct Divisor {  // a symbol's share, its reciprocal and its lower bound
  u64 factor;
  u32 share, low;
};

// What decodes one stream: for each 2^width slots the symbol of the first, with its share and bound.
struct Table {
  const u64* cells;
  const u32* bounds;
  int width;
};

void write_divisors(const u32* bounds, i64 k, std::vector<Divisor>& out) {
  out.resize(size_t(k));
  for (i64 symbol = 0; symbol < k; ++symbol) {
    const u32 share = bounds[symbol + 1] - bounds[symbol];
    out[symbol] = {((u64(1) << FACTOR_BITS) + share - 1) / share, share, bounds[symbol]};
  }
}

Table cut(const u32* bounds, i64 k, std::vector<u64>& cells) {
  int width = SCALE_BITS;
  while (width > 0 && i64(SCALE) >> width < std::max(CELLS, 4 * k)) --width;
  cells.resize(SCALE >> width);
  u64* cell = cells.data();
  i64 filled = 0;
  for (i64 symbol = 0; symbol < k; ++symbol) {  // the cells whose first slot is the symbol's
    const u64 low = bounds[symbol], end = bounds[symbol + 1];
    const u64 entry = low << (SYMBOL + SHARE) | (end - low) << SYMBOL | u64(symbol);
    const i64 until = i64((end + (u64(1) << width) - 1) >> width);
    for (; filled < until; ++filled) cell[filled] = entry;
  }
  return {cells.data(), bounds, width};
}

inline void put(Writer& writer, const Divisor& symbol) {
  const u64 full = u64(symbol.share) << FULL;
  u64 state = writer.state;
  const u32 octets = u32(state >= full) + u32(state >= full << 8);
  writer.at[-1] = u8(state);
  writer.at[-2] = u8(state >> 8);
  state >>= 8 * octets;
  // The quotient by the share, rounded down: exact, as the state is below `full`.
  const u64 whole = (state * symbol.factor) >> FACTOR_BITS;
  writer.state = u32(state + whole * (SCALE - symbol.share) + symbol.low);
  writer.at -= octets;
}

inline u32 take(Reader& reader, const Table& table) {
  const u32 slot = reader.state & (SCALE - 1);
  const u64 cell = table.cells[slot >> table.width];
  u32 symbol = u32(cell & ((1 << SYMBOL) - 1)), share = u32(cell >> SYMBOL & ((1 << SHARE) - 1));
  u32 above = slot - u32(cell >> (SYMBOL + SHARE));
  while (above >= share) {  // seldom: the cell belongs to several symbols
    ++symbol;
    above = slot - table.bounds[symbol];
    share = table.bounds[symbol + 1] - table.bounds[symbol];
  }
  const u32 state = share * (reader.state >> SCALE_BITS) + above;
  const u32 octets = u32(state < START) + u32(state < START >> 8);
  const i64 last = reader.data.n - 1;
  const u32 word = u32(reader.data[std::min(reader.at, last)]) << 8 |
                   u32(reader.data[std::min(reader.at + 1, last)]);
  reader.state = state << (8 * octets) | word >> (16 - 8 * octets);
  reader.at += octets;
  return symbol;
}

template <class Symbol>
inline void put_some(Put<Symbol>& stream, const Divisor* divisors, i64 done) {
  Writer writer = stream.writer;  // in registers: bytes that are written might else be part of it
  for (i64 i = stream.symbols.n - 1 - done; i >= 0; --i) put(writer, divisors[stream.symbols[i]]);
  stream.writer = writer;
}

template <class Symbol>
inline void take_some(Take<Symbol>& stream, Table table, i64 done) {
  Reader reader = stream.reader;
  for (i64 i = done; i < stream.symbols.n; ++i) stream.symbols[i] = Symbol(take(reader, table));
  stream.reader = reader;
}

template <class Symbol>
void put_together(Put<Symbol>* const s[LANES], const std::vector<Divisor> divisors[LANES], i64 n) {
  Writer a = s[0]->writer, b = s[1]->writer, c = s[2]->writer, d = s[3]->writer;
  const Symbol *p = s[0]->symbols.end(), *q = s[1]->symbols.end(), *r = s[2]->symbols.end(),
               *t = s[3]->symbols.end();
  const Divisor *pd = divisors[0].data(), *qd = divisors[1].data(), *rd = divisors[2].data(),
                *td = divisors[3].data();
  for (i64 i = 1; i <= n; ++i) {
    put(a, pd[p[-i]]);
    put(b, qd[q[-i]]);
    put(c, rd[r[-i]]);
    put(d, td[t[-i]]);
  }
  s[0]->writer = a, s[1]->writer = b, s[2]->writer = c, s[3]->writer = d;
}

template <class Symbol>
void take_together(Take<Symbol>* const s[LANES], const Table tables[LANES], i64 n) {
  Reader a = s[0]->reader, b = s[1]->reader, c = s[2]->reader, d = s[3]->reader;
  const Table at = tables[0], bt = tables[1], ct = tables[2], dt = tables[3];
  Symbol *p = s[0]->symbols.data, *q = s[1]->symbols.data, *r = s[2]->symbols.data,
         *t = s[3]->symbols.data;
  for (i64 i = 0; i < n; ++i) {
    p[i] = Symbol(take(a, at));
    q[i] = Symbol(take(b, bt));
    r[i] = Symbol(take(c, ct));
    t[i] = Symbol(take(d, dt));
  }
  s[0]->reader = a, s[1]->reader = b, s[2]->reader = c, s[3]->reader = d;
}

// The streams that have symbols, the longest first, so that those which take turns end together.
template <class Stream>
std::vector<Stream*> by_length(Span<Stream> streams) {
  std::vector<Stream*> order;
  for (Stream& stream : streams)
    if (stream.symbols.n > 0) order.push_back(&stream);
  std::sort(order.begin(), order.end(),
            [](const Stream* a, const Stream* b) { return a->symbols.n > b->symbols.n; });
  return order;
}

template <class Symbol>
void put_streams(Span<Put<Symbol>> streams) {
  const auto order = by_length(streams);
  std::vector<Divisor> divisors[LANES];
  for (size_t c = 0; c < order.size(); c += LANES) {
    const i64 lanes = std::min<i64>(LANES, i64(order.size() - c));
    for (i64 l = 0; l < lanes; ++l) write_divisors(order[c + l]->bounds, order[c + l]->k, divisors[l]);
    const i64 together = lanes == LANES ? order[c + LANES - 1]->symbols.n : 0;
    if (together > 0) put_together(&order[c], divisors, together);
    for (i64 l = 0; l < lanes; ++l) put_some(*order[c + l], divisors[l].data(), together);
  }
}

template <class Symbol>
void take_streams(Span<Take<Symbol>> streams) {
  const auto order = by_length(streams);
  std::vector<u64> cells[LANES];
  Table tables[LANES];
  for (size_t c = 0; c < order.size(); c += LANES) {
    const i64 lanes = std::min<i64>(LANES, i64(order.size() - c));
    for (i64 l = 0; l < lanes; ++l) tables[l] = cut(order[c + l]->bounds, order[c + l]->k, cells[l]);
    const i64 together = lanes == LANES ? order[c + LANES - 1]->symbols.n : 0;
    if (together > 0) take_together(&order[c], tables, together);
    for (i64 l = 0; l < lanes; ++l) take_some(*order[c + l], tables[l], together);
  }
}

}  // namespace

void cumulate(Span<const i64> weights, u32* bounds) {
  const i64 k = weights.n;
  i64 total = 0, largest = 0, left = SCALE;
  for (i64 i = 0; i < k; ++i) {
    total += weights[i];
    if (weights[i] > weights[largest]) largest = i;
  }
  bounds[0] = 0;
  for (i64 i = 0; i < k; ++i) {
    const i64 share = 1 + weights[i] * (i64(SCALE) - k) / std::max<i64>(total, 1);
    bounds[i + 1] = bounds[i] + u32(share);
    left -= share;
  }
  for (i64 i = largest; i < k; ++i) bounds[i + 1] += u32(left);
}

void put_all(Span<Put<u8>> streams) { put_streams(streams); }
void put_all(Span<Put<i32>> streams) { put_streams(streams); }
void take_all(Span<Take<u8>> streams) { take_streams(streams); }
void take_all(Span<Take<i32>> streams) { take_streams(streams); }

void finish(Writer& writer) {
  for (int shift = 0; shift < 8 * STATE_BYTES; shift += 8) *--writer.at = u8(writer.state >> shift);
}

bool start(Reader& reader) {
  if (reader.at < 0 || reader.at + STATE_BYTES > reader.data.n) return false;
  reader.state = 0;
  for (i64 i = 0; i < STATE_BYTES; ++i) reader.state = reader.state << 8 | reader.data[reader.at++];
  return reader.state >= START && reader.state < START << 8;
}

}  // namespace fedras::rans
