#include "common/threads.hpp"

#include <nanobind/stl/optional.h>

#include "bindings/arrays.hpp"

namespace fedras {

void bind_threads(nb::module_& m) {
  m.def("threads", &threads);
  m.def("set_threads", [](std::optional<int> count) { set_threads(std::max(0, count.value_or(0))); },
        nb::arg("count").none());
}

}  // namespace fedras
