// The uploads of a cohort, as the server reads them: a byte of the number format, whose highest bit says
// that checksums are to be mended, so that damage gets past them; 2 of the items (12 bits), one of columns,
// one of the round, 2 of the vectors that each may have; then for each upload 2 bytes of its length, and
// its bytes.

#include <algorithm>
#include <cmath>

#include "common/threads.hpp"
#include "rounds/absorb.hpp"
#include "target.hpp"

namespace fedras::fuzz {
namespace {

constexpr std::string_view FORMATS[] = {"f32", "q8", "q8n", "q4", "q4n"};
constexpr u8 MEND = 128;

void mend(u8* data, i64 n, i64 size, i64 columns) {
  if (n >= 4) store_little(data + n - 4, checksum({data, n - 4}, size, columns));
}

// An update of that share of the rows, in thousandths.
Bytes upload_of(actions::Writer& writer, i64 size, i64 columns, i64 share, i64 most, Draws& draw) {
  std::vector<i32> rows;
  for (i64 row = 0; row < size; ++row)
    if (draw.below(1000) < share) rows.push_back(i32(row));
  std::vector<f32> values;
  for (size_t i = 0; i < rows.size() * size_t(columns); ++i) values.push_back(f32(draw.below(2001) - 1000) / 7.0f);
  Bytes out;
  const Matrix<const f32> matrix(values.data(), i64(rows.size()), columns);
  writer.add(rows, matrix, {most, 3}, 5);
  Bytes* const outs[] = {&out};
  insist(writer.write({outs, 1}), "finite numbers were refused");
  return out;
}

// What was read is an update for each client, and its frame is written in one way only.
void check(const Intake& intake, const std::vector<Octets>& uploads, Span<const i32> rows,
           Matrix<const f32> vectors, Span<const i32> index) {
  for (size_t c = 0; c < uploads.size(); ++c) {
    const actions::Parsed& own = intake.parsed[c];
    for (i64 i = intake.bounds[c]; i < intake.bounds[c + 1]; ++i) {
      insist(rows[i] >= 0 && rows[i] < own.frame.rows && (i == intake.bounds[c] || rows[i - 1] < rows[i]),
             "the rows of an upload do not increase");
      insist(index[i] >= 0 && index[i] < own.k, "a row takes no vector");
    }
    Bytes again;
    write_frame(own.frame, again);
    insist(i64(again.size()) == uploads[c].n && std::equal(again.begin(), again.end(), uploads[c].begin()),
           "there are two ways to write a frame");
  }
  for (i64 i = 0; i < vectors.rows * vectors.columns; ++i)
    insist(std::isfinite(vectors.data[i]), "a number is not finite");
}

}  // namespace

std::vector<Bytes> samples() {
  std::vector<Bytes> out;
  Draws draw(5);
  for (u8 format = 0; format < 5; ++format)
    for (const i64 size : {1, 65, 900})
      for (const i64 columns : {1, 7, 16})
        for (const i64 share : {0, 30, 1000})
          for (const i64 most : {1, 8}) {
            Bytes own{u8(format | MEND * draw.below(2))};
            for (const auto& [number, octets] : {std::pair{size, 2}, {columns, 1}, {size % 200, 1}, {most, 2}})
              add_number(own, number, octets);
            actions::Writer writer(*actions::format_of(FORMATS[format]), size, columns, size % 200);
            for (i64 count = 1 + draw.below(2); count > 0; --count) {
              const Bytes upload = upload_of(writer, size, columns, share, most, draw);
              add_number(own, i64(upload.size()), 2);
              add_bytes(own, upload);
            }
            out.push_back(own);
          }
  return out;
}

}  // namespace fedras::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  using namespace fedras;
  constexpr i64 ROOM = 1 << 24;
  set_threads(1);
  fuzz::Input input(data, length);
  const i64 format = input.number(1), size = input.number(2) & 4095, columns = input.number(1);
  const i64 round = input.number(1), most = input.number(2);
  if (columns == 0) return 0;  // which no matrix has
  const Expected expected{*actions::format_of(fuzz::FORMATS[(format & 127) % 5]), size, columns, round};
  std::vector<std::unique_ptr<u8[]>> owners;
  std::vector<Octets> uploads;
  while (!input.empty() && uploads.size() < 4) {
    const i64 n = input.number(2);
    uploads.emplace_back();
    owners.push_back(input.bytes(n, uploads.back()));
    if (format & fuzz::MEND) fuzz::mend(owners.back().get(), uploads.back().n, size, columns);
  }
  const std::vector<i64> limits(uploads.size(), most);
  Intake intake;
  if (!parse_uploads({uploads.data(), i64(uploads.size())}, expected, limits, ROOM, intake)) return 0;
  std::vector<i32> rows(size_t(intake.bounds.back())), index(rows.size());
  std::vector<f32> numbers(size_t(intake.starts.back() * columns));
  const Matrix<f32> vectors(numbers.data(), intake.starts.back(), columns);
  if (!read_uploads(intake, expected, rows, vectors, index)) return 0;
  fuzz::check(intake, uploads, rows, vectors, index);
  ++fuzz::accepted;
  return 0;
}
