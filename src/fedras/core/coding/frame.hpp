// The frame of a payload of a codec and number format that have a code, with parts 1 to 4, as
// `fedras.codecs.payload` writes it: version and codec, parts and format, round, lengths, parts, and a
// CRC-32 of the matrix's shape and all of that.
#pragma once

#include <string_view>

#include "common/view.hpp"

namespace fedras {

constexpr u8 PAYLOAD_VERSION = 3;
constexpr int MOST_PARTS = 4;

// CRC-32 as in zlib (ISO 3309, polynomial 0xEDB88320), after that of what comes before.
u32 crc32(Span<const u8> data, u32 before = 0);

// What a frame of a matrix of that shape ends with.
u32 checksum(Span<const u8> body, i64 rows, i64 columns);

struct Frame {
  std::string_view codec, numbers;
  i64 rows = 0, columns = 0, round = 0;
  int n_parts = 0;
  u8 names[MOST_PARTS] = {};           // `Part` numbers, 1 to 4, ascending
  Span<const u8> parts[MOST_PARTS];

  void describe(std::string_view codec_name, std::string_view format, i64 size, i64 width, i64 number) {
    codec = codec_name, numbers = format, rows = size, columns = width, round = number;
  }
  void add(u8 name, Span<const u8> part) {
    names[n_parts] = name;
    parts[n_parts++] = part;
  }
};

// Append the bytes of a frame, which has at least one part.
void write_frame(const Frame& frame, std::vector<u8>& out);

// Read what `write_frame` writes for a matrix of such a shape; false for anything else, be it a payload or
// not. The views of the result are within `data`.
bool read_frame(Span<const u8> data, i64 rows, i64 columns, Frame& frame);

}  // namespace fedras
