// The settings of encoders in config.json.
#include <fmt/format.h>

#include <map>

#include "arch/encoder.h"
#include "base/error.h"
#include "base/printable.h"

namespace relatum::arch {
namespace {

nn::Activation read_activation(const ModelFiles& files, std::string_view key) {
  static const std::map<std::string, nn::Activation, std::less<>> known = {
      {"gelu", nn::Activation::kGelu},
      {"gelu_new", nn::Activation::kGeluTanh},
      {"gelu_pytorch_tanh", nn::Activation::kGeluTanh},
      {"relu", nn::Activation::kRelu}};
  const std::string name = files.get_string(key, "", "gelu");
  const auto found = known.find(name);
  if (found != known.end()) return found->second;
  fail("arch.encoder", fmt::format("{}: the activation '{}' is not known. Known are gelu, "
                                   "gelu_new, gelu_pytorch_tanh and relu.",
                                   files.settings_place(), printable_start(name)));
}

void check_parts(const ModelFiles& files, const ModelInfo& info) {
  const std::string place = files.settings_place();
  if (info.vocabulary <= 0) {
    fail("arch.encoder", fmt::format("{}: a vocabulary of {} words cannot be. The file is damaged.",
                                     place, info.vocabulary));
  }
  if (info.width % info.heads) {
    fail("arch.encoder",
         fmt::format("{}: {} heads do not divide a width of {}.", place, info.heads, info.width));
  }
  if (const int64_t size = files.get_int("embedding_size", "", info.width); size != info.width) {
    fail("arch.encoder", fmt::format("{}: an embedding_size of {} beside a width of {} is not "
                                     "supported.",
                                     place, size, info.width));
  }
  const std::string position = files.get_string("position_embedding_type", "", "absolute");
  if (position != "absolute") {
    fail("arch.encoder", fmt::format("{}: positions of type '{}' are not known, only absolute.",
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
  settings.epsilon = float(keys.epsilon.empty()
                               ? keys.default_epsilon
                               : files.get_double(keys.epsilon, "", keys.default_epsilon));
  settings.activation = read_activation(files, keys.activation);
  settings.embeddings = fmt::format("{}.embeddings.", family);
  return settings;
}

void skip_positions(const ModelFiles& files, int64_t first, EncoderSettings& settings) {
  ModelInfo& info = settings.info;
  if (first < 0 || first >= info.context) {
    fail("arch.encoder", fmt::format("{}: of max_position_embeddings = {} rows the first {} stand "
                                     "for no place, which leaves none. Fetch the model's settings "
                                     "again.",
                                     files.settings_place(), info.context, first));
  }
  settings.first_position = first;
  info.context -= first;
}

}  // namespace relatum::arch
