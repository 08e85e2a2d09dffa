// A fuzzer for compilers that have none: noise, and good inputs with damage.
//
//   fuzz_row_sets [count [seed]]
//   fuzz_row_sets --samples FOLDER    # the good inputs as files, which libFuzzer may begin with
//
// Ends with what the sanitisers say of the first input that does harm, which is kept in `harm`.

#include <sanitizer/common_interface_defs.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>

#include "target.hpp"

namespace fedras::fuzz {
namespace {

constexpr u8 TELLING[] = {0, 1, 4, 0x7F, 0x80, 0xC0, 0xFE, 0xFF};

Bytes damaged(Bytes own, const Bytes& other, Draws& draw) {
  for (i64 times = 1 + draw.below(3); times > 0; --times) {
    const i64 n = i64(own.size()), at = draw.below(n + 1), size = 1 + draw.below(8);
    const u8 octet = draw.below(2) ? TELLING[draw.below(sizeof TELLING)] : u8(draw.below(256));
    const auto here = own.begin() + at;
    switch (draw.below(7)) {
      case 0: own.insert(here, size_t(size), octet); break;
      case 1: own.erase(here, own.begin() + std::min(n, at + size)); break;
      case 2: own.erase(here, own.end()); break;
      case 3: {  // repeat some
        const Bytes some(here, own.begin() + std::min(n, at + size));
        own.insert(own.begin() + at, some.begin(), some.end());
        break;
      }
      case 4: {  // go on as another
        own.erase(here, own.end());
        const i64 from = draw.below(i64(other.size()) + 1);
        own.insert(own.end(), other.begin() + from, other.end());
        break;
      }
      default:
        if (at == n) break;
        own[size_t(at)] = draw.below(2) ? octet : u8(own[size_t(at)] ^ 1 << draw.below(8));
    }
  }
  return own;
}

const Bytes* current = nullptr;

void write_file(const std::string& path, const Bytes& own) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file) return std::perror(path.c_str());
  std::fwrite(own.data(), 1, own.size(), file);
  std::fclose(file);
}

void keep() {
  if (current) write_file("harm", *current);
}

void write_samples(const std::string& folder) {
  i64 number = 0;
  for (const Bytes& own : samples()) write_file(folder + "/" + std::to_string(number++), own);
}

void run(i64 count, u64 seed) {
  const auto good = samples();
  for (const Bytes& own : good) LLVMFuzzerTestOneInput(own.data(), own.size());
  insist(accepted == i64(good.size()), "a good input was refused");
  accepted = 0;
  Draws draw(seed);
  const auto begin = std::chrono::steady_clock::now();
  i64 longest = 0;
  for (i64 i = 0; i < count; ++i) {
    const Bytes &own = good[size_t(draw.below(i64(good.size())))],
                &other = good[size_t(draw.below(i64(good.size())))];
    const Bytes input = draw.below(12) ? damaged(own, other, draw) : draw.bytes(draw.below(80));
    current = &input;
    const auto before = std::chrono::steady_clock::now();
    LLVMFuzzerTestOneInput(input.data(), input.size());
    const auto took = std::chrono::steady_clock::now() - before;
    longest = std::max(longest, i64(took / std::chrono::microseconds(1)));
  }
  const std::chrono::duration<f64> seconds = std::chrono::steady_clock::now() - begin;
  current = nullptr;
  std::printf("{\"payloads\": %lld, \"accepted\": %lld, \"seconds\": %.1f, \"slowest_ms\": %.2f}\n",
              static_cast<long long>(count), static_cast<long long>(accepted), seconds.count(),
              f64(longest) / 1000);
}

}  // namespace
}  // namespace fedras::fuzz

int main(int arguments, char** values) {
  __sanitizer_set_death_callback(fedras::fuzz::keep);
  std::signal(SIGABRT, [](int) { fedras::fuzz::keep(); });
  if (arguments == 3 && std::string(values[1]) == "--samples")
    return fedras::fuzz::write_samples(values[2]), 0;
  fedras::fuzz::run(arguments > 1 ? std::atoll(values[1]) : 100000,
                    arguments > 2 ? std::strtoull(values[2], nullptr, 10) : 0);
}
