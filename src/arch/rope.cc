// Frequencies, their scaling, and the angles.
#include "arch/rope.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <optional>
#include <span>

#include "base/error.h"
#include "base/hash.h"
#include "base/parallel_for.h"
#include "base/printable.h"
#include "io/json.h"

namespace relatum::arch {
namespace {

// Llama 3.1's rule: long wavelengths are slowed by `factor`, short ones kept, between is blended.
float scale_llama3(float frequency, const nlohmann::json& scaling, const std::string& place) {
  const double factor = io::require_double(scaling, "factor", place);
  const double low = io::require_double(scaling, "low_freq_factor", place);
  const double high = io::require_double(scaling, "high_freq_factor", place);
  const double context = io::require_double(scaling, "original_max_position_embeddings", place);
  const double wavelength = 2 * std::numbers::pi / double(frequency);
  if (wavelength < context / high) return frequency;
  if (wavelength > context / low) return float(double(frequency) / factor);
  const double blend = (context / wavelength - low) / (high - low);
  return float((1 - blend) * double(frequency) / factor + blend * double(frequency));
}

// "rope_type", "type" in older files.
std::string type_of(const nlohmann::json& scaling, const std::string& place) {
  const std::string old = io::get_string(scaling, "type", "", place);
  const std::string type = io::get_string(scaling, "rope_type", old, place);
  if (!old.empty() && old != type) {
    fail("arch.rope", fmt::format("{}: the rotary scaling is of type '{}' and of rope_type '{}'. "
                                  "Keep the one that is meant.",
                                  place, old, type));
  }
  return type.empty() ? "default" : type;
}

// Every key of a scaling is read for its type, or refused.
void check_keys(const nlohmann::json& scaling, const std::string& type, const std::string& place) {
  if (!scaling.is_object()) {
    fail("arch.rope", fmt::format("{}: the rotary scaling is not a JSON object.", place));
  }
  for (const auto& [key, value] : scaling.items()) {
    const bool neutral = key == "partial_rotary_factor" && value == 1.0;
    const bool read = key == "type" || key == "rope_type" || key == "rope_theta" || neutral ||
                      (key == "factor" && (type != "default" || value == 1.0)) ||
                      (type == "llama3" && (key == "low_freq_factor" || key == "high_freq_factor" ||
                                            key == "original_max_position_embeddings"));
    // Without these types it serves nothing.
    if (read || value.is_null() || key == "original_max_position_embeddings") continue;
    fail("arch.rope",
         fmt::format("{}: '{}' ({}) of the rotary scaling of type '{}' is not known. "
                     "Use a model without it.",
                     place, printable_start(key), printable_start(io::dump_json(value), 60), type));
  }
}

bool say_the_same(const nlohmann::json& one, const nlohmann::json& other,
                  const std::string& place) {
  if (type_of(one, place) != type_of(other, place)) return false;
  for (const char* key :
       {"factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"}) {
    if (io::get_double(one, key, 1.0, place) != io::get_double(other, key, 1.0, place)) {
      return false;
    }
  }
  return true;
}

void scale_by_config(const ModelFiles& files, std::vector<float>& frequencies) {
  const std::string place = files.settings_place();
  const nlohmann::json* old = files.setting("rope_scaling");
  const nlohmann::json* now = files.setting("rope_parameters");
  const nlohmann::json* scaling = old ? old : now;
  if (!scaling) return;
  const std::string type = type_of(*scaling, place);
  if (type != "default" && type != "linear" && type != "llama3" && type != "dynamic") {
    fail("arch.rope", fmt::format("{}: rope_scaling of type '{}' is not known. Known are "
                                  "default, linear, dynamic and llama3.",
                                  place, type));
  }
  if (old && now && !say_the_same(*old, *now, place)) {
    fail("arch.rope", fmt::format("{}: rope_scaling and rope_parameters do not say the same. Keep "
                                  "the one that is meant.",
                                  place));
  }
  check_keys(*scaling, type, place);
  // The dynamic one scales rows beyond max_position_embeddings alone, which are refused.
  if (type == "default" || type == "dynamic") return;
  for (float& frequency : frequencies) {
    frequency = type == "llama3"
                    ? scale_llama3(frequency, *scaling, place)
                    : float(double(frequency) / io::require_double(*scaling, "factor", place));
  }
}

// As llama.cpp reads it: a factor without a type is linear, and the oldest files have a key of
// their own for it.
void scale_by_gguf(const ModelFiles& files, std::vector<float>& frequencies) {
  const double old = files.get_double("", "rope.scale_linear", 1.0);
  const double factor = files.get_double("", "rope.scaling.factor", old);
  const std::string type = files.get_string("", "rope.scaling.type", "linear");
  if (type != "none" && type != "linear") {
    fail("arch.rope", fmt::format("{}: rope scaling of type '{}' is not known. Known are none and "
                                  "linear.",
                                  files.path().string(), type));
  }
  if (type == "linear" && factor != 0) {
    for (float& frequency : frequencies) frequency = float(double(frequency) / factor);
  }
  const TensorName name{"", "rope_freqs.weight"};
  if (!files.has(name)) return;
  const auto divisors = files.vector(name, int64_t(frequencies.size()));
  for (size_t i = 0; i < frequencies.size(); ++i) frequencies[i] /= divisors[i];
}

double rope_theta(const ModelFiles& files) {
  constexpr double kDefault = 10000.0;
  std::optional<double> theta;
  if (!files.config() || files.setting("rope_theta")) {
    theta = files.get_double("rope_theta", "rope.freq_base", kDefault);
  }
  // Newer configurations keep it inside rope_parameters, or inside what these were called before.
  const std::string place = files.settings_place();
  for (const char* name : {"rope_parameters", "rope_scaling"}) {
    const nlohmann::json* inside = files.setting(name);
    if (!inside || !io::find(*inside, "rope_theta")) continue;
    const double other = io::require_double(*inside, "rope_theta", place);
    if (theta && *theta != other) {
      fail("arch.rope", fmt::format("{}: rope_theta is {} and, in {}, {}. Keep the one that is "
                                    "meant.",
                                    place, *theta, name, other));
    }
    theta = other;
  }
  if (!theta) theta = files.get_double("rope_theta", "rope.freq_base", kDefault);
  return *theta;
}

}  // namespace

Rope::Rope(const ModelFiles& files, int64_t head_size) {
  const double theta = rope_theta(files);
  for (int64_t i = 0; i < head_size / 2; ++i) {
    frequencies_.push_back(float(std::pow(theta, -2.0 * double(i) / double(head_size))));
  }
  if (files.config()) {
    scale_by_config(files, frequencies_);
  } else {
    scale_by_gguf(files, frequencies_);
  }
  files.note_setting("rotary frequencies",
                     sha256(std::as_bytes(std::span(frequencies_))).substr(0, 12));
  for (const float frequency : frequencies_) {
    if (std::isfinite(frequency) && frequency > 0) continue;
    fail("arch.rope", fmt::format("{}: the base {} of the rotary positions and their scaling "
                                  "give a frequency of {}, which is impossible.",
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
        out.row(r)[i] = std::cos(angle);
        out.row(r)[half + i] = std::sin(angle);
      }
    }
  });
}

}  // namespace relatum::arch
