// Counter-based random numbers: a draw is a function of (key, counter) and of nothing else.
//
// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) hashes the counter. So a result depends neither on
// threads, nor on the order in which clients are served, nor on the process that serves them.
#pragma once

#include "common/view.hpp"

namespace fedras {

constexpr u64 GOLDEN = 0x9E3779B97F4A7C15u;
constexpr u64 MIX_FIRST = 0xBF58476D1CE4E5B9u, MIX_SECOND = 0x94D049BB133111EBu;

inline u64 mix(u64 z) {
  z += GOLDEN;
  z = (z ^ (z >> 30)) * MIX_FIRST;
  z = (z ^ (z >> 27)) * MIX_SECOND;
  return z ^ (z >> 31);
}

// The 64 random bits number `counter` of the stream `key`.
inline u64 random_bits(u64 key, u64 counter) { return mix(key + counter * GOLDEN); }

// A uniform integer in [0, n), n < 2^32, by multiply and shift.
inline i64 below(u64 key, u64 counter, u64 n) { return i64(((random_bits(key, counter) >> 32) * n) >> 32); }

// A uniform number in [0, 1) with 53 random bits.
inline f64 uniform(u64 key, u64 counter) { return f64(i64(random_bits(key, counter) >> 11)) * 0x1p-53; }

// A standard normal number (Box and Muller), from the draws 2c and 2c + 1.
f64 normal(u64 key, u64 counter);

}  // namespace fedras
