// Local training of binary codes: discrete coordinate descent, one client after another; votes.
#pragma once

#include "training/samples.hpp"

namespace fedras {

struct LightFrSettings {
  i64 negatives;  // per positive
  i64 sweeps;     // how often to go through the bits at most
};

struct LightFrClient {
  Span<f32> vector;           // float32[f], its signs are the code; -1 and 1 afterwards
  Matrix<const f32> items;    // float32[N, f], whose signs are the items' codes; left as they are
  Span<const i32> positives;  // int32[m], the items that it interacted with
  u64 key;                    // its stream of random numbers
};

// Trains one client after another; one for each thread.
class LightFrTrainer {
 public:
  LightFrTrainer(const LightFrSettings& settings, i64 items, i64 length);

  // Fit the client's code b to its items' codes d, then find how the items should move.
  //
  // With y = 1 for a positive and -1 for a sampled negative, the loss is the weighted sum of
  // (y - b.d / f)^2; positives and negatives have the same weight in total. Down its slope an item
  // moves along (y - b.d / f) b: towards y b, its optimum for this client, by what is still wrong.
  //
  // Writes the touched items, ascending, and the step of each, and returns how many there are; there
  // must be room for min(N, m (1 + negatives)).
  i64 train(const LightFrClient& client, i32* rows, f32* values);

 private:
  void read_signs(Matrix<const f32> items, Span<const i32> rows);
  void weigh(const Samples& samples);
  void measure(i64 n);
  void descend(i64 n);
  bool improve(i64 bit, i64 n, i64 total);

  LightFrSettings settings_;
  Sampler sampler_;
  std::vector<i64> code_;
  std::vector<std::int8_t> minus_;  // [f, n], of the client's items, by bit: -1 for -1, else 0
  std::vector<i32> labels_, error_;   // of each item; error: f y - b.d
  std::vector<i64> weights_, pull_;   // pull: weight times error
};

// Which rows a client votes on, with probability by length, the longest always: the expected vote on a
// row is then in proportion to its step, where numbers are about equally large, although a vote has
// only signs. The step is float32[n, f], finite; of the client's stream of random numbers, the
// counters from 2^63 on are used, which local training never reaches.
void draw_votes(Matrix<const f32> step, u64 key, bool* kept);

}  // namespace fedras
