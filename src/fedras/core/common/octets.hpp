// Numbers as bytes, little endian on every machine.
#pragma once

#include <cstring>
#include <utility>

#include "common/view.hpp"

namespace fedras {

using Octets = Span<const u8>;

template <class T>
inline T load_little(const u8* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  u8* octets = reinterpret_cast<u8*>(&value);
  for (size_t i = 0; i < sizeof value / 2; ++i) std::swap(octets[i], octets[sizeof value - 1 - i]);
#endif
  return value;
}

template <class T>
inline void store_little(u8* to, T value) {
  u8 octets[sizeof value];
  std::memcpy(octets, &value, sizeof value);
  value = load_little<T>(octets);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace fedras
