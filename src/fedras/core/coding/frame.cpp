#include "coding/frame.hpp"

#include <array>
#include <cstring>

namespace fedras {

namespace {

// MessagePack's marks of what follows.
constexpr u8 FIX_MAP = 0x80, FIX_ARRAY = 0x90, FIX_TEXT = 0xA0, BIN8 = 0xC4, BIN16 = 0xC5, BIN32 = 0xC6;
constexpr u8 UINT8 = 0xCC, UINT16 = 0xCD, UINT32 = 0xCE, TEXT8 = 0xD9;

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

void put_big_endian(u64 value, int octets, std::vector<u8>& out) {
  for (int o = octets - 1; o >= 0; --o) out.push_back(u8(value >> (8 * o)));
}

void put_integer(u64 value, std::vector<u8>& out) {
  if (value < 128) {
    out.push_back(u8(value));
  } else if (value < 1u << 8) {
    out.push_back(UINT8);
    put_big_endian(value, 1, out);
  } else if (value < 1u << 16) {
    out.push_back(UINT16);
    put_big_endian(value, 2, out);
  } else {
    out.push_back(UINT32);
    put_big_endian(value, 4, out);
  }
}

void put_text(std::string_view text, std::vector<u8>& out) {
  if (text.size() < 32) {
    out.push_back(u8(FIX_TEXT | text.size()));
  } else {
    out.push_back(TEXT8);
    put_big_endian(text.size(), 1, out);
  }
  out.insert(out.end(), text.begin(), text.end());
}

void put_bytes(Span<const u8> data, std::vector<u8>& out) {
  const int octets = data.n < 1 << 8 ? 1 : data.n < 1 << 16 ? 2 : 4;
  out.push_back(octets == 1 ? BIN8 : octets == 2 ? BIN16 : BIN32);
  put_big_endian(u64(data.n), octets, out);
  out.insert(out.end(), data.begin(), data.end());
}

// Reads from the front of some bytes; once something is not there, nothing is.
struct Reader {
  Span<const u8> data;
  i64 at = 0;
  bool good = true;

  Span<const u8> take(i64 n) {
    good = good && n <= data.n - at;
    if (!good) return {};
    at += n;
    return data.part(at - n, at);
  }
  u8 mark() {
    const auto one = take(1);
    return good ? one[0] : 0;
  }
  u64 big_endian(int octets) {
    u64 value = 0;
    for (const u8 octet : take(octets)) value = value << 8 | octet;
    return value;
  }
  // The shortest form only, so that there is one way to write a number.
  i64 integer() {
    const u8 first = mark();
    if (first < 128) return first;
    const int octets = first == UINT8 ? 1 : first == UINT16 ? 2 : first == UINT32 ? 4 : 0;
    const u64 value = big_endian(octets), least = octets == 1 ? 128 : octets == 2 ? 1 << 8 : 1 << 16;
    good = good && octets > 0 && value >= least;
    return i64(value);
  }
  void expect(u8 what) { good = mark() == what && good; }
  std::string_view text() {
    const u8 first = mark();
    const i64 n = (first & 0xE0) == FIX_TEXT ? first & 31 : first == TEXT8 ? i64(big_endian(1)) : -1;
    good = good && n >= 0;
    const auto octets = take(n);
    return {reinterpret_cast<const char*>(octets.data), size_t(octets.n)};
  }
  Span<const u8> bytes() {
    const u8 first = mark();
    const int octets = first == BIN8 ? 1 : first == BIN16 ? 2 : first == BIN32 ? 4 : 0;
    good = good && octets > 0;
    return take(i64(big_endian(octets)));
  }
};

}  // namespace

u32 crc32(Span<const u8> data) {
  static const Tables tables = make_tables();
  u32 rest = 0xFFFFFFFFu;
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

void write_frame(const Frame& frame, std::vector<u8>& out) {
  const size_t first = out.size();
  out.push_back(FIX_ARRAY | 6);
  put_integer(PAYLOAD_VERSION, out);
  put_text(frame.codec, out);
  put_text(frame.numbers, out);
  out.push_back(FIX_ARRAY | 2);
  put_integer(u64(frame.rows), out);
  put_integer(u64(frame.columns), out);
  out.push_back(u8(FIX_MAP | frame.n_parts));
  for (int p = 0; p < frame.n_parts; ++p) {
    put_integer(frame.names[p], out);
    put_bytes(frame.parts[p], out);
  }
  put_integer(u64(frame.round), out);
  const u32 sum = crc32({out.data() + first, i64(out.size() - first)});
  for (int o = 0; o < 4; ++o) out.push_back(u8(sum >> (8 * o)));
}

bool read_frame(Span<const u8> data, Frame& frame) {
  if (data.n < 4) return false;
  const auto body = data.part(0, data.n - 4);
  u32 sum = 0;
  for (int o = 0; o < 4; ++o) sum |= u32(data[data.n - 4 + o]) << (8 * o);
  Reader reader{body};
  reader.expect(FIX_ARRAY | 6);
  reader.expect(PAYLOAD_VERSION);
  frame.codec = reader.text();
  frame.numbers = reader.text();
  reader.expect(FIX_ARRAY | 2);
  frame.rows = reader.integer();
  frame.columns = reader.integer();
  const u8 map = reader.mark();
  frame.n_parts = 0;
  if ((map & 0xF0) != FIX_MAP || (map & 15) > MOST_PARTS) return false;
  for (int p = 0; p < (map & 15); ++p) {
    const i64 name = reader.integer();
    if (!reader.good || name >= 128) return false;
    frame.add(u8(name), reader.bytes());
  }
  frame.round = reader.integer();
  return reader.good && reader.at == body.n && crc32(body) == sum;
}

}  // namespace fedras
