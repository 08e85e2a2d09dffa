#include "coding/row_sets.hpp"

#include <algorithm>

#include "coding/ascending.hpp"

namespace fedras::row_sets {

namespace {

constexpr u8 BITMAP = 0;

i64 bitmap_bytes(i64 size) { return 1 + (size + 7) / 8; }

// Write a bitmap to the end of the room.
void put_bitmap(Pack& set, i64 size) {
  const i64 octets = bitmap_bytes(size);
  set.out = set.out.part(set.out.n - octets, set.out.n);
  std::fill(set.out.begin(), set.out.end(), BITMAP);
  for (const i32 row : set.rows) set.out[1 + (row >> 3)] |= u8(1 << (row & 7));
}

// Call visit(first row, bits) for each 64 rows of a bitmap.
template <class Visit>
void visit_words(Octets bitmap, Visit visit) {
  for (i64 at = 0; at < bitmap.n; at += 8) {
    u8 octets[8] = {};
    std::memcpy(octets, bitmap.data + at, size_t(std::min<i64>(8, bitmap.n - at)));
    visit(8 * at, load_little<u64>(octets));
  }
}

// Read all rows from no bytes, or those of a bitmap; whether these are such bytes.
bool take_plain(Octets data, i64 size, Span<i32> rows) {
  if (count(data, size) != rows.n || (data.n > 0 && data[0] != BITMAP)) return false;
  if (data.n == 0) {
    for (i64 row = 0; row < size; ++row) rows[row] = i32(row);
    return true;
  }
  i64 n = 0;
  visit_words(data.part(1, data.n), [&](i64 first, u64 word) {
    for (; word; word &= word - 1) rows[n++] = i32(first + __builtin_ctzll(word));
  });
  return n == 0 || rows[n - 1] < size;
}

}  // namespace

i64 count_bytes(i64 limit) {
  i64 width = 0;
  for (i64 largest = 2 * limit + 1; largest > 0; largest >>= 8) ++width;
  return width;
}

void put_count(i64 n, i64 limit, u8*& at) {
  const i64 width = count_bytes(limit);
  at -= width;
  for (i64 i = 0; i < width; ++i) at[i] = u8((2 * n + 1) >> (8 * i));
}

void append_count(i64 n, i64 limit, std::vector<u8>& out) {
  out.resize(out.size() + size_t(count_bytes(limit)));
  u8* end = out.data() + out.size();
  put_count(n, limit, end);
}

i64 take_count(Octets data, i64 limit) {
  const i64 width = count_bytes(limit);
  if (data.n < width || width == 0) return -1;
  i64 value = 0;
  for (i64 i = 0; i < width; ++i) value |= i64(data[i]) << (8 * i);
  return value & 1 && value >> 1 <= limit ? value >> 1 : -1;
}

i64 room(i64 n, i64 size) {
  return std::max(bitmap_bytes(size), 1 + count_bytes(size) + ascending::room(n, size - n));
}

void pack_all(Span<Pack> sets, i64 size) {
  i64 most = 0;
  for (const Pack& set : sets) most += set.rows.n < size ? set.rows.n : 0;
  std::vector<i32> gaps(size_t(most), 0);
  std::vector<ascending::Put> puts;
  i64 begin = 0;
  for (const Pack& set : sets) {
    if (set.rows.n == size) continue;  // all rows take no bytes
    const Span<i32> own{gaps.data() + begin, set.rows.n};
    for (i64 i = 0; i < own.n; ++i) own[i] = set.rows[i] - i32(i);
    begin += own.n;
    puts.push_back({own, size - own.n, {set.out.end()}});
  }
  ascending::put_all(puts);
  auto coded = puts.begin();
  for (Pack& set : sets) {
    u8* at = set.out.end();
    if (set.rows.n < size) put_count(set.rows.n, size - 1, at = (coded++)->writer.at);
    if (set.out.end() - at < bitmap_bytes(size))
      set.out = {at, set.out.end() - at};
    else
      put_bitmap(set, size);
  }
}

i64 count(Octets data, i64 size) {
  if (data.n == 0) return size;
  if (data[0] & 1) return take_count(data, size - 1);
  if (data[0] != BITMAP || data.n != bitmap_bytes(size)) return -1;
  i64 n = 0;
  visit_words(data.part(1, data.n), [&](i64, u64 word) { n += __builtin_popcountll(word); });
  return n <= size ? n : -1;
}

void unpack_all(Span<Unpack> sets, i64 size) {
  std::vector<ascending::Take> takes;
  std::vector<Unpack*> coded;
  for (Unpack& set : sets) {
    if (set.data.n > 0 && set.data[0] & 1) {
      set.good = take_count(set.data, size - 1) == set.rows.n;
      if (!set.good) continue;
      takes.push_back({set.rows, size - set.rows.n, {set.data, count_bytes(size - 1)}});
      coded.push_back(&set);
    } else {
      set.good = take_plain(set.data, size, set.rows);
    }
  }
  ascending::take_all(takes);
  for (size_t c = 0; c < coded.size(); ++c) {
    Unpack& set = *coded[c];
    set.good = takes[c].good && takes[c].reader.ended();
    for (i64 i = 0; i < set.rows.n; ++i) set.rows[i] = i32(u32(set.rows[i]) + u32(i));
  }
}

}  // namespace fedras::row_sets
