#include "sampling/choosing.hpp"

#include <cmath>

#include "common/elementary.hpp"

namespace fedras {

namespace {

constexpr int CONSIDERED = 8;  // items that a user looks at before choosing one
constexpr int PATIENCE = 16;   // choices in vain before the user takes the next item that is left
constexpr u64 USERS = 3;       // the first user's stream within the data set's; others follow
enum Stream : u64 { TASTE, CHOICE, SHUFFLE };

f32 affinity(Span<const f32> taste, const f32* point) {
  f32 total = 0.0f;
  for (i64 f = 0; f < taste.n; ++f) total += taste[f] * point[f];
  return total;
}

template <class T>
void shuffle_forwards(u64 key, Span<T> values) {
  for (i64 position = 0; position < values.n - 1; ++position) {
    const i64 other = position + below(key, u64(position), u64(values.n - position));
    std::swap(values[position], values[other]);
  }
}

}  // namespace

Zipf::Zipf(i64 n, f64 exponent) : n_(n), power_(1.0 - exponent), plain_(std::fabs(exponent - 1.0) < 1e-6) {
  span_ = plain_ ? logarithm(f64(n) + 1.0) : power(f64(n) + 1.0, power_) - 1.0;
}

i64 Zipf::rank(f64 draw) const {
  const f64 x = plain_ ? exponential(draw * span_) : power(1.0 + draw * span_, 1.0 / power_);
  return x < f64(n_) ? std::max<i64>(i64(x), 1) - 1 : n_ - 1;
}

void Chooser::choose(const Market& market, i64 user, Span<i32> chosen) {
  const u64 own = random_bits(market.key, USERS + u64(user));
  const u64 key = random_bits(own, CHOICE), tastes = random_bits(own, TASTE);
  const Span<const i32> by_rank = market.by_rank;
  taste_.resize(size_t(market.points.columns));
  for (size_t f = 0; f < taste_.size(); ++f) taste_[f] = f32(normal(tastes, f));
  members_.clear(chosen.n);
  u64 counter = 0;
  for (i32& item : chosen) {
    i64 rank = 0;
    for (int attempt = 0; attempt <= PATIENCE; ++attempt) {
      f32 best = -std::numeric_limits<f32>::infinity();
      rank = 0;
      for (int look = 0; look < CONSIDERED; ++look) {
        const i64 candidate = market.popularity.rank(uniform(key, counter++));
        const f32 liking = affinity(taste_, market.points[by_rank[candidate]]);
        if (liking > best) {
          rank = candidate;
          best = liking;
        }
      }
      if (!members_.contains(by_rank[rank])) break;
    }
    while (!members_.add(by_rank[rank])) rank = (rank + 1) % by_rank.n;
    item = by_rank[rank];
  }
  // Because the more a user has, the less popular is what is left for the end.
  shuffle_forwards(random_bits(own, SHUFFLE), chosen);
}

void write_shuffled(u64 key, Span<i32> order) {
  for (i64 i = 0; i < order.n; ++i) order[i] = i32(i);
  shuffle_forwards(key, order);
}

}  // namespace fedras
