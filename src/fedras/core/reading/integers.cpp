#include "reading/integers.hpp"

namespace fedras {

namespace {

constexpr i64 MOST_DIGITS = 18;

// Reads from a place in the text on.
struct Reader {
  Span<const u8> text;
  i64 position = 0;

  bool at(u8 byte) const { return position < text.n && text[position] == byte; }

  bool skip(Span<const u8> expected) {
    for (const u8 byte : expected) {
      if (!at(byte)) return false;
      ++position;
    }
    return true;
  }

  bool number(i64& value) {
    const i64 start = position;
    value = 0;
    for (; position < text.n && '0' <= text[position] && text[position] <= '9'; ++position) {
      if (position - start == MOST_DIGITS) return false;
      value = 10 * value + (text[position] - '0');
    }
    return position > start;
  }

  bool end_line() {
    if (at('\r')) ++position;
    if (position < text.n && text[position] != '\n') return false;
    ++position;
    return true;
  }
};

}  // namespace

i64 parse(Span<const u8> text, Span<const u8> separator, Matrix<i64> table) {
  Reader reader{text};
  for (i64 row = 0; row < table.rows; ++row) {
    for (i64 column = 0; column < table.columns; ++column) {
      if (column > 0 && !reader.skip(separator)) return row;
      if (!reader.number(table[row][column])) return row;
    }
    if (!reader.end_line()) return row;
  }
  return table.rows;
}

}  // namespace fedras
