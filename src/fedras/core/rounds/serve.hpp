// The clients' half of a round (Algorithm 1, lines 18 to 29) where it is all built in: local training of
// matrix factorisation, K-means, coding and framing, a few clients at a time, so that what they need
// stays in the fast caches. The bytes are those of `Model.train` and `Codec.encode_all`.
#pragma once

#include "coding/actions.hpp"
#include "training/mf.hpp"

namespace fedras {

struct Coding {
  actions::Format format;
  i64 iterations;  // of Lloyd's algorithm
  i64 round;
};

struct Served {
  MfClient client;
  i64 most;                  // actions that it may send
  u64 draws;                 // its stream of random numbers for coding
  // Out: its payload, and how long training and coding took.
  std::vector<u8> payload{};
  f64 training = 0, coding = 0;  // seconds
};

// Train clients and write their payloads, on all threads; `size` items of `d` numbers. False where a
// client's training diverged: nobody's payload is to be used then.
bool serve(const MfSettings& settings, const Coding& coding, i64 size, i64 d, Span<Served> clients);

}  // namespace fedras
