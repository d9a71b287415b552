// BERT: learned positions and types, GELU (Devlin et al. 2018, arXiv 1810.04805).
#include "arch/encoder.h"

namespace relatum::arch {
namespace {

constexpr EncoderNames kNames{
    "bert.encoder.layer.",  "attention.self.query",   "attention.self.key",
    "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
    "intermediate.dense",   "output.dense",           "output.LayerNorm"};

std::unique_ptr<Model> load_bert(const ModelFiles& files, const LoadOptions& options) {
  EncoderSettings settings = read_encoder_settings(files, "bert", {});
  settings.types = files.get_int("type_vocab_size", "", 2);
  settings.names = kNames;
  return std::make_unique<Encoder>(files, options, std::move(settings));
}

}  // namespace

const Family& family_bert() {
  static constexpr std::string_view kTypes[] = {"bert"};
  // Buffers of a place's number and of type 0, which are counted here, and heads that read the
  // encoder's states: none has a part in the states themselves.
  static constexpr std::string_view kTensors[] = {"embeddings.position_ids",
                                                  "embeddings.token_type_ids",
                                                  "pooler.*",
                                                  "cls.*",
                                                  "classifier.*",
                                                  "qa_outputs.*"};
  // They describe such heads (pooler_…, directionality: the first BERT's own files), or how the
  // word head's weights are stored.
  static constexpr std::string_view kKeys[] = {"pooler_*", "classifier_*", "tie_word_embeddings"};
  static const Family family{"bert", kTypes, false, {kTensors, kKeys, kEncoderNeutral}, load_bert};
  return family;
}

}  // namespace relatum::arch
