// NumPy arrays as views, and back. A wrong dtype, dimension or order of an argument is a TypeError;
// nothing is converted or copied in silence.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/tuple.h>

#include <cstring>
#include <memory>
#include <string>
#include <tuple>

#include "common/pages.hpp"
#include "common/view.hpp"

namespace nb = nanobind;

namespace fedras {

// Arguments: declare them with `nb::arg("name").noconvert()` (`in` below). const T also takes arrays
// that are read-only.
template <class T>
using Array1 = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using Array2 = nb::ndarray<T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T>
using Array3 = nb::ndarray<T, nb::ndim<3>, nb::c_contig, nb::device::cpu>;

inline auto in(const char* name) { return nb::arg(name).noconvert(); }

template <class T>
Span<T> view(const Array1<T>& array) {
  return {array.data(), i64(array.shape(0))};
}
template <class T>
Matrix<T> view(const Array2<T>& array) {
  return {array.data(), i64(array.shape(0)), i64(array.shape(1))};
}
template <class T>
Matrix<T> slice(const Array3<T>& array, i64 i) {  // array[i]
  const i64 rows = array.shape(1), columns = array.shape(2);
  return {array.data() + i * rows * columns, rows, columns};
}

// Results: memory that the core fills in and NumPy then owns.
template <class T>
struct Fresh {
  std::unique_ptr<T[]> data;
  i64 rows = 0, columns = -1;  // -1: one dimension

  explicit Fresh(i64 n) : data(new T[n > 0 ? n : 1]), rows(n) { prefer_large_pages(data.get(), n); }
  Fresh(i64 r, i64 c) : data(new T[r * c > 0 ? r * c : 1]), rows(r), columns(c) {
    prefer_large_pages(data.get(), r * c);
  }

  Span<T> span() const { return {data.get(), columns < 0 ? rows : rows * columns}; }
  Matrix<T> matrix() const { return {data.get(), rows, columns}; }
  Fresh&& filled(T value) && {
    for (T& x : span()) x = value;
    return std::move(*this);
  }
  // Give it to NumPy; the first n entries (rows) of it.
  nb::ndarray<nb::numpy, T> done() { return done(rows); }
  nb::ndarray<nb::numpy, T> done(i64 n) {
    T* memory = data.release();
    nb::capsule owner(memory, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    const size_t shape[2] = {size_t(n), size_t(columns < 0 ? 0 : columns)};
    return nb::ndarray<nb::numpy, T>(memory, columns < 0 ? 1 : 2, shape, owner);
  }
};
template <class T>
using Result = nb::ndarray<nb::numpy, T>;

// Refuse, as a ValueError, what would make a loop read or write elsewhere.
inline void require(bool good, const char* what) {
  if (!good) throw nb::value_error(what);
}

// `bounds` divides an array of n entries: from 0 or more, ascending, to at most n.
inline void require_bounds(Span<const i64> bounds, i64 n, const char* what) {
  require(bounds.n > 0 && bounds[0] >= 0 && bounds[bounds.n - 1] <= n, what);
  for (i64 c = 1; c < bounds.n; ++c) require(bounds[c - 1] <= bounds[c], what);
}

// Every index is in [0, n).
template <class Index>
inline void require_within(Span<const Index> indices, i64 n, const char* what) {
  Index low = 0, high = -1;
  for (const Index i : indices) {
    low = i < low ? i : low;
    high = i > high ? i : high;
  }
  require(low >= 0 && i64(high) < n, what);
}

// The indices are in [0, n), and each is larger than the one before.
inline void require_increase(Span<const i32> indices, i64 n, const char* what) {
  bool increase = true;
  for (i64 i = 1; i < indices.n; ++i) increase &= indices[i - 1] < indices[i];
  require(increase && (indices.n == 0 || (indices[0] >= 0 && indices[indices.n - 1] < n)), what);
}

// Let other threads run Python while `work` runs, which touches no Python object.
template <class Work>
auto released(Work work) {
  nb::gil_scoped_release release;
  return work();
}

void bind_random(nb::module_& m);
void bind_threads(nb::module_& m);
void bind_updates(nb::module_& m);
void bind_mf(nb::module_& m);
void bind_ncf(nb::module_& m);
void bind_ncf_scoring(nb::module_& m);
void bind_lightfr(nb::module_& m);
void bind_sampling(nb::module_& m);
void bind_scoring(nb::module_& m);
void bind_reading(nb::module_& m);
void bind_clustering(nb::module_& m);
void bind_coding(nb::module_& m);
void bind_directions(nb::module_& m);
void bind_numbers(nb::module_& m);
void bind_products(nb::module_& m);
void bind_rounds(nb::module_& m);

}  // namespace fedras
