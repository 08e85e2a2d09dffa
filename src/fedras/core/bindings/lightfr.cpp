#include "bindings/arrays.hpp"

namespace fedras {

void bind_lightfr(nb::module_&) {}

}  // namespace fedras
