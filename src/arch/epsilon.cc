// Reads and checks.
#include "arch/epsilon.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"

namespace relatum::arch {

float read_epsilon(const ModelFiles& files, std::string_view key, std::string_view gguf_key,
                   std::optional<double> unsaid) {
  const auto epsilon = float(files.get_double(key, gguf_key, unsaid));
  if (std::isfinite(epsilon) && epsilon >= 0) return epsilon;
  fail("arch.open", fmt::format("{}: {} is {}, expected a small number from zero on. Fetch the "
                                "model's settings again.",
                                files.settings_place(), files.gguf() ? gguf_key : key, epsilon));
}

}  // namespace relatum::arch
