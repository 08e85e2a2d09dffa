#include "bindings/arrays.hpp"

namespace fedras {

void bind_sampling(nb::module_&) {}

}  // namespace fedras
