// Quantised numbers: a byte of columns, one that is odd for 4 bits a number, then the bytes.

#include "numbers/quantised.hpp"

#include <cmath>

#include "target.hpp"

namespace fedras::fuzz {

std::vector<Bytes> samples() {
  std::vector<Bytes> out;
  Draws draw(3);
  for (const i64 columns : {1, 7, 16, 32, 65})
    for (const i64 n : {0, 1, 5, 20})
      for (const int bits : {8, 4}) {
        std::vector<f32> values;
        for (i64 i = 0; i < n * columns; ++i) values.push_back(f32(draw.below(2001) - 1000) / 7.0f);
        Bytes own(size_t(quantised::bytes(n, columns, bits)));
        quantised::write({values.data(), n, columns}, bits, draw.below(2), 5, own.data());
        out.push_back({u8(columns), u8(bits == 4)});
        add_bytes(out.back(), own);
      }
  return out;
}

}  // namespace fedras::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  using namespace fedras;
  fuzz::Input input(data, length);
  const i64 columns = input.number(1);
  const int bits = input.number(1) & 1 ? 4 : 8;
  Octets own;
  const auto owner = input.rest(own);
  const i64 n = quantised::rows(own.n, columns, bits);
  if (n < 0) return 0;
  std::vector<f32> values(size_t(n * columns));
  if (!quantised::read(own.data, bits, {values.data(), n, columns}).good) return 0;
  for (const f32 value : values) fuzz::insist(std::isfinite(value), "a value is not finite");
  ++fuzz::accepted;
  return 0;
}
