// One bit a number after a random rotation that costs n log n: random signs, then a Walsh-Hadamard
// transform, twice; and a scale for each block.
//
// Rows are laid end to end, each padded to whole bytes of signs, and cut into blocks. Bytes of a matrix
// (DRIVE, Vargaftik et al., NeurIPS 2021): the lower 32 bits of the rotations' key, the scales
// |b|^2 / |Rb|_1 of the blocks b as float32, both little endian, then the signs, from the lowest bit of
// a byte on, set where the rotated number is negative. No rows take no bytes.
#pragma once

#include "common/octets.hpp"

namespace fedras::rotated {

constexpr i64 KEY_BYTES = 4, SCALE_BYTES = 4;

// `block` is the numbers in a block, a multiple of 8; the last may be shorter.
inline i64 padded(i64 columns) { return (columns + 7) / 8 * 8; }
inline i64 blocks(i64 numbers, i64 block) { return (numbers + block - 1) / block; }
inline i64 bytes(i64 n, i64 columns, i64 block) {
  const i64 numbers = n * padded(columns);
  return numbers > 0 ? KEY_BYTES + SCALE_BYTES * blocks(numbers, block) + numbers / 8 : 0;
}

// How many rows so many bytes are; -1 where they are no rows.
i64 rows(i64 length, i64 columns, i64 block);

// Write finite float32[n, d] to bytes(n, d, block); the rotations are drawn from `key`.
void write(Matrix<const f32> values, i64 block, u32 key, u8* out);

// Read what `write` wrote, cut to the range of float32; false if a scale is negative or not finite.
// There are as many bytes as the matrix wants.
bool read(const u8* data, i64 block, Matrix<f32> values);

}  // namespace fedras::rotated
