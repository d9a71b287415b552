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

}  // namespace relatum::arch
