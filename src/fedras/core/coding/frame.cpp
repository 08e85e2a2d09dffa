#include "coding/frame.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "common/octets.hpp"

namespace fedras {

namespace {

// What has a code: its place, from 1.
constexpr std::string_view CODECS[] = {"plain", "actions", "fixed-basis", "lowrank",
                                       "powersgd", "topk", "direction", "levels"};
constexpr std::string_view NUMBERS[] = {"f32", "f16", "q8", "q8n", "q4", "q4n", "bit", "sign", "drive"};
constexpr i64 MOST = 0x7FFFFFFF;

template <size_t n>
u8 code_of(std::string_view name, const std::string_view (&known)[n]) {
  return u8(1 + std::distance(known, std::find(known, known + n, name)));
}
template <size_t n>
bool name_of(u8 code, const std::string_view (&known)[n], std::string_view& name) {
  if (code < 1 || code > n) return false;
  name = known[code - 1];
  return true;
}

using Tables = std::array<std::array<u32, 256>, 8>;

Tables make_tables() {
  Tables tables{};
  for (u32 i = 0; i < 256; ++i) {
    u32 rest = i;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ (rest & 1 ? 0xEDB88320u : 0u);
    tables[0][i] = rest;
  }
  for (u32 i = 0; i < 256; ++i)
    for (int t = 1; t < 8; ++t) tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 255];
  return tables;
}

void put_integer(u64 value, std::vector<u8>& out) {
  for (; value > 127; value >>= 7) out.push_back(u8((value & 127) | 128));
  out.push_back(u8(value));
}

// An integer from the front of `data`, below 2^31 and in its shortest form; -1 where there is none.
i64 take_integer(Span<const u8> data, i64& at) {
  i64 value = 0;
  for (int shift = 0; shift <= 28 && at < data.n; shift += 7) {
    const u8 octet = data[at++];
    value |= i64(octet & 127) << shift;
    if (octet < 128) return (octet == 0 && shift > 0) || value > MOST ? -1 : value;
  }
  return -1;
}

}  // namespace

u32 crc32(Span<const u8> data, u32 before) {
  static const Tables tables = make_tables();
  u32 rest = ~before;
  const u8* at = data.begin();
  for (; data.end() - at >= 8; at += 8) {
    u64 word = 0;
    for (int o = 0; o < 8; ++o) word |= u64(at[o]) << (8 * o);
    word ^= rest;
    rest = 0;
    for (int o = 0; o < 8; ++o) rest ^= tables[7 - o][(word >> (8 * o)) & 255];
  }
  for (; at < data.end(); ++at) rest = (rest >> 8) ^ tables[0][(rest ^ *at) & 255];
  return ~rest;
}

u32 checksum(Span<const u8> body, i64 rows, i64 columns) {
  u8 shape[8];
  store_little(shape, u32(rows));
  store_little(shape + 4, u32(columns));
  return crc32(body, crc32({shape, 8}));
}

void write_frame(const Frame& frame, std::vector<u8>& out) {
  const size_t first = out.size();
  u8 mask = 0;
  for (int p = 0; p < frame.n_parts; ++p) mask |= u8(1 << (frame.names[p] - 1));
  out.push_back(u8(PAYLOAD_VERSION << 4 | code_of(frame.codec, CODECS)));
  out.push_back(u8(mask << 4 | code_of(frame.numbers, NUMBERS)));
  put_integer(u64(frame.round), out);
  for (int p = 0; p + 1 < frame.n_parts; ++p) put_integer(u64(frame.parts[p].n), out);
  for (int p = 0; p < frame.n_parts; ++p)
    out.insert(out.end(), frame.parts[p].begin(), frame.parts[p].end());
  const u32 sum = checksum({out.data() + first, i64(out.size() - first)}, frame.rows, frame.columns);
  out.resize(out.size() + 4);
  store_little(out.data() + out.size() - 4, sum);
}

bool read_frame(Span<const u8> data, i64 rows, i64 columns, Frame& frame) {
  if (data.n < 7) return false;
  const auto body = data.part(0, data.n - 4);
  const u8 mask = body[1] >> 4;
  if (body[0] >> 4 != PAYLOAD_VERSION || mask == 0) return false;
  if (!name_of(body[0] & 15, CODECS, frame.codec) || !name_of(body[1] & 15, NUMBERS, frame.numbers))
    return false;
  i64 at = 2, lengths[MOST_PARTS] = {};
  frame.rows = rows, frame.columns = columns;
  frame.round = take_integer(body, at);
  const int parts = __builtin_popcount(mask);
  for (int p = 0; p + 1 < parts; ++p)
    if ((lengths[p] = take_integer(body, at)) < 0) return false;
  frame.n_parts = 0;
  for (u8 name = 1; name <= MOST_PARTS; ++name) {
    if (!(mask >> (name - 1) & 1)) continue;
    const int p = frame.n_parts;
    const i64 length = p + 1 < parts ? lengths[p] : body.n - at;
    if (length > body.n - at) return false;
    frame.add(name, body.part(at, at + length));
    at += length;
  }
  return frame.round >= 0 && checksum(body, rows, columns) == load_little<u32>(body.data + body.n);
}

}  // namespace fedras
