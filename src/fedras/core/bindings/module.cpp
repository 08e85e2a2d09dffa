#include "bindings/arrays.hpp"
#include "common/processor.hpp"

NB_MODULE(FEDRAS_CORE, m) {
  using namespace fedras;
  nb::module_ random = m.def_submodule("random");
  bind_random(random);
  nb::module_ threads = m.def_submodule("threads");
  bind_threads(threads);
  nb::module_ training = m.def_submodule("training");
  bind_mf(training);
  bind_ncf(training);
  bind_lightfr(training);
  bind_products(training);
  nb::module_ sampling = m.def_submodule("sampling");
  bind_sampling(sampling);
  nb::module_ scoring = m.def_submodule("scoring");
  bind_scoring(scoring);
  bind_ncf_scoring(scoring);
  nb::module_ reading = m.def_submodule("reading");
  bind_reading(reading);
  nb::module_ clustering = m.def_submodule("clustering");
  bind_clustering(clustering);
  nb::module_ coding = m.def_submodule("coding");
  bind_coding(coding);
  bind_directions(coding);
  nb::module_ numbers = m.def_submodule("numbers");
  bind_numbers(numbers);
  nb::module_ updates = m.def_submodule("updates");
  bind_updates(updates);
  nb::module_ rounds = m.def_submodule("rounds");
  bind_rounds(rounds);
  m.def("has_avx2", &has_avx2);
}
