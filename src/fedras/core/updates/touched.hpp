// Which rows of a matrix are touched, in two bits for each that there is.
#pragma once

#include <vector>

#include "common/view.hpp"

namespace fedras {

class Touched {
 public:
  explicit Touched(i64 size) : bits_(size_t((size + 63) / 64)), before_(bits_.size()) {}

  void add(Span<const i32> rows) {
    for (const i32 row : rows) bits_[size_t(row) >> 6] |= u64(1) << (row & 63);
  }
  // Number them all; return how many there are.
  i64 count() {
    i32 so_far = 0;
    for (size_t word = 0; word < bits_.size(); ++word) {
      before_[word] = so_far;
      so_far += __builtin_popcountll(bits_[word]);
    }
    return so_far;
  }
  // Write them, ascending.
  void write(i32* rows) const {
    for (size_t word = 0; word < bits_.size(); ++word)
      for (u64 left = bits_[word]; left != 0; left &= left - 1)
        *rows++ = i32(word * 64) + __builtin_ctzll(left);
  }
  // How many touched rows are before this one.
  i64 place(i32 row) const {
    const u64 below = (u64(1) << (row & 63)) - 1;
    return before_[size_t(row) >> 6] + __builtin_popcountll(bits_[size_t(row) >> 6] & below);
  }

 private:
  std::vector<u64> bits_;
  std::vector<i32> before_;  // of each 64 rows, how many are touched before them
};

}  // namespace fedras
