#include <nanobind/stl/optional.h>

#include "bindings/arrays.hpp"
#include "common/product.hpp"

namespace fedras {

namespace {

void product_into(std::optional<Array1<const f32>> start, Array2<const f32> a, Array2<const f32> b,
                  Array2<f32> out, i64 n) {
  const auto left = view(a), right = view(b);
  const auto into = view(out);
  const i64 width = right.columns;
  require(n >= 0 && n % ROWS == 0 && n <= left.rows && n <= into.rows && width % LANES == 0 &&
              into.columns == width && left.columns >= right.rows &&
              (!start || i64(start->size()) == width),
          "the matrices have no such product");
  product(start ? start->data() : nullptr, left, right, into, n);
}

void add_outer_products(Array2<const f32> a, Array2<const f32> b, Array2<f32> out, i64 n) {
  const auto left = view(a), right = view(b);
  const auto into = view(out);
  require(n >= 0 && n <= left.rows && n <= right.rows && into.rows % ROWS == 0 &&
              into.columns % LANES == 0 && left.columns >= into.rows && right.columns == into.columns,
          "the matrices have no such product");
  add_outer(left, right, into, n);
}

}  // namespace

void bind_products(nb::module_& m) {
  m.attr("ROWS") = ROWS;
  m.attr("LANES") = LANES;
  m.def("product", &product_into, in("start").none(), in("a"), in("b"), in("out"), nb::arg("n"));
  m.def("add_outer", &add_outer_products, in("a"), in("b"), in("out"), nb::arg("n"));
}

}  // namespace fedras
