// Users with tastes choose among items whose popularity follows Zipf's law.
#pragma once

#include "sampling/itemset.hpp"

namespace fedras {

// Ranks in [0, n) with density falling like x^-exponent on [1, n + 1). The inverse of the continuous
// distribution needs no table, however many there are.
class Zipf {
 public:
  Zipf(i64 n, f64 exponent);
  i64 rank(f64 draw) const;  // of a uniform number in [0, 1)

 private:
  i64 n_;
  f64 power_, span_;
  bool plain_;  // the exponent is 1
};

struct Market {
  u64 key;                     // the data set's stream of random numbers
  Matrix<const f32> points;    // float32[N, d], where items lie; an affinity is a dot product
  Span<const i32> by_rank;     // int32[N], the items, the most popular first
  Zipf popularity;             // of ranks
};

// Chooses for one user after another; one for each thread.
class Chooser {
 public:
  // Fill in one user's items, all different; not more than there are.
  void choose(const Market& market, i64 user, Span<i32> chosen);

 private:
  ItemSet members_;
  std::vector<f32> taste_;
};

// A random order of n items, so that an index says nothing about popularity.
void write_shuffled(u64 key, Span<i32> order);

}  // namespace fedras
