// Numbers that a mask chooses, without a branch for each.
#pragma once

#if defined(__AVX2__)
#include <immintrin.h>

#include <array>

#include "common/view.hpp"

namespace fedras {

// For each mask of eight bits the places of its ones, a byte each, the first in the lowest.
constexpr std::array<u64, 256> places_of_ones() {
  std::array<u64, 256> table{};
  for (unsigned mask = 0; mask < 256; ++mask) {
    int count = 0;
    for (u64 bit = 0; bit < 8; ++bit)
      if (mask >> bit & 1) table[mask] |= bit << (8 * count++);
  }
  return table;
}
inline constexpr std::array<u64, 256> PLACES_OF_ONES = places_of_ones();

// Write first + b for each bit b of the mask that is 1; return how many. There is room for eight.
inline int compress(i32 first, unsigned mask, i32* out) {
  const __m128i bytes = _mm_cvtsi64_si128(static_cast<long long>(PLACES_OF_ONES[mask]));
  const __m256i chosen = _mm256_add_epi32(_mm256_cvtepu8_epi32(bytes), _mm256_set1_epi32(first));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), chosen);
  return __builtin_popcount(mask);
}

}  // namespace fedras
#endif
