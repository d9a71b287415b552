// Sizes, norms and rotary positions as llama.cpp's converter spells them.
#include "arch/decoder_gguf.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "arch/rope.h"
#include "arch/rope_scaling.h"
#include "base/error.h"
#include "io/json.h"

namespace relatum::arch {
namespace {

using nlohmann::json;

class RotaryKeys {
 public:
  RotaryKeys(const ModelFiles& files, const ModelInfo& info, const DecoderName& name,
             GgufForm& form)
      : files_(files), form_(form), keys_(name.rope), start_(name.architecture + ".rope."),
        size_(info.head_size) {
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
      if (const json* found = files.setting(key); found && !scaling_) scaling_ = found;
    }
  }

  void describe() {
    const double theta = rope_theta(files_, keys_);
    set_size(files_, form_, start_ + "dimension_count", double(size_));
    form_.keys.set_f32(start_ + "freq_base", float(theta));
    if (!scaling_) return;
    for (int64_t i = 0; i < size_ / 2; ++i) {
      plain_.push_back(float(std::pow(theta, -2.0 * double(i) / double(size_))));
    }
    scaled_ = plain_;
    const RopeScaling scaling = scale_frequencies(files_, keys_, theta, scaled_);
    // "dynamic" changes nothing up to the context.
    if (scaling.type == "llama3") add_divisors("rope_freqs.weight");
    if (scaling.type == "linear" || scaling.type == "yarn") set_factor(scaling);
    if (scaling.type == "yarn") describe_yarn(scaling);
    if (scaling.type == "longrope") describe_longrope(scaling);
  }

 private:
  double number(const char* key, double fallback) const {
    return io::get_double(*scaling_, key, fallback, files_.settings_place());
  }

  // What the frequencies were divided by, such that dividing by it gives them again.
  void add_divisors(const std::string& name) {
    std::vector<float> divisors;
    for (size_t i = 0; i < plain_.size(); ++i) {
      float divisor = plain_[i] / scaled_[i];
      for (const float other : {std::nextafter(divisor, 0.0f), std::nextafter(divisor, INFINITY)}) {
        if (plain_[i] / divisor != scaled_[i] && plain_[i] / other == scaled_[i]) divisor = other;
      }
      divisors.push_back(divisor);
    }
    form_.add_vector(name, std::move(divisors));
  }

  void set_factor(const RopeScaling& scaling) {
    form_.keys.set_string(start_ + "scaling.type", scaling.type);
    form_.keys.set_f32(start_ + "scaling.factor", float(scaling.stretch));
  }
  void set_context(const RopeScaling& scaling) {
    set_size(files_, form_, start_ + "scaling.original_context_length", scaling.context);
  }

  void describe_yarn(const RopeScaling& scaling) {
    if (!io::get_bool(*scaling_, "truncate", true, files_.settings_place())) {
      fail("arch.gguf", fmt::format("{}: rope_scaling's 'truncate' is false, which GGUF has no key "
                                    "for. Use the folder as it is.",
                                    files_.settings_place()));
    }
    set_context(scaling);
    if (scaling_->contains("beta_fast")) {
      form_.keys.set_f32(start_ + "scaling.yarn_beta_fast", float(number("beta_fast", 32)));
    }
    if (scaling_->contains("beta_slow")) {
      form_.keys.set_f32(start_ + "scaling.yarn_beta_slow", float(number("beta_slow", 1)));
    }
    // A reader multiplies this by YaRN's own magnitude.
    form_.keys.set_f32(start_ + "scaling.attn_factor",
                       float(double(scaling.factor) / yarn_magnitude(scaling.stretch)));
  }

  void describe_longrope(const RopeScaling& scaling) {
    form_.keys.set_string(start_ + "scaling.type", scaling.type);
    set_context(scaling);
    form_.keys.set_f32(start_ + "scaling.attn_factor", scaling.factor);
    for (const auto& [key, name] : {std::pair{"short_factor", "rope_factors_short.weight"},
                                    {"long_factor", "rope_factors_long.weight"}}) {
      form_.add_vector(name, scaling_->at(key).get<std::vector<float>>());
    }
  }

  const ModelFiles& files_;
  GgufForm& form_;
  RopeKeys keys_;
  std::string start_;
  int64_t size_;
  const json* scaling_ = nullptr;
  std::vector<float> plain_, scaled_;
};

}  // namespace

void describe_decoder(const ModelFiles& files, const ModelInfo& info, const DecoderName& as,
                      GgufForm& form) {
  const std::string& name = as.architecture;
  const auto set = [&](const char* key, int64_t value) {
    set_size(files, form, name + "." + key, double(value));
  };
  describe_sizes(files, info, name, form);
  set("block_count", info.layers);
  set("context_length", files.get_int("max_position_embeddings", "", info.context));
  set("attention.head_count_kv", info.kv_heads);
  set("vocab_size", info.vocabulary);
  form.keys.set_f32(name + ".attention.layer_norm_rms_epsilon",
                    float(files.get_double("rms_norm_eps", "", 1e-6)));
  RotaryKeys(files, info, as, form).describe();
  // Equal to the embedding, or loading would have refused it; GGUF says so by its absence.
  const json* tied = files.setting("tie_word_embeddings");
  if (tied && *tied == true) form.remove("output.weight");
}

}  // namespace relatum::arch
