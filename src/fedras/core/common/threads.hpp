// Threads of the core's own, made for one call and joined before it returns: nothing lives on that a
// fork would break, and calls from several Python threads do not meet.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

#include "common/view.hpp"

namespace fedras {

int threads();               // how many threads parallel loops of this thread use
void set_threads(int count); // at least 1

// Do body(i) for each i in [0, n), in any order, on all threads. What a body writes must depend on
// nothing but i.
template <class Body>
void parallel(i64 n, Body body) {
  const i64 helpers = std::min<i64>(threads(), n) - 1;
  if (helpers < 1) {
    for (i64 i = 0; i < n; ++i) body(i);
    return;
  }
  std::atomic<i64> next{0};
  std::exception_ptr failure;
  std::atomic<bool> failed{false};
  auto serve = [&] {
    try {
      for (i64 i = next++; i < n; i = next++) body(i);
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
      next = n;
    }
  };
  std::vector<std::thread> others;
  for (i64 h = 0; h < helpers; ++h) others.emplace_back(serve);
  serve();
  for (auto& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

// Do body(first, last) for parts of [0, n) of `size` each.
template <class Body>
void parallel_parts(i64 n, i64 size, Body body) {
  parallel((n + size - 1) / size, [&](i64 part) { body(part * size, std::min(n, (part + 1) * size)); });
}

}  // namespace fedras
