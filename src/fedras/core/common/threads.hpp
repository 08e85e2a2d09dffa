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

// Do body(own, i) for each i in [0, n), in any order, on all threads, where `own` is what `make` returns,
// once for each thread: room that its bodies use in turn. What a body writes must depend on nothing but i.
template <class Make, class Body>
void parallel_with(i64 n, Make make, Body body) {
  const i64 helpers = std::min<i64>(threads(), n) - 1;
  std::atomic<i64> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;
  auto serve = [&] {
    try {
      auto own = make();
      for (i64 i = next++; i < n; i = next++) body(own, i);
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

// Do body(i) for each i in [0, n), in any order, on all threads.
template <class Body>
void parallel(i64 n, Body body) {
  parallel_with(n, [] { return 0; }, [&](int, i64 i) { body(i); });
}

// Do body(first, last) for parts of [0, n) of `size` each.
template <class Body>
void parallel_parts(i64 n, i64 size, Body body) {
  parallel((n + size - 1) / size, [&](i64 part) { body(part * size, std::min(n, (part + 1) * size)); });
}

}  // namespace fedras
