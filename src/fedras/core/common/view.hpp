// Views of arrays that somebody else owns, in C order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fedras {

using i32 = std::int32_t;
using i64 = std::int64_t;
using u8 = std::uint8_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using f32 = float;
using f64 = double;

// n numbers side by side.
template <class T>
struct Span {
  T* data = nullptr;
  i64 n = 0;

  Span() = default;
  Span(T* begin, i64 count) : data(begin), n(count) {}
  template <class Owner>
  Span(std::vector<Owner>& owner) : data(owner.data()), n(i64(owner.size())) {}
  template <class Owner>
  Span(const std::vector<Owner>& owner) : data(owner.data()), n(i64(owner.size())) {}

  T& operator[](i64 i) const { return data[i]; }
  T* begin() const { return data; }
  T* end() const { return data + n; }
  Span part(i64 first, i64 last) const { return {data + first, last - first}; }
  operator Span<const T>() const { return {data, n}; }
};

// rows x columns numbers, row by row; `stride` numbers from one row to the next.
template <class T>
struct Matrix {
  T* data = nullptr;
  i64 rows = 0, columns = 0, stride = 0;

  Matrix() = default;
  Matrix(T* begin, i64 r, i64 c) : data(begin), rows(r), columns(c), stride(c) {}
  Matrix(T* begin, i64 r, i64 c, i64 s) : data(begin), rows(r), columns(c), stride(s) {}

  T* operator[](i64 row) const { return data + row * stride; }
  Span<T> row(i64 i) const { return {data + i * stride, columns}; }
  Matrix part(i64 first, i64 last) const {
    return {data + first * stride, last - first, columns, stride};
  }
  operator Matrix<const T>() const { return {data, rows, columns, stride}; }
};

}  // namespace fedras
