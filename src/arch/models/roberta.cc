// RoBERTa and XLM-RoBERTa (Liu et al. 2019, arXiv 1907.11692; Conneau et al. 2019, arXiv
// 1911.02116): BERT's network, whose places are counted from behind the padding's id.
#include "arch/encoder.h"

namespace relatum::arch {
namespace {

constexpr EncoderNames kNames{
    "roberta.encoder.layer.", "attention.self.query",   "attention.self.key",
    "attention.self.value",   "attention.output.dense", "attention.output.LayerNorm",
    "intermediate.dense",     "output.dense",           "output.LayerNorm"};

// Hugging Face numbers the tokens of a row that are not padding; no row here has padding in it.
std::unique_ptr<Model> load_roberta(const ModelFiles& files, const LoadOptions& options) {
  EncoderSettings settings = read_encoder_settings(files, "roberta", {});
  skip_padding(files, files.get_int("pad_token_id", "", 1), settings);
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
