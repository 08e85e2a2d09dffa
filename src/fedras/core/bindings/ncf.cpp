#include "bindings/arrays.hpp"

namespace fedras {

void bind_ncf(nb::module_&) {}

}  // namespace fedras
