// The small files by their names.
#include "train/model_copy.h"

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "io/json.h"
#include "text/tokenizer.h"

namespace relatum::train {
namespace {

namespace fs = std::filesystem;

// What a tokenizer, and what else transformers reads for writing text, consists of.
constexpr const char* kCopied[] = {"tokenizer.json",
                                   "tokenizer_config.json",
                                   "special_tokens_map.json",
                                   "added_tokens.json",
                                   "tokenizer.model",
                                   "spiece.model",
                                   "sentencepiece.bpe.model",
                                   "vocab.json",
                                   "merges.txt",
                                   "vocab.txt",
                                   "chat_template.jinja",
                                   "generation_config.json"};

}  // namespace

nlohmann::json config_in_type(const fs::path& base, const std::string& type) {
  nlohmann::json config = io::load_json(base / "config.json");
  config.erase("quantization_config");
  for (const char* key : {"dtype", "torch_dtype"}) {  // the second is the older name
    if (config.contains(key)) config[key] = type;
  }
  return config;
}

void copy_model_files(const fs::path& base, const fs::path& folder) {
  for (const char* name : kCopied) {
    if (fs::exists(base / name)) write_file(folder / name, read_file(base / name));
  }
  for (const fs::path& file : text::tekken_files(base)) {
    write_file(folder / file.filename(), read_file(file));
  }
}

}  // namespace relatum::train
