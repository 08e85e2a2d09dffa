#include "bindings/arrays.hpp"

namespace fedras {

void bind_numbers(nb::module_&) {}

}  // namespace fedras
