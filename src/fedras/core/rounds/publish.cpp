#include "rounds/publish.hpp"

#include <memory>

#include "clustering/adaptive.hpp"
#include "common/pages.hpp"

namespace fedras {

bool publish(Span<const i32> rows, Matrix<const f32> values, const Adaptive& how, const actions::Format& format,
             i64 size, i64 round, u64 key, Published& out) {
  const i64 n = values.rows, d = values.columns, most = std::min(how.most, n);
  std::vector<f32> centroids(most * d), norm(n);
  const std::unique_ptr<f32[]> unit(new f32[size_t(n * d)]);  // not filled with zeros first: it may be gigabytes
  std::vector<i32> assignment(n);
  prefer_large_pages(unit.get(), n * d);
  ClusteringRoom room;
  const i64 begun =
      cluster_any(values, how.fewest, how.iterations, key, LARGE, room, {centroids.data(), most, d}, assignment);
  const Matrix<f32> along(unit.get(), n, d);
  directions(values, along, norm);
  const auto stop = split(along, norm, assignment, begun, std::min(how.expected, n), most, how.threshold);
  out.recorded = stop.recorded;
  const Matrix<f32> actions(centroids.data(), stop.groups, d);
  room.members.sort(assignment, stop.groups);
  all_move(values, room.members, actions);
  actions::Writer writer(format, size, d, round);
  writer.add(rows, actions, assignment, key);
  std::vector<u8>* const payload = &out.payload;
  return writer.write({&payload, 1});
}

}  // namespace fedras
