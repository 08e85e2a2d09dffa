#include "rounds/absorb.hpp"

#include "common/threads.hpp"

namespace fedras {

bool parse_uploads(Span<const Span<const u8>> uploads, const Expected& expected, Span<const i64> most,
                   i64 room, Intake& intake) {
  intake.parsed.resize(size_t(uploads.n));
  intake.bounds.assign(1, 0);
  intake.starts.assign(1, 0);
  i64 held = 0;
  for (i64 c = 0; c < uploads.n; ++c) {
    actions::Parsed& own = intake.parsed[size_t(c)];
    if (!actions::parse(uploads[c], expected.format, expected.size, expected.columns, expected.round,
                        most[c], own))
      return false;
    held += 4 * (own.n * (expected.columns + 10));  // as `packing.decoded_bytes` counts
    if (held > room) return false;
    intake.bounds.push_back(intake.bounds.back() + own.n);
    intake.starts.push_back(intake.starts.back() + own.k);
  }
  return true;
}

bool read_uploads(const Intake& intake, const Expected& expected, Span<i32> rows, Matrix<f32> vectors,
                  Span<i32> index) {
  std::atomic<bool> good{true};
  constexpr i64 SOME = 12;
  parallel_parts(i64(intake.parsed.size()), SOME, [&](i64 first, i64 last) {
    std::vector<actions::Read> reads;
    for (i64 c = first; c < last; ++c) {
      const i64 begin = intake.bounds[size_t(c)], end = intake.bounds[size_t(c) + 1];
      const auto own = vectors.part(intake.starts[size_t(c)], intake.starts[size_t(c) + 1]);
      reads.push_back({&intake.parsed[size_t(c)], rows.part(begin, end), own, index.part(begin, end)});
    }
    if (!actions::read_all(reads, expected.format)) good = false;
  });
  return good;
}

}  // namespace fedras
