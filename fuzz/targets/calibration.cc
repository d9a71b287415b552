// What dev data say of a run's probabilities.
#include "jobs/run_calibration.h"

#include "../memory.h"
#include "../target.h"

namespace relatum::fuzz {
namespace {

void require_share(const std::optional<task::TunedThreshold>& threshold) {
  if (!threshold) return;
  require(threshold->value >= 0 && threshold->value <= 1, "a threshold is a probability");
}

bool run(Bytes bytes) {
  static const MemoryFolder folder;
  folder.write("calibration.json", bytes);
  return accepts([&] {
    const auto kept = jobs::read_calibration(folder.path(), {});
    for (const auto& [name, mode] : kept->modes) {
      const double t = mode.fit.temperature;
      require(t >= task::kLowestTemperature && t <= task::kHighestTemperature,
              "a temperature is one that is searched for");
      require_share(mode.negative);
      require_share(mode.several);
    }
  });
}

}  // namespace

const Target& target_calibration() {
  static const Target target{"calibration", run};
  return target;
}

}  // namespace relatum::fuzz
