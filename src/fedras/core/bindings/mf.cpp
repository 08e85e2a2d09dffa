#include "bindings/arrays.hpp"

namespace fedras {

void bind_mf(nb::module_&) {}

}  // namespace fedras
