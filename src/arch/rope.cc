// Frequencies and the angles.
#include "arch/rope.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "arch/rope_scaling.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/parallel_for.h"
#include "io/json.h"

namespace relatum::arch {

double rope_theta(const ModelFiles& files, const RopeKeys& keys) {
  constexpr double kUnsaidInGguf = 10000.0;  // llama.cpp, whatever the family
  const double unsaid = files.config() ? keys.unsaid : kUnsaidInGguf;
  std::optional<double> theta;
  if (!files.config() || files.setting(keys.theta)) {
    theta = files.get_double(keys.theta, keys.gguf_theta, unsaid);
  }
  // Newer configurations keep it inside rope_parameters, or inside what these were called before.
  const std::string place = files.settings_place();
  for (const char* name : {"rope_parameters", "rope_scaling"}) {
    const nlohmann::json* inside = rope_setting(files, name, keys);
    if (!inside || !io::find(*inside, "rope_theta")) continue;
    const double other = io::require_double(*inside, "rope_theta", place);
    if (theta && *theta != other) {
      fail("arch.rope", fmt::format("{}: {} is {} and, in {}, {}. Keep the one that is meant.",
                                    place, keys.theta, *theta, name, other));
    }
    theta = other;
  }
  if (!theta) theta = files.get_double(keys.theta, keys.gguf_theta, unsaid);
  return *theta;
}

Rope::Rope(const ModelFiles& files, int64_t head_size, const RopeKeys& keys) {
  const double theta = rope_theta(files, keys);
  for (int64_t i = 0; i < head_size / 2; ++i) {
    frequencies_.push_back(float(std::pow(theta, -2.0 * double(i) / double(head_size))));
  }
  const RopeScaling scaling = scale_frequencies(files, keys, theta, frequencies_);
  factor_ = scaling.factor;
  longest_ = scaling.longest;
  std::vector<float> noted = frequencies_;
  if (factor_ != 1.0f) noted.push_back(factor_);
  const std::string of = keys.layer_type.empty() ? "" : fmt::format(" of {}", keys.layer_type);
  files.note_setting("rotary frequencies" + of,
                     sha256(std::as_bytes(std::span(noted))).substr(0, 12));
  if (!(std::isfinite(factor_) && factor_ > 0)) {
    fail("arch.rope",
         fmt::format("{}: the scaling of rotary positions multiplies cosines and sines "
                     "by {}, expected a finite number above 0. Fetch the model's "
                     "settings again.",
                     files.settings_place(), factor_));
  }
  for (const float frequency : frequencies_) {
    if (std::isfinite(frequency) && frequency > 0) continue;
    fail("arch.rope", fmt::format("{}: the base {} of the rotary positions and their scaling "
                                  "give a frequency of {}, expected a finite number above 0. Fetch "
                                  "the model's settings again.",
                                  files.settings_place(), theta, frequency));
  }
}

void Rope::angles(std::span<const int32_t> positions, MatView<float> out) const {
  constexpr int64_t kGrain = 32;  // rows that are worth a thread
  const int64_t half = int64_t(frequencies_.size());
  RELATUM_CHECK(out.rows == int64_t(positions.size()) && out.cols == 2 * half);
  parallel_for(out.rows, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t i = 0; i < half; ++i) {
        const float angle = float(positions[size_t(r)]) * frequencies_[size_t(i)];
        out.row(r)[i] = factor_ * std::cos(angle);
        out.row(r)[half + i] = factor_ * std::sin(angle);
      }
    }
  });
}

}  // namespace relatum::arch
