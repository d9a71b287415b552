// Sizes, norms and rotary positions as llama.cpp's converter spells them.
#include "arch/decoder_gguf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "arch/gguf_refusal.h"
#include "arch/rope_scaling.h"
#include "io/json.h"

namespace relatum::arch {
namespace {

using nlohmann::json;

class RotaryKeys {
 public:
  RotaryKeys(const ModelFiles& files, int64_t head_size, const std::string& name,
             const GgufRope& rope, GgufForm& form)
      : files_(files), rope_(rope), form_(form), name_(name), start_(name + ".rope."),
        size_(head_size) {
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
      const json* found = rope_setting(files, key, rope.keys);
      if (found && !scaling_) scaling_ = found;
    }
  }

  void describe() {
    const double theta = rope_theta(files_, rope_.keys);
    set_size(files_, form_, start_ + "dimension_count", double(size_));
    form_.keys.set_f32(start_ + "freq_base", float(theta));
    if (!scaling_) return;
    for (int64_t i = 0; i < size_ / 2; ++i) {
      plain_.push_back(float(std::pow(theta, -2.0 * double(i) / double(size_))));
    }
    scaled_ = plain_;
    const RopeScaling scaling = scale_frequencies(files_, rope_.keys, theta, scaled_);
    check_type(scaling.type);
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

  void check_type(const std::string& type) const {
    if (type == "default" || std::ranges::find(rope_.scalings, type) != rope_.scalings.end()) {
      return;
    }
    refuse_for_gguf(files_, fmt::format("'{}' scales the rotary positions of an architecture "
                                        "'{}'",
                                        type, name_));
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
      refuse_for_gguf(files_, "rope_scaling's 'truncate' is false");
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
  const GgufRope& rope_;
  GgufForm& form_;
  std::string name_, start_;
  int64_t size_;
  const json* scaling_ = nullptr;
  std::vector<float> plain_, scaled_;
};

}  // namespace

void describe_decoder(const ModelFiles& files, const DecoderSettings& settings,
                      const std::string& name, const GgufRope& rope, GgufForm& form) {
  const ModelInfo& info = settings.info;
  const auto set = [&](const char* key, int64_t value) {
    set_size(files, form, name + "." + key, double(value));
  };
  describe_sizes(files, info, name, form);
  set("block_count", info.layers);
  set("context_length", files.get_int("max_position_embeddings", "", info.context));
  set("attention.head_count_kv", info.kv_heads);
  set("vocab_size", form.find("token_embd.weight")->weight.rows);
  form.keys.set_f32(name + ".attention.layer_norm_rms_epsilon", settings.epsilon);
  RotaryKeys(files, info.head_size, name, rope, form).describe();
  // Equal to the embedding, or loading would have refused it; GGUF says so by its absence.
  const json* tied = files.setting("tie_word_embeddings");
  if (tied ? *tied == true : settings.tied) form.remove("output.weight");
}

void end_context(int64_t context, int64_t window, const std::string& name, GgufForm& form) {
  if (window <= 0 || window >= context) return;
  form.keys.set_u32(name + ".context_length", uint32_t(window));
  form.notes.push_back(
      fmt::format("the context ends with the window, after {} tokens: GGUF has no window for this "
                  "architecture",
                  window));
}

}  // namespace relatum::arch
