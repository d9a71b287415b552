// DistilBERT (Sanh et al. 2019, arXiv 1910.01108): BERT's layers without types, by other names.
#include "arch/encoder.h"

namespace relatum::arch {
namespace {

constexpr EncoderNames kNames{"distilbert.transformer.layer.",
                              "attention.q_lin",
                              "attention.k_lin",
                              "attention.v_lin",
                              "attention.out_lin",
                              "sa_layer_norm",
                              "ffn.lin1",
                              "ffn.lin2",
                              "output_layer_norm"};
constexpr EncoderKeys kKeys{.layers = "n_layers",
                            .width = "dim",
                            .heads = "n_heads",
                            .ffn_width = "hidden_dim",
                            .activation = "activation",
                            .epsilon = ""};

std::unique_ptr<Model> load_distilbert(const ModelFiles& files, const LoadOptions& options) {
  EncoderSettings settings = read_encoder_settings(files, "distilbert", kKeys);
  settings.names = kNames;
  return std::make_unique<Encoder>(files, options, std::move(settings));
}

}  // namespace

const Family& family_distilbert() {
  static constexpr std::string_view kTypes[] = {"distilbert"};
  // A buffer of numbers that are counted here, and heads that read the encoder's states.
  static constexpr std::string_view kTensors[] = {
      "embeddings.position_ids", "vocab_*", "pre_classifier.*", "classifier.*", "qa_outputs.*"};
  // How the table of positions was first filled, which the file holds; the word head.
  static constexpr std::string_view kSpareKeys[] = {"sinusoidal_pos_embds", "tie_weights_",
                                                    "tie_word_embeddings"};
  static const Family family{
      "distilbert", kTypes, false, {kTensors, kSpareKeys, kEncoderNeutral}, load_distilbert};
  return family;
}

}  // namespace relatum::arch
