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
  RotaryKeys(const ModelFiles& files, const ModelInfo& info, const std::string& name,
             GgufForm& form)
      : files_(files), form_(form), start_(name + ".rope."), size_(info.head_size) {
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
      if (const json* found = files.setting(key); found && !scaling_) scaling_ = found;
    }
  }

  void describe() {
    const double theta = rope_theta(files_);
    form_.keys.set_u32(start_ + "dimension_count", uint32_t(size_));
    form_.keys.set_f32(start_ + "freq_base", float(theta));
    if (!scaling_) return;
    const std::string place = files_.settings_place();
    const std::string old = io::get_string(*scaling_, "type", "default", place);
    const std::string type = io::get_string(*scaling_, "rope_type", old, place);
    for (int64_t i = 0; i < size_ / 2; ++i) {
      plain_.push_back(float(std::pow(theta, -2.0 * double(i) / double(size_))));
    }
    scaled_ = plain_;
    const RopeScaling scaling = scale_frequencies(files_, RopeKeys{}, theta, scaled_);
    // "dynamic" changes nothing up to the context.
    if (type == "llama3") add_divisors("rope_freqs.weight");
    if (type == "linear" || type == "yarn") set_factor(type);
    if (type == "yarn") describe_yarn(scaling.factor);
    if (type == "longrope") describe_longrope(scaling.factor);
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

  double context() const {
    const double longest = double(files_.get_int("max_position_embeddings", "", 2048));
    const double inside = number("original_max_position_embeddings", longest);
    return io::get_double(*files_.config(), "original_max_position_embeddings", inside,
                          files_.settings_place());
  }
  double factor() const {
    const double longest = double(files_.get_int("max_position_embeddings", "", 2048));
    return number("factor", longest / context());
  }

  void set_factor(const std::string& type) {
    form_.keys.set_string(start_ + "scaling.type", type);
    form_.keys.set_f32(start_ + "scaling.factor", float(factor()));
  }

  void describe_yarn(float magnitude) {
    if (!io::get_bool(*scaling_, "truncate", true, files_.settings_place())) {
      fail("arch.gguf", fmt::format("{}: rope_scaling's 'truncate' is false, which GGUF has no key "
                                    "for. This model cannot be written as GGUF.",
                                    files_.settings_place()));
    }
    form_.keys.set_u32(start_ + "scaling.original_context_length", uint32_t(context()));
    if (scaling_->contains("beta_fast")) {
      form_.keys.set_f32(start_ + "scaling.yarn_beta_fast", float(number("beta_fast", 32)));
    }
    if (scaling_->contains("beta_slow")) {
      form_.keys.set_f32(start_ + "scaling.yarn_beta_slow", float(number("beta_slow", 1)));
    }
    // A reader multiplies this by YaRN's own magnitude.
    const double natural = factor() <= 1 ? 1.0 : 0.1 * std::log(factor()) + 1.0;
    form_.keys.set_f32(start_ + "scaling.attn_factor", float(double(magnitude) / natural));
  }

  void describe_longrope(float magnitude) {
    form_.keys.set_string(start_ + "scaling.type", "longrope");
    form_.keys.set_u32(start_ + "scaling.original_context_length", uint32_t(context()));
    form_.keys.set_f32(start_ + "scaling.attn_factor", magnitude);
    for (const auto& [key, name] : {std::pair{"short_factor", "rope_factors_short.weight"},
                                    {"long_factor", "rope_factors_long.weight"}}) {
      form_.add_vector(name, scaling_->at(key).get<std::vector<float>>());
    }
  }

  const ModelFiles& files_;
  GgufForm& form_;
  std::string start_;
  int64_t size_;
  const json* scaling_ = nullptr;
  std::vector<float> plain_, scaled_;
};

}  // namespace

void describe_decoder(const ModelFiles& files, const ModelInfo& info, const std::string& name,
                      GgufForm& form) {
  io::GgufKeys& keys = form.keys;
  const auto set = [&](const char* key, int64_t value) {
    keys.set_u32(name + "." + key, uint32_t(value));
  };
  keys.set_string("general.architecture", name);
  set("block_count", info.layers);
  set("context_length", files.get_int("max_position_embeddings", "", info.context));
  set("embedding_length", info.width);
  set("feed_forward_length", info.ffn_width);
  set("attention.head_count", info.heads);
  set("attention.head_count_kv", info.kv_heads);
  set("attention.key_length", info.head_size);
  set("attention.value_length", info.head_size);
  set("vocab_size", info.vocabulary);
  keys.set_f32(name + ".attention.layer_norm_rms_epsilon",
               float(files.get_double("rms_norm_eps", "", 1e-6)));
  RotaryKeys(files, info, name, form).describe();
  // Equal to the embedding, or loading would have refused it; GGUF says so by its absence.
  const json* tied = files.setting("tie_word_embeddings");
  if (tied && *tied == true) form.remove("output.weight");
}

}  // namespace relatum::arch
