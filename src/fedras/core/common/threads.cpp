#include "common/threads.hpp"

namespace fedras {

namespace {
thread_local int count_of_this_thread = 0;  // 0: all that there are
}

int threads() {
  if (count_of_this_thread > 0) return count_of_this_thread;
  return std::max(1, int(std::thread::hardware_concurrency()));
}

void set_threads(int count) { count_of_this_thread = count; }

}  // namespace fedras
