#include "common/processor.hpp"

#include <cstdlib>
#include <initializer_list>

#include "common/view.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace fedras {

namespace {

struct Found {
  bool avx2 = false, avx512 = false;
};

#if defined(__x86_64__)

bool all_of(u32 word, std::initializer_list<int> bits) {
  bool good = true;
  for (const int bit : bits) good &= (word >> bit & 1) != 0;
  return good;
}

// Asked of the processor itself, as on Windows the compiler's library for that is not linked. Bits are
// those of Intel's manual, volume 2A, CPUID; what the operating system does not save is not there.
Found find() {
  u32 a, b, c, d, c_far, saved, high;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !all_of(c, {12, 23, 27, 28})) return {};  // FMA, POPCNT, XGETBV, AVX
  if (!__get_cpuid(0x80000001, &a, &b, &c_far, &d) || !all_of(c_far, {5})) return {};  // LZCNT
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return {};
  __asm__("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
  const bool avx2 = all_of(b, {3, 5, 8}) && all_of(saved, {1, 2});  // BMI1, AVX2, BMI2
  return {avx2, avx2 && all_of(b, {16}) && all_of(saved, {5, 6, 7})};  // AVX-512F
}

#else

Found find() { return {}; }

#endif

}  // namespace

bool has_avx2() { return find().avx2; }

bool may_use_avx512() {
  static const bool known = std::getenv("FEDRAS_CORE") == nullptr && find().avx512;
  return known;
}

}  // namespace fedras
