// A tiny Unigram tokenizer that lacks what T5's vocabulary lacks.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/atomic_file.h"

namespace relatum::testing {

/// Writes tokenizer.json and tokenizer_config.json into `folder`: 91 tokens, a piece for each
/// printable ASCII character but those of `lacking`; line breaks become blanks.
inline void write_t5_like_tokenizer(const std::filesystem::path& folder,
                                    const std::string& lacking = "<{}\\~^`") {
  using nlohmann::json;
  const std::string sign = "\u2581";
  json added = json::array(), vocabulary = json::array();
  for (const char* name : {"<pad>", "</s>", "<unk>"}) {
    added.push_back({{"id", added.size()},
                     {"content", name},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
    vocabulary.push_back({name, 0.0});
  }
  vocabulary.push_back({sign, -2.0});
  for (char c = '!'; c <= '~'; ++c) {
    if (lacking.find(c) == lacking.npos) vocabulary.push_back({std::string(1, c), -3.0});
  }
  const json metaspace = {
      {"type", "Metaspace"}, {"replacement", sign}, {"prepend_scheme", "always"}, {"split", true}};
  const json root = {
      {"added_tokens", added},
      {"normalizer", {{"type", "Replace"}, {"pattern", {{"String", "\n"}}}, {"content", " "}}},
      {"pre_tokenizer", metaspace},
      {"post_processor", nullptr},
      {"decoder", metaspace},
      {"model",
       {{"type", "Unigram"}, {"unk_id", 2}, {"vocab", vocabulary}, {"byte_fallback", false}}}};
  write_file(folder / "tokenizer.json", root.dump());
  write_file(folder / "tokenizer_config.json",
             json{{"eos_token", "</s>"}, {"unk_token", "<unk>"}, {"pad_token", "<pad>"}}.dump());
}

}  // namespace relatum::testing
