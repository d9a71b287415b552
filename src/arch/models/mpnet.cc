// MPNet (Song et al. 2020, arXiv 2004.09297): an encoder with positions of both kinds. Those of a
// row's tokens are learned, and T5's biases by distance, one table for all layers, add to the
// scores.
#include <fmt/format.h>

#include "arch/encoder.h"
#include "base/error.h"

namespace relatum::arch {
namespace {

constexpr int64_t kPadding = 1;  // behind it places are counted, whatever config.json names
constexpr int64_t kBuckets = 32;

constexpr EncoderNames kNames{"mpnet.encoder.layer.", "attention.attn.q", "attention.attn.k",
                              "attention.attn.v",     "attention.attn.o", "attention.LayerNorm",
                              "intermediate.dense",   "output.dense",     "output.LayerNorm"};

std::unique_ptr<Model> load_mpnet(const ModelFiles& files, const LoadOptions& options) {
  EncoderSettings settings = read_encoder_settings(files, "mpnet", {});
  skip_padding(files, kPadding, settings);
  settings.buckets = files.get_int("relative_attention_num_buckets", "", kBuckets);
  if (settings.buckets != kBuckets) {
    fail("arch.mpnet", fmt::format("{}: relative_attention_num_buckets is {}, which is not "
                                   "supported: Hugging Face's MPNet numbers {} buckets whatever is "
                                   "set there.",
                                   files.settings_place(), settings.buckets, kBuckets));
  }
  settings.names = kNames;
  return std::make_unique<Encoder>(files, options, std::move(settings));
}

}  // namespace

const Family& family_mpnet() {
  static constexpr std::string_view kTypes[] = {"mpnet"};
  // A buffer of numbers that are counted here, and heads that read the encoder's states.
  static constexpr std::string_view kTensors[] = {"embeddings.position_ids", "pooler.*",
                                                  "lm_head.*", "classifier.*", "qa_outputs.*"};
  static constexpr std::string_view kKeys[] = {"classifier_*", "tie_word_embeddings"};
  static const Family family{
      "mpnet", kTypes, false, {kTensors, kKeys, kEncoderNeutral}, load_mpnet};
  return family;
}

}  // namespace relatum::arch
