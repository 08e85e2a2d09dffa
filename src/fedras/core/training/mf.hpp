// Local training of matrix factorisation: the score is the inner product of user and item.
#pragma once

#include "training/samples.hpp"

namespace fedras {

struct MfSettings {
  i64 epochs, batch;
  i64 negatives;  // per positive and epoch
  f64 rate;
  f64 decay, row_decay;  // of the vector and of the item rows
  bool biased;           // the last number of the vector is always 1
};

struct MfClient {
  Span<f32> vector;          // float32[d], private; trained in place
  Matrix<const f32> items;   // float32[N, d], its replica; left as it is
  Matrix<const f32> span;    // float32[r, d], orthonormal directions in which items may move; r = 0: any
  Span<const i32> positives; // int32[m], the items that it interacted with
  u64 key;                   // its stream of random numbers
  f64 share;                 // how much of the weight decay its steps take
};

// Trains one client after another; one for each thread.
class MfTrainer {
 public:
  MfTrainer(const MfSettings& settings, i64 items, i64 d);

  // Minimise the cross-entropy of sigmoid(p.q) with the labels by SGD. Writes the touched items,
  // ascending, to `rows`, where there must be room for min(N, m (1 + epochs negatives)), and returns
  // how they are after training, until the next call.
  Matrix<f32> train(const MfClient& client, i32* rows);

 private:
  struct Row {           // one of the client's
    const f32* numbers;  // in the replica, until it moves
    f32 error;           // in a batch, the sum of how wrong its samples are; 0 between two
    i32 seen;            // and how many there are
  };
  struct Move {  // of a row, in a batch
    const f32* from;
    f32* to;
    f32 error, step;
  };
  struct alignas(64) Line {  // a vector across two lines of the cache takes twice as long to load
    f32 numbers[16];
  };
  struct Rates {
    f32 rate;
    f32 keep;              // of the vector: 1 less its weight decay in a step
    f32 row_keep, shrink;  // of a row: the same, and the decay
  };

  void begin(Matrix<const f32> items, Span<const i32> own);
  void step(const MfClient& client, Span<const Sample> batch, const Rates& rates);
  Span<const Move> tally(Span<const Sample> batch, f32 rate);
  template <class Numbers, int count>
  void move(Span<const Move> moves, i64 column, f32* vector, f32 step, const Rates& rates);
  void move_within(Span<const Move> moves, const MfClient& client, f32 step, const Rates& rates);

  MfSettings settings_;
  i64 d_;
  Sampler sampler_;
  std::vector<Sample> order_;
  std::vector<Line> lines_;
  Matrix<f32> local_;  // the client's rows, once they have moved
  std::vector<Row> rows_;
  std::vector<i32> touched_;
  std::vector<Move> moves_;
  std::vector<f32> scores_, gradient_;
};

}  // namespace fedras
