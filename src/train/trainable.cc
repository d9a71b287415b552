// Groups of trained numbers as stretches of the flat array.
#include "train/trainable.h"

#include <algorithm>

#include "base/error.h"

namespace relatum::train {

std::vector<ValueGroup> Trainable::groups() const {
  return {{"all", {{0, int64_t(values().size())}}, false}};
}

int64_t count_of(const ValueGroup& group) {
  int64_t count = 0;
  for (const ValueRange& range : group.ranges) count += range.count;
  return count;
}

std::vector<RateRange> rates_of(const Trainable& trained, double lora_plus) {
  std::vector<RateRange> all;
  for (const ValueGroup& group : trained.groups()) {
    const double factor = group.rate * (group.second_factor ? lora_plus : 1.0);
    for (const ValueRange& range : group.ranges) {
      if (range.count > 0) all.push_back({range, factor});
    }
  }
  std::ranges::sort(all, {}, [](const RateRange& each) { return each.values.begin; });
  std::vector<RateRange> joined;
  int64_t end = 0;
  for (const RateRange& each : all) {
    RELATUM_CHECK(each.values.begin == end);
    end += each.values.count;
    if (!joined.empty() && joined.back().factor == each.factor) {
      joined.back().values.count += each.values.count;
    } else {
      joined.push_back(each);
    }
  }
  RELATUM_CHECK(end == int64_t(trained.values().size()));
  return joined;
}

}  // namespace relatum::train
