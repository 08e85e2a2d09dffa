#include "rounds/serve.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "coding/rans.hpp"
#include "common/threads.hpp"
#include "updates/rows.hpp"

namespace fedras {

namespace {

// What a thread needs to serve its clients.
struct Desk {
  MfTrainer trainer;
  actions::Writer writer;
  std::vector<i32> rows;
  std::vector<std::vector<u8>*> out;
};

f64 now() {
  return std::chrono::duration<f64>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The clients with the most items first, so that no thread ends long after the others.
std::vector<i64> largest_first(Span<const Served> clients) {
  std::vector<i64> order(size_t(clients.n));
  std::iota(order.begin(), order.end(), i64(0));
  std::stable_sort(order.begin(), order.end(), [&](i64 a, i64 b) {
    return clients[a].client.positives.n > clients[b].client.positives.n;
  });
  return order;
}

}  // namespace

bool serve(const MfSettings& settings, const Coding& coding, i64 size, i64 d, Span<Served> clients) {
  const auto order = largest_first(clients);
  std::atomic<bool> good{true};
  const i64 most = clients.n > 0 ? clients[order[0]].client.positives.n : 0;
  const i64 room = std::min(size, most * (1 + settings.epochs * settings.negatives));
  const i64 together = std::clamp<i64>(clients.n / (4 * threads()), 1, rans::LANES);
  auto make = [&] {
    return Desk{MfTrainer(settings, size, d), actions::Writer(coding.format, size, d, coding.round),
                std::vector<i32>(size_t(room)), {}};
  };
  parallel_with((clients.n + together - 1) / together, make, [&](Desk& desk, i64 part) {
    desk.out.clear();
    for (i64 i = part * together; i < std::min(clients.n, (part + 1) * together); ++i) {
      Served& own = clients[order[size_t(i)]];
      const f64 start = now();
      const Matrix<f32> values = desk.trainer.train(own.client, desk.rows.data());
      const Span<const i32> rows(desk.rows.data(), values.rows);
      write_change(own.client.items, rows, values, values);
      const f64 trained = now();
      desk.writer.add(rows, values, {own.most, coding.iterations}, own.draws);
      desk.out.push_back(&own.payload);
      own.training = trained - start;
      own.coding = now() - trained;
    }
    const f64 start = now();
    if (!desk.writer.write(desk.out)) good = false;
    clients[order[size_t(part * together)]].coding += now() - start;
  });
  return good;
}

}  // namespace fedras
