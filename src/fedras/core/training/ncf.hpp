// Local training of neural collaborative filtering: the score is what a network makes of user and item.
#pragma once

#include "training/network.hpp"
#include "training/samples.hpp"

namespace fedras {

struct NcfSettings {
  i64 epochs, batch;
  i64 negatives;         // per positive and epoch
  f64 rate;              // of the vector and of the item rows
  f64 decay, row_decay;  // of the vector and of the item rows
  f64 network_rate;
};

struct NcfClient {
  Span<f32> vector;           // float32[d], private; trained in place
  Matrix<const f32> items;    // float32[N, d], its replica; left as it is
  Matrix<const f32> span;     // float32[r, d], orthonormal directions in which items may move; r = 0: any
  Span<const i32> positives;  // int32[m], the items that it interacted with
  u64 key;                    // its stream of random numbers
  f64 share;                  // how much of the weight decay its steps take
  f32* network;               // its scoring model, as `Layers` has it; trained in place
};

// Trains one client after another; one for each thread.
class NcfTrainer {
 public:
  NcfTrainer(const NcfSettings& settings, i64 items, i64 d);

  // Minimise the cross-entropy by SGD. The vector and the network move by the mean gradient of a batch,
  // an item's row by the mean over its own occurrences in the batch. Vector and rows shrink by rate x
  // decay when they move. Writes the touched items, ascending, and what training added to each, and
  // returns how many there are; there must be room for min(N, m (1 + epochs negatives)).
  i64 train(const NcfClient& client, i32* rows, f32* values);

 private:
  void step(const NcfClient& client, Span<const Sample> batch, Matrix<f32> local);
  void add_block(Span<const Sample> block, Matrix<const f32> local);
  void move_rows(const NcfClient& client, Span<const Sample> batch, Matrix<f32> local);
  void move_user(const NcfClient& client, Matrix<f32> user, i64 n);
  void move_network(f32 step);

  NcfSettings settings_;
  i64 d_;
  Sampler sampler_;
  std::vector<Sample> order_;
  FilledNetwork network_;
  Activations hidden_, by_hidden_;
  Slopes slopes_;             // all 0 between two batches
  std::vector<f32> by_rows_;  // the derivatives by the client's rows; all 0 between two batches
  std::vector<i32> seen_;     // how often each row is in the batch; all 0 between two batches
  std::vector<f32> by_vector_;
  f32 half_[UNITS[0]];
};

// Write float32[N, 64], what each item contributes to the first layer, on all threads. There must be
// room for filled_rows(N) rows.
void write_item_halves(Matrix<const f32> items, const FilledNetwork& network, f32* halves);

// Write the logits, float32[B, K], of each user's candidates, on all threads: `halves` is from
// `write_item_halves`, `candidates` int32[B, K], or int32[1, K] for the same ones for all users.
void write_scores(Matrix<const f32> vectors, const Layers<const f32>& layers, const FilledNetwork& network,
                  Matrix<const f32> halves, Matrix<const i32> candidates, Matrix<f32> out);

}  // namespace fedras
