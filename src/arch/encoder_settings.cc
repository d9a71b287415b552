// The settings of encoders in config.json.
#include <fmt/format.h>

#include "arch/activation_name.h"
#include "arch/encoder.h"
#include "arch/epsilon.h"
#include "base/error.h"
#include "base/printable.h"

namespace relatum::arch {
namespace {

nn::Activation read_activation(const ModelFiles& files, std::string_view key) {
  const std::string name = files.get_string(key, "", "gelu");
  if (const auto found = activation_named(name)) return *found;
  fail("arch.encoder",
       fmt::format("{}: the activation '{}' is not known. Known are {}. Use a model "
                   "with one of these.",
                   files.settings_place(), printable_start(name), kActivationNames));
}

void check_parts(const ModelFiles& files, const ModelInfo& info) {
  const std::string place = files.settings_place();
  if (info.vocabulary <= 0) {
    fail("arch.encoder", fmt::format("{}: a vocabulary of {} words cannot be. The file is damaged.",
                                     place, info.vocabulary));
  }
  if (info.width % info.heads) {
    fail("arch.encoder",
         fmt::format("{}: {} heads do not divide a width of {}. Fetch the model's settings again.",
                     place, info.heads, info.width));
  }
  if (const int64_t size = files.get_int("embedding_size", "", info.width); size != info.width) {
    fail("arch.encoder", fmt::format("{}: an embedding_size of {} beside a width of {} is not "
                                     "supported. Use a model without it.",
                                     place, size, info.width));
  }
  const std::string position = files.get_string("position_embedding_type", "", "absolute");
  if (position != "absolute") {
    fail("arch.encoder", fmt::format("{}: positions of type '{}' are not known, only absolute. "
                                     "Use a model with these.",
                                     place, printable_start(position)));
  }
}

}  // namespace

EncoderSettings read_encoder_settings(const ModelFiles& files, std::string_view family,
                                      const EncoderKeys& keys) {
  if (!files.config()) {
    fail("arch.encoder", fmt::format("{}: a BERT in GGUF form is not read. Use the Hugging Face "
                                     "folder.",
                                     files.path().string()));
  }
  EncoderSettings settings;
  ModelInfo& info = settings.info;
  info.family = family;
  info.causal = false;
  info.path = files.path().string();
  info.layers = files.get_int(keys.layers, "");
  info.width = files.get_int(keys.width, "");
  info.heads = info.kv_heads = files.get_int(keys.heads, "");
  info.ffn_width = files.get_int(keys.ffn_width, "");
  info.context = files.get_int("max_position_embeddings", "");
  info.vocabulary = files.get_int("vocab_size", "");
  check_sizes(info);
  check_parts(files, info);
  info.head_size = info.width / info.heads;
  constexpr double kUnsaidEpsilon = 1e-12;  // of all these families in transformers
  settings.epsilon = keys.epsilon.empty() ? float(kUnsaidEpsilon)
                                          : read_epsilon(files, keys.epsilon, "", kUnsaidEpsilon);
  settings.activation = read_activation(files, keys.activation);
  settings.embeddings = fmt::format("{}.embeddings.", family);
  return settings;
}

void skip_padding(const ModelFiles& files, int64_t padding, EncoderSettings& settings) {
  ModelInfo& info = settings.info;
  if (padding < 0 || padding >= info.context - 1) {
    fail("arch.encoder",
         fmt::format("{}: places are counted from behind the padding's id, which is "
                     "{}: of max_position_embeddings = {} rows that leaves none. "
                     "Fetch the model's settings again.",
                     files.settings_place(), padding, info.context));
  }
  settings.first_position = padding + 1;
  info.context -= padding + 1;
}

}  // namespace relatum::arch
