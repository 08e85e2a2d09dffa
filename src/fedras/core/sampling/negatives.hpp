// Items that a user has not interacted with, drawn from the user's own stream.
#pragma once

#include "sampling/itemset.hpp"

namespace fedras {

// Write distinct items that are not in `seen`, of n_items in all, as many as `out` has room for; what
// is left of `out` where there are fewer stays as it was. One for each thread.
class NegativeSampler {
 public:
  void sample(u64 stream, Span<const i32> seen, i64 n_items, Span<i32> out);

 private:
  void sample_listed(u64 stream, i64 n_items, Span<i32> out);

  ItemSet members_;
  std::vector<i32> candidates_;
};

}  // namespace fedras
