// Frequencies, their scaling, and the table of angles.
#include "arch/rope.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "base/error.h"
#include "io/json.h"

namespace relatum::arch {
namespace {

constexpr int64_t kFirstRows = 512;

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

void scale_by_config(const ModelFiles& files, std::vector<float>& frequencies) {
  const std::string place = (files.path() / "config.json").string();
  const nlohmann::json* scaling = io::find(*files.config(), "rope_scaling");
  if (!scaling || scaling->is_null()) scaling = io::find(*files.config(), "rope_parameters");
  if (!scaling || scaling->is_null()) return;
  const std::string old_key = io::get_string(*scaling, "type", "default", place);
  const std::string type = io::get_string(*scaling, "rope_type", old_key, place);
  if (type == "default") return;
  for (float& frequency : frequencies) {
    if (type == "llama3") {
      frequency = scale_llama3(frequency, *scaling, place);
    } else if (type == "linear") {
      frequency = float(double(frequency) / io::require_double(*scaling, "factor", place));
    } else {
      fail("arch.rope", fmt::format("{}: rope_scaling of type '{}' is not known. Known are "
                                    "default, linear and llama3.", place, type));
    }
  }
}

void scale_by_gguf(const ModelFiles& files, std::vector<float>& frequencies) {
  const io::GgufFile& gguf = *files.gguf();
  const std::string type =
      gguf.get_string(files.architecture() + ".rope.scaling.type", std::string("none"));
  if (type != "none" && type != "linear") {
    fail("arch.rope", fmt::format("{}: rope scaling of type '{}' is not known. Known are none and "
                                  "linear.", files.path().string(), type));
  }
  const double factor =
      type == "linear" ? gguf.get_double(files.architecture() + ".rope.scaling.factor") : 1.0;
  for (float& frequency : frequencies) frequency = float(double(frequency) / factor);
  const TensorName name{"", "rope_freqs.weight"};
  if (!files.has(name)) return;
  const auto divisors = files.vector(name, int64_t(frequencies.size()));
  for (size_t i = 0; i < frequencies.size(); ++i) frequencies[i] /= divisors[i];
}

double rope_theta(const ModelFiles& files) {
  constexpr double kDefault = 10000.0;
  if (files.config()) {  // newer configurations keep it inside rope_parameters
    const nlohmann::json* parameters = io::find(*files.config(), "rope_parameters");
    if (parameters && parameters->is_object() && parameters->contains("rope_theta")) {
      return io::require_double(*parameters, "rope_theta",
                                (files.path() / "config.json").string());
    }
  }
  return files.get_double("rope_theta", "rope.freq_base", kDefault);
}

}  // namespace

RopeTable::RopeTable(const ModelFiles& files, int64_t head_size) {
  const double theta = rope_theta(files);
  for (int64_t i = 0; i < head_size / 2; ++i) {
    frequencies_.push_back(float(std::pow(theta, -2.0 * double(i) / double(head_size))));
  }
  if (files.config()) {
    scale_by_config(files, frequencies_);
  } else {
    scale_by_gguf(files, frequencies_);
  }
}

MatView<const float> RopeTable::until(int64_t last_position) const {
  if (table_.rows() > last_position) return table_.view();
  const int64_t half = int64_t(frequencies_.size());
  table_ = Matrix<float>(std::max(kFirstRows, last_position * 3 / 2 + 1), 2 * half);
  for (int64_t p = 0; p < table_.rows(); ++p) {
    for (int64_t i = 0; i < half; ++i) {
      const float angle = float(p) * frequencies_[size_t(i)];
      table_.row(p)[i] = std::cos(angle);
      table_.row(p)[half + i] = std::sin(angle);
    }
  }
  return table_.view();
}

}  // namespace relatum::arch
