#include "bindings/arrays.hpp"
#include "reading/integers.hpp"

namespace fedras {

void bind_reading(nb::module_& m) {
  m.def(
      "parse_integers",
      [](Array1<const u8> text, Array1<const u8> separator, Array2<i64> table) {
        return released([&] { return parse(view(text), view(separator), view(table)); });
      },
      in("text"), in("separator"), in("table"));
}

}  // namespace fedras
