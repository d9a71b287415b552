// What holds for every architecture's settings.
#include "arch/model.h"

#include <fmt/format.h>

#include "base/error.h"

namespace relatum::arch {

void check_sizes(const ModelInfo& info) {
  constexpr int64_t kLargest = int64_t{1} << 24;
  for (const int64_t value :
       {info.layers, info.width, info.heads, info.kv_heads, info.ffn_width, info.context}) {
    if (value <= 0 || value > kLargest) {
      fail("arch.model", fmt::format("{}: a size of {} among the model's settings cannot be. Fetch "
                                     "its settings again.",
                                     info.path, value));
    }
  }
}

std::vector<NamedWeight> Model::open_weights() {
  fail("arch.model", fmt::format("{} is of the family '{}', whose own weights cannot be trained. "
                                 "Train an adapter instead, or another model.",
                                 info_.path, info_.family));
}

void add_parts(nn::Linear& linear, std::vector<NamedWeight>& all) {
  if (!linear.bias().empty()) {
    fail("arch.model", fmt::format("'{}' adds a bias to its product, and biases cannot be trained "
                                   "yet. Train an adapter instead, or another model.",
                                   linear.parts()[0].name));
  }
  for (nn::Linear::Part& part : linear.mutable_parts()) {
    all.push_back({part.name + ".weight", &part.weight});
  }
}

}  // namespace relatum::arch
