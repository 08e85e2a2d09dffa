// The frame of a payload: a MessagePack array of version, codec, numbers, shape, parts and round, then
// its CRC-32, little endian, as `fedras.codecs.payload` writes it.
#pragma once

#include <string_view>

#include "common/view.hpp"

namespace fedras {

constexpr u8 PAYLOAD_VERSION = 2;
constexpr int MOST_PARTS = 4;

// CRC-32 as in zlib (ISO 3309, polynomial 0xEDB88320).
u32 crc32(Span<const u8> data);

struct Frame {
  std::string_view codec, numbers;
  i64 rows = 0, columns = 0, round = 0;
  int n_parts = 0;
  u8 names[MOST_PARTS] = {};           // `Part` numbers, below 128
  Span<const u8> parts[MOST_PARTS];

  void describe(std::string_view codec_name, std::string_view format, i64 size, i64 width, i64 number) {
    codec = codec_name, numbers = format, rows = size, columns = width, round = number;
  }
  void add(u8 name, Span<const u8> part) {
    names[n_parts] = name;
    parts[n_parts++] = part;
  }
};

// Append the bytes of a frame.
void write_frame(const Frame& frame, std::vector<u8>& out);

// Read what `write_frame` writes; false for anything else, be it valid MessagePack or not. The views of
// the result are within `data`.
bool read_frame(Span<const u8> data, Frame& frame);

}  // namespace fedras
