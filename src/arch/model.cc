// What holds for every architecture's settings.
#include "arch/model.h"

#include <fmt/format.h>

#include "base/error.h"

namespace relatum::arch {

void check_sizes(const ModelInfo& info) {
  constexpr int64_t kLargest = int64_t{1} << 24, kLayers = 4096;  // far more than any model has
  const auto check = [&](int64_t value, int64_t largest, const char* what) {
    if (value > 0 && value <= largest) return;
    fail("arch.model", fmt::format("{}: {} {} among the model's settings cannot be, only 1 to {}. "
                                   "Fetch its settings again.",
                                   info.path, what, value, largest));
  };
  check(info.layers, kLayers, "a number of layers of");
  if (info.encoder_layers != 0) {
    check(info.encoder_layers, kLayers, "a number of the encoder's layers of");
  }
  for (const int64_t value :
       {info.width, info.heads, info.kv_heads, info.ffn_width, info.context}) {
    check(value, kLargest, "a size of");
  }
}

void add_parts(nn::Linear& linear, std::vector<NamedWeight>& all) {
  for (nn::Linear::Part& part : linear.mutable_parts()) {
    all.push_back({part.name + ".weight", &part.weight});
  }
  for (Weight& bias : linear.mutable_biases()) all.push_back({bias.name, &bias});
}

}  // namespace relatum::arch
