// The tiny T5 of the fixture: a folder for each of its options, and its rows.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "io/json.h"
#include "support/models.h"
#include "support/temporary.h"

namespace relatum::testing {

/// The row of docs/models.md that an option belongs to.
inline std::string row_of_t5(const std::string& option) {
  return option.starts_with("gated") || option == "untied" ? "T5 v1.1, Flan-T5" : "T5 v1.0";
}

inline const nlohmann::json& t5_options() {
  static const nlohmann::json all = io::load_json(fixture("t5/options.json"));
  return all;
}

/// A Unigram tokenizer with an id for each row of the fixture's embedding.
inline nlohmann::json t5_tokenizer() {
  using nlohmann::json;
  json vocabulary = json::array();
  const auto add = [&](const std::string& piece, double score) {
    vocabulary.push_back(json::array({piece, score}));
  };
  add("<pad>", 0);
  add("</s>", 0);
  add("<unk>", -9);
  add("▁", -2);
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    add(std::string(1, letter), -4);
    add("▁" + std::string(1, letter), -3.5);
  }
  const json special = {{"single_word", false},
                        {"lstrip", false},
                        {"rstrip", false},
                        {"normalized", false},
                        {"special", true}};
  json added = json::array();
  for (int id = 0; id < 3; ++id) {
    added.push_back(special);
    added.back()["id"] = id;
    added.back()["content"] = vocabulary[size_t(id)][0];
  }
  const json pieces = {
      {"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", "always"}, {"split", true}};
  return {{"version", "1.0"},
          {"added_tokens", added},
          {"normalizer", nullptr},
          {"pre_tokenizer", pieces},
          {"post_processor", nullptr},
          {"decoder", pieces},
          {"model", {{"type", "Unigram"}, {"unk_id", 2}, {"vocab", vocabulary}}}};
}

/// A folder with the fixture's weights that an option's settings ask for, and a tokenizer.
class T5Folder {
 public:
  explicit T5Folder(const nlohmann::json& config) {
    write_file(path() / "config.json", config.dump());
    write_file(path() / "tokenizer.json", t5_tokenizer().dump());
    write_file(path() / "tokenizer_config.json", R"({"eos_token": "</s>", "pad_token": "<pad>"})");
    const auto file = io::Safetensors::open(fixture("t5/weights.safetensors"));
    std::vector<io::SafetensorsOutput> tensors;
    for (const auto& tensor : file.tensors()) {
      const std::string name = plain(tensor.name);
      if (wanted(config, tensor, name)) {
        tensors.push_back({name, tensor.dtype, tensor.shape, tensor.bytes});
      }
    }
    io::write_safetensors(path() / "model.safetensors", tensors);
  }
  std::filesystem::path path() const { return folder_.path(); }
  std::unique_ptr<arch::Model> load() const { return testing::load(path()); }

 private:
  // The fixture names a tensor with its shape: "decoder.….weight:(32, 36)".
  static std::string plain(const std::string& name) { return name.substr(0, name.find(':')); }
  static bool wanted(const nlohmann::json& config, const io::SafetensorsTensor& tensor,
                     const std::string& name) {
    if (name.size() == tensor.name.size()) return false;  // an expected value
    const size_t at = name.find("block.");
    if (at != std::string::npos && name.starts_with("decoder.") &&
        std::stoll(name.substr(at + 6)) >= config.at("num_decoder_layers")) {
      return false;
    }
    const bool gated = config.at("feed_forward_proj").get<std::string>().starts_with("gated");
    if (name.ends_with(".wi.weight")) return !gated;
    if (name.find(".wi_") != std::string::npos) return gated;
    if (name == "lm_head.weight") return !config.at("tie_word_embeddings");
    if (name.ends_with("relative_attention_bias.weight")) {
      return tensor.shape[0] == config.at("relative_attention_num_buckets");
    }
    return true;
  }
  TemporaryFolder folder_;
};

/// The fixture's rows: what the encoder reads, and what the decoder is to write.
struct T5Row {
  std::vector<int32_t> source, target;
  /// The decoder's tokens: the start token, then the target without its end.
  std::vector<int32_t> fed() const {
    std::vector<int32_t> tokens{0};
    tokens.insert(tokens.end(), target.begin(), target.end() - 1);
    return tokens;
  }
};
inline std::vector<T5Row> t5_rows() {
  const auto file = io::Safetensors::open(fixture("t5/weights.safetensors"));
  std::vector<T5Row> rows;
  for (const char* number : {"0", "1"}) {
    rows.push_back({read_ints(file, "source." + std::string(number)),
                    read_ints(file, "target." + std::string(number))});
  }
  return rows;
}

}  // namespace relatum::testing
