#include "common/random.hpp"

#include <cmath>

#include "common/elementary.hpp"

namespace fedras {

f64 normal(u64 key, u64 counter) {
  constexpr f64 PI = 3.141592653589793;
  const f64 radius = std::sqrt(-2.0 * logarithm(1.0 - uniform(key, 2 * counter)));
  return radius * cosine(2.0 * PI * uniform(key, 2 * counter + 1));
}

}  // namespace fedras
