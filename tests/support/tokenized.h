// A folder of the decoder's fixture with a tokenizer.
#pragma once

#include "support/decoder_options.h"
#include "support/t5.h"

namespace relatum::testing {

/// An option's folder with a tokenizer of fewer tokens than its embedding has rows.
struct TokenizedFolder : OptionFolder {
  explicit TokenizedFolder(const nlohmann::json& config, size_t files = 1)
      : OptionFolder(config, files) {
    write_file(path() / "tokenizer.json", t5_tokenizer().dump());
    write_file(path() / "tokenizer_config.json", R"({"eos_token": "</s>", "pad_token": "<pad>"})");
  }
};

/// Options that have no form in GGUF, and what is said of them.
inline const std::map<std::string, std::string>& options_without_gguf() {
  static const std::map<std::string, std::string> all = {
      {"rope_yarn_turns", "'truncate' is false"},
      {"gemma3_bias", ".bias' has no place in GGUF for this architecture"},
      {"qwen3_bias", "'blk.0.attn_output.bias' has no place in GGUF for this architecture"},
      {"gemma3_layers", "layer_types have no full layer every so many"},
      {"gemma3_scalar", "query_pre_attn_scalar is 5, not 16"}};
  return all;
}

}  // namespace relatum::testing
