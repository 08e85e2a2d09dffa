// Large arrays in large pages, where the system has them.
#pragma once

#include "common/view.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace fedras {

// Ask for large pages for memory that nothing was written to yet: to make small ones, 4 KB each, takes as
// long as to fill them. It is a hint that may be ignored.
template <class T>
void prefer_large_pages([[maybe_unused]] T* memory, [[maybe_unused]] i64 n) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::size_t PAGE = 4096, LEAST = std::size_t(1) << 22;
  const std::size_t bytes = std::size_t(n) * sizeof(T);
  const std::size_t offset = PAGE - reinterpret_cast<std::uintptr_t>(memory) % PAGE;
  if (bytes >= LEAST) madvise(reinterpret_cast<char*>(memory) + offset, bytes - offset, MADV_HUGEPAGE);
#endif
}

}  // namespace fedras
