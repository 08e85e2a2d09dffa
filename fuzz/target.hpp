// What a fuzz target is made of: bytes to believe nothing of, and good bytes to start from.
//
// The targets are entry points of libFuzzer, where the compiler has it, or of driver.cpp.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "common/octets.hpp"
#include "common/random.hpp"

namespace fedras::fuzz {

using Bytes = std::vector<u8>;

// Good inputs, with which mutations begin.
std::vector<Bytes> samples();

// How many inputs held something that could be read.
inline i64 accepted = 0;

// Random numbers of one stream, one after another.
class Draws {
 public:
  explicit Draws(u64 key) : key_(key) {}
  i64 below(i64 n) { return fedras::below(key_, counter_++, u64(n)); }
  Bytes bytes(i64 n) {
    Bytes out;
    while (i64(out.size()) < n) out.push_back(u8(below(256)));
    return out;
  }

 private:
  u64 key_, counter_ = 0;
};

// Numbers and bytes from the front of an input, and zeros where it ends.
class Input {
 public:
  Input(const u8* data, size_t size) : data_(data), left_(i64(size)) {}
  bool empty() const { return left_ == 0; }
  i64 number(int octets) {
    i64 value = 0;
    for (int i = 0; i < octets && left_ > 0; ++i, --left_) value |= i64(*data_++) << (8 * i);
    return value;
  }
  // A copy of its own, so that a sanitiser sees whoever reads beyond it.
  std::unique_ptr<u8[]> bytes(i64 n, Octets& view) {
    n = n < left_ ? n : left_;
    std::unique_ptr<u8[]> own(new u8[size_t(n)]);
    for (i64 i = 0; i < n; ++i) own[size_t(i)] = data_[i];
    data_ += n, left_ -= n;
    view = {own.get(), n};
    return own;
  }
  std::unique_ptr<u8[]> rest(Octets& view) { return bytes(left_, view); }

 private:
  const u8* data_;
  i64 left_;
};

inline void add_number(Bytes& out, i64 value, int octets) {
  for (int i = 0; i < octets; ++i) out.push_back(u8(value >> (8 * i)));
}
inline void add_bytes(Bytes& out, Octets octets) { out.insert(out.end(), octets.begin(), octets.end()); }

// Stop where what was read is not what it must be.
inline void insist(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

}  // namespace fedras::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
