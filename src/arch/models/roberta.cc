// RoBERTa and XLM-RoBERTa (Liu et al. 2019, arXiv 1907.11692; Conneau et al. 2019, arXiv
// 1911.02116): BERT's network, whose places are counted from behind the padding's id.
#include <fmt/format.h>

#include <utility>

#include "arch/encoder.h"
#include "base/error.h"

namespace relatum::arch {
namespace {

constexpr EncoderNames kNames{
    "roberta.encoder.layer.", "attention.self.query",   "attention.self.key",
    "attention.self.value",   "attention.output.dense", "attention.output.LayerNorm",
    "intermediate.dense",     "output.dense",           "output.LayerNorm"};

// Hugging Face numbers the tokens of a row that are not padding; no row here has padding in it, but
// where the token that rows begin or end with counts as such.
std::unique_ptr<Model> load_roberta(const ModelFiles& files, const LoadOptions& options) {
  EncoderSettings settings = read_encoder_settings(files, "roberta", {});
  const int64_t padding = files.get_int("pad_token_id", "", 1);
  for (const auto& [key, unsaid] : {std::pair("bos_token_id", 0), std::pair("eos_token_id", 2)}) {
    if (files.get_int(key, "", unsaid) != padding) continue;
    fail("arch.roberta",
         fmt::format("{}: pad_token_id and {} are both {}, so that tokens which stand in each row "
                     "would count as padding. Fetch the model's settings again.",
                     files.settings_place(), key, padding));
  }
  skip_padding(files, padding, settings);
  settings.types = files.get_int("type_vocab_size", "", 2);
  settings.names = kNames;
  return std::make_unique<Encoder>(files, options, std::move(settings));
}

}  // namespace

const Family& family_roberta() {
  static constexpr std::string_view kTypes[] = {"roberta", "xlm-roberta"};
  // Buffers of numbers that are counted here, and heads that read the encoder's states.
  static constexpr std::string_view kTensors[] = {"embeddings.position_ids",
                                                  "embeddings.token_type_ids",
                                                  "pooler.*",
                                                  "lm_head.*",
                                                  "classifier.*",
                                                  "qa_outputs.*"};
  static constexpr std::string_view kKeys[] = {"classifier_*", "tie_word_embeddings"};
  static const Family family{
      "roberta", kTypes, false, {kTensors, kKeys, kEncoderNeutral}, load_roberta};
  return family;
}

}  // namespace relatum::arch
