// The tokenizer in a GGUF file's metadata ("tokenizer.ggml.…").
#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "io/gguf.h"
#include "text/byte_bpe.h"
#include "text/loaders.h"
#include "text/normal_form.h"

namespace relatum::text {
namespace {

// llama.cpp's numbers for tokenizer.ggml.token_type.
constexpr int64_t kControl = 3, kUserDefined = 4;

/// What one name in tokenizer.ggml.pre stands for in the tokenizer.json that it was made from.
struct Pre {
  std::string_view name;
  bool digits;  // each digit alone, before the words
  WordPattern words;
  bool nfc = false;
  bool ignore_merges = false;
  bool add_bos = false;  // where the file does not say
};

// A file without tokenizer.ggml.pre counts as "default", GPT-2's own pre-tokenizer.
constexpr std::array<Pre, 9> kKnown = {{
    {"default", false, WordPattern::kGpt2},
    {"gpt-2", false, WordPattern::kGpt2},
    {"phi-2", false, WordPattern::kGpt2},
    {"smollm", true, WordPattern::kGpt2},
    {"starcoder", true, WordPattern::kGpt2},
    {"llama-bpe", false, WordPattern::kLlama3, false, true, true},
    {"llama3", false, WordPattern::kLlama3, false, true, true},
    {"qwen2", false, WordPattern::kQwen2, true},
    {"deepseek-r1-qwen", false, WordPattern::kQwen2, true},
}};

class GgufLoader {
 public:
  explicit GgufLoader(const std::filesystem::path& path)
      : file_(io::GgufFile::open(path)), place_(path.string()) {}

  std::unique_ptr<Tokenizer> load() {
    check_model();
    const Pre& pre = find_pre();
    PipelineParts parts;
    TokenizerInfo info;
    load_tokens(info, parts);
    load_special(info, pre);
    info.kind = fmt::format("byte-level BPE ({})", pre.name);
    info.chat_template = file_.get_string("tokenizer.chat_template", "");
    if (pre.nfc) {
      parts.normalizer.push_back(
          [](std::u32string_view text) { return normal_form(text, NormalForm::kNfc); });
    }
    if (pre.digits) parts.steps.push_back(digits_step(true));
    parts.steps.push_back(word_step(pre.words));
    const Merges merges = load_merges();
    parts.make_model = [&](const Vocabulary& vocabulary) {
      // As the reference, without unk: a byte that has no token is dropped.
      return std::make_unique<ByteBpe>(vocabulary, merges,
                                       BpeOptions{.ignore_merges = pre.ignore_merges}, place_);
    };
    return std::make_unique<PipelineTokenizer>(std::move(info), std::move(parts));
  }

 private:
  void check_model() const {
    const std::string model = file_.get_string("tokenizer.ggml.model", "");
    if (model == "gpt2") return;
    if (model.empty()) {
      fail("text.gguf", fmt::format("{}: the file has no tokenizer (tokenizer.ggml.model is "
                                    "absent). Name a GGUF file that has one.",
                                    place_));
    }
    fail("text.gguf",
         fmt::format("{}: tokenizer.ggml.model '{}'{} is not supported. Supported: "
                     "gpt2 (byte-level BPE).",
                     place_, model, model == "llama" || model == "t5" ? " (SentencePiece)" : ""));
  }

  const Pre& find_pre() const {
    const std::string name = file_.get_string("tokenizer.ggml.pre", "default");
    std::string names;
    for (const Pre& pre : kKnown) {
      if (pre.name == name) return pre;
      names += (names.empty() ? "" : ", ") + std::string(pre.name);
    }
    fail("text.gguf", fmt::format("{}: tokenizer.ggml.pre '{}' is not supported: its words would "
                                  "be cut wrongly. Supported: {}.",
                                  place_, name, names));
  }

  void load_tokens(TokenizerInfo& info, PipelineParts& parts) const {
    const auto tokens = file_.get_strings("tokenizer.ggml.tokens");
    std::vector<int64_t> types;
    if (file_.find("tokenizer.ggml.token_type")) {
      types = file_.get_ints("tokenizer.ggml.token_type");
      if (types.size() != tokens.size()) {
        fail("text.gguf", fmt::format("{}: tokenizer.ggml.token_type has {} entries, expected {}, "
                                      "one for each token. The file is broken: fetch it again.",
                                      place_, types.size(), tokens.size()));
      }
    }
    info.vocabulary = Vocabulary(tokens.size(), int64_t(tokens.size()) - 1, place_);
    for (size_t id = 0; id < tokens.size(); ++id) {
      info.vocabulary.set(int64_t(id), tokens[id], place_);
    }
    for (size_t id = 0; id < types.size(); ++id) {
      if (types[id] != kControl && types[id] != kUserDefined) continue;
      parts.added.push_back({.id = int32_t(id),
                             .content = std::string(tokens[id]),
                             .special = types[id] == kControl});
    }
  }

  Merges load_merges() const {
    Merges merges;
    for (const std::string_view line : file_.get_strings("tokenizer.ggml.merges")) {
      const size_t space = line.find(' ');
      if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
        fail("text.gguf", fmt::format("{}: merge {} is '{}', expected two tokens with one space "
                                      "between them. The file is broken: fetch it again.",
                                      place_, merges.size(), line));
      }
      merges.emplace_back(line.substr(0, space), line.substr(space + 1));
    }
    return merges;
  }

  std::optional<int32_t> id(std::string_view name, const Vocabulary& vocabulary) const {
    const std::string key = fmt::format("tokenizer.ggml.{}_token_id", name);
    if (!file_.find(key)) return std::nullopt;
    return checked_id(file_.get_int(key), vocabulary, key, place_);
  }

  void load_special(TokenizerInfo& info, const Pre& pre) const {
    info.special.bos = id("bos", info.vocabulary);
    info.special.eos = id("eos", info.vocabulary);
    info.special.unk = id("unknown", info.vocabulary);
    info.special.pad = id("padding", info.vocabulary);
    info.special.cls = id("cls", info.vocabulary);
    info.special.sep = id("seperator", info.vocabulary);  // spelt so in the format
    if (file_.get_bool("tokenizer.ggml.add_bos_token", pre.add_bos) && info.special.bos) {
      info.before.push_back(*info.special.bos);
    }
    if (file_.get_bool("tokenizer.ggml.add_eos_token", false) && info.special.eos) {
      info.after.push_back(*info.special.eos);
    }
  }

  io::GgufFile file_;
  std::string place_;
};

}  // namespace

std::unique_ptr<Tokenizer> load_gguf_tokenizer(const std::filesystem::path& file) {
  return GgufLoader(file).load();
}

}  // namespace relatum::text
