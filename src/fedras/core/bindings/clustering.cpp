#include "bindings/arrays.hpp"

namespace fedras {

void bind_clustering(nb::module_&) {}

}  // namespace fedras
