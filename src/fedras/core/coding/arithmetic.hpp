// Binary arithmetic coding (Rissanen and Langdon, IBM J. Res. Dev. 23, 1979) on 32-bit integers: every
// platform writes the same bytes. For streams of some hundred bits it costs no state, as rANS does.
#pragma once

#include <algorithm>

#include "common/octets.hpp"

namespace fedras::arithmetic {

constexpr u32 ONE = 1 << 16;  // probabilities are multiples of 1 / ONE, above 0 and below 1

class Writer {
 public:
  explicit Writer(std::vector<u8>& out) : out_(out), first_(out.size()) {}

  // Write a bit that is 1 with probability p.
  void put(bool bit, u32 p) {
    const u32 middle = low_ + u32((u64(high_ - low_) * p) >> 16);
    (bit ? high_ : low_) = bit ? middle : middle + 1;
    while ((low_ ^ high_) >> 24 == 0) {
      out_.push_back(u8(high_ >> 24));
      low_ <<= 8;
      high_ = high_ << 8 | 255;
    }
  }

  // Write as few bytes as name a number between the bounds: a reader takes zeros for what follows.
  void finish() {
    for (int shift = 24; low_ > 0 && shift >= 0; shift -= 8) {
      const u64 step = u64(1) << shift, value = (low_ + step - 1) / step * step;
      if (value > high_) continue;
      for (int s = 24; s >= shift; s -= 8) out_.push_back(u8(value >> s));
      break;
    }
    while (out_.size() > first_ && out_.back() == 0) out_.pop_back();
  }

 private:
  std::vector<u8>& out_;
  size_t first_;
  u32 low_ = 0, high_ = ~u32(0);
};

class Reader {
 public:
  explicit Reader(Octets data) : data_(data) {
    for (int i = 0; i < 4; ++i) code_ = code_ << 8 | next();
  }

  bool take(u32 p) {
    const u32 middle = low_ + u32((u64(high_ - low_) * p) >> 16);
    const bool bit = code_ <= middle;
    (bit ? high_ : low_) = bit ? middle : middle + 1;
    while ((low_ ^ high_) >> 24 == 0) {
      low_ <<= 8;
      high_ = high_ << 8 | 255;
      code_ = code_ << 8 | next();
    }
    return bit;
  }

 private:
  u32 next() { return at_ < data_.n ? data_[at_++] : 0; }

  Octets data_;
  i64 at_ = 0;
  u32 low_ = 0, high_ = ~u32(0), code_ = 0;
};

// How likely a bit is, learnt from those before it.
struct Chance {
  static constexpr u32 LEAST = 48, MOST_SEEN = 250;
  u32 p, seen = 2;  // as if two had been seen

  void learn(bool bit) {
    p += bit ? 2 * (ONE - p) / (2 * seen + 3) : 0;
    p -= bit ? 0 : 2 * p / (2 * seen + 3);
    p = std::clamp(p, LEAST, ONE - LEAST);
    seen += seen < MOST_SEEN;
  }
};

}  // namespace fedras::arithmetic
