#include "bindings/arrays.hpp"

namespace fedras {

void bind_reading(nb::module_&) {}

}  // namespace fedras
