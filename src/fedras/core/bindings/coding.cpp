#include "bindings/arrays.hpp"

namespace fedras {

void bind_coding(nb::module_&) {}

}  // namespace fedras
