// Rotated numbers: a byte of columns, one of how many times 8 numbers a block has, then the bytes.

#include "numbers/rotated.hpp"

#include <cmath>

#include "target.hpp"

namespace fedras::fuzz {

std::vector<Bytes> samples() {
  std::vector<Bytes> out;
  Draws draw(4);
  for (const i64 columns : {1, 7, 16, 32, 65})
    for (const i64 n : {0, 1, 5, 40})
      for (const i64 block : {8, 24, 1024}) {
        std::vector<f32> values;
        for (i64 i = 0; i < n * columns; ++i) values.push_back(f32(draw.below(2001) - 1000) / 7.0f);
        Bytes own(size_t(rotated::bytes(n, columns, block)));
        rotated::write({values.data(), n, columns}, block, 5, own.data());
        out.push_back({u8(columns), u8(block / 8 - 1)});
        add_bytes(out.back(), own);
      }
  return out;
}

}  // namespace fedras::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  using namespace fedras;
  fuzz::Input input(data, length);
  const i64 columns = input.number(1), block = 8 * (1 + input.number(1));
  Octets own;
  const auto owner = input.rest(own);
  const i64 n = rotated::rows(own.n, columns, block);
  if (n < 0) return 0;
  std::vector<f32> values(size_t(n * columns));
  if (!rotated::read(own.data, block, {values.data(), n, columns})) return 0;
  for (const f32 value : values) fuzz::insist(std::isfinite(value), "a value is not finite");
  ++fuzz::accepted;
  return 0;
}
