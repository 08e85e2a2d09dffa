// The sum of some numbers, rounded once (Shewchuk, Discrete & Computational Geometry 18(3), 1997): what
// is lost in an addition is kept as another partial sum.
#pragma once

#include <cmath>
#include <utility>

#include "common/view.hpp"

namespace fedras {

class ExactSum {
 public:
  void add(f64 x) {  // finite
    size_t kept = 0;
    for (f64 y : partials_) {
      if (std::fabs(x) < std::fabs(y)) std::swap(x, y);
      const f64 sum = x + y, lost = y - (sum - x);
      if (lost != 0) partials_[kept++] = lost;
      x = sum;
    }
    partials_.resize(kept);
    partials_.push_back(x);
  }

  f64 rounded() const {
    size_t n = partials_.size();
    f64 sum = n > 0 ? partials_[--n] : 0.0, lost = 0.0;
    while (n > 0 && lost == 0) {
      const f64 before = sum, next = partials_[--n];
      sum = before + next;
      lost = next - (sum - before);
    }
    // Half way between two numbers, what is still smaller decides.
    if (n > 0 && ((lost < 0 && partials_[n - 1] < 0) || (lost > 0 && partials_[n - 1] > 0))) {
      const f64 twice = 2 * lost, other = sum + twice;
      if (other - sum == twice) sum = other;
    }
    return sum;
  }

 private:
  std::vector<f64> partials_;  // ascending, no two overlap
};

}  // namespace fedras
