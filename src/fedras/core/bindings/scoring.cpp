#include "bindings/arrays.hpp"

namespace fedras {

void bind_scoring(nb::module_&) {}

}  // namespace fedras
