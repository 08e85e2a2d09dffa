// Parts of payloads: a sequence of bytes objects as views, and back.
#pragma once

#include "bindings/arrays.hpp"
#include "common/octets.hpp"

namespace fedras {

// The bytes of a sequence, kept alive while they are read; anything else in it is a TypeError.
class Parts {
 public:
  explicit Parts(const nb::sequence& data) {
    for (nb::handle each : data) {
      if (!nb::isinstance<nb::bytes>(each)) throw nb::type_error("a part of a payload must be bytes");
      owners_.push_back(nb::borrow<nb::bytes>(each));
    }
  }
  i64 n() const { return i64(owners_.size()); }
  Octets operator[](i64 c) const {
    const nb::bytes& own = owners_[size_t(c)];
    return {static_cast<const u8*>(own.data()), i64(own.size())};
  }

 private:
  std::vector<nb::bytes> owners_;
};

inline void append(nb::list& list, Octets octets) {
  list.append(nb::bytes(octets.data, size_t(octets.n)));
}

// Lengths of parts as their bounds in one array; each in [0, most].
inline std::vector<i64> bounds_after(Span<const i64> lengths, i64 most, const char* what) {
  std::vector<i64> bounds{0};
  for (const i64 length : lengths) {
    require(0 <= length && length <= most, what);
    bounds.push_back(bounds.back() + length);
  }
  return bounds;
}

template <class T>
Result<T> as_array(Span<const T> values) {
  Fresh<T> out(values.n);
  std::copy(values.begin(), values.end(), out.data.get());
  return out.done();
}

}  // namespace fedras
