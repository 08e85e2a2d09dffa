// Elementary functions of our own: those of the mathematical libraries differ in the last bit from one
// system to another. They carry what rounding loses, so that the result is nearly always the double
// nearest to the true value; a number of type float32 made of it is as good as never another.
#pragma once

#include "common/view.hpp"

namespace fedras {

f64 logarithm(f64 x);       // the natural one, of a normal number above 0
f64 exponential(f64 x);     // of a number
f64 power(f64 x, f64 y);    // x^y, of a normal number above 0
f64 cosine(f64 x);          // of a number in [0, 7)

}  // namespace fedras
