// The tokenizer in a GGUF file's metadata ("tokenizer.ggml.…").
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/hash.h"
#include "io/gguf.h"
#include "text/byte_bpe.h"
#include "text/loaders.h"
#include "text/normal_form.h"
#include "text/score_bpe.h"
#include "text/token_type.h"
#include "text/unigram.h"

namespace relatum::text {
namespace {

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
constexpr std::array<Pre, 10> kKnown = {{
    {"default", false, WordPattern::kGpt2},
    {"gpt-2", false, WordPattern::kGpt2},
    {"phi-2", false, WordPattern::kGpt2},
    {"smollm", true, WordPattern::kGpt2},
    {"starcoder", true, WordPattern::kGpt2},
    {"llama-bpe", false, WordPattern::kLlama3, false, true, true},
    {"llama3", false, WordPattern::kLlama3, false, true, true},
    {"qwen2", false, WordPattern::kQwen2, true},
    {"deepseek-r1-qwen", false, WordPattern::kQwen2, true},
    {"tekken", false, WordPattern::kTekken, false, true, true},
}};

/// Texts of tokens that end an answer: whatever their type, llama.cpp takes them for control
/// tokens.
constexpr std::string_view kEnds[] = {"</s>",       "<end_of_turn>", "<|eot_id|>",    "<|eom_id|>",
                                      "<|im_end|>", "<|end|>",       "<|endoftext|>", "<EOT>"};

/// What counts where a file does not say.
struct Defaults {
  bool add_bos = false, add_eos = false;
  std::optional<int32_t> bos, eos, unk, pad;
};

class GgufLoader {
 public:
  explicit GgufLoader(const std::filesystem::path& path)
      : file_(io::GgufFile::open(path)), place_(path.string()) {}

  std::unique_ptr<Tokenizer> load() {
    const std::string model = file_.get_string("tokenizer.ggml.model", "");
    if (model == "gpt2") return load_byte_level();
    if (model == "llama") return load_pieces(true);
    if (model == "t5") return load_pieces(false);
    if (model.empty()) {
      fail("text.gguf", fmt::format("{}: the file has no tokenizer (tokenizer.ggml.model is "
                                    "absent). Name a GGUF file that has one.",
                                    place_));
    }
    fail("text.gguf", fmt::format("{}: tokenizer.ggml.model '{}' is not supported. Supported: gpt2 "
                                  "(byte-level BPE), llama (SentencePiece BPE), t5 (SentencePiece "
                                  "Unigram).",
                                  place_, model));
  }

 private:
  std::unique_ptr<Tokenizer> load_byte_level() {
    const Pre& pre = find_pre();
    PipelineParts parts;
    TokenizerInfo info;
    load_tokens(info);
    add_tokens({kControlToken, kUserToken}, info, parts);
    load_special(info, {.add_bos = pre.add_bos});
    info.kind = fmt::format("byte-level BPE ({})", pre.name);
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

  /// SentencePiece's models as llama.cpp runs them: "llama" (`bpe`) merges by score, "t5" searches
  /// the best sum of scores. The numbers are llama.cpp's for what the file does not say.
  std::unique_ptr<Tokenizer> load_pieces(bool bpe) {
    PipelineParts parts;
    TokenizerInfo info;
    load_tokens(info);
    for (const std::string_view end : kEnds) {
      const auto id = info.vocabulary.find(end);
      if (id && !types_.empty()) types_[size_t(*id)] = kControlToken;
    }
    add_tokens({kControlToken, kUserToken, kUnknownToken}, info, parts);
    load_special(info, bpe ? Defaults{.add_bos = true, .bos = 1, .eos = 2, .unk = 0}
                           : Defaults{.add_eos = true, .eos = 1, .unk = 2, .pad = 0});
    const std::optional<int32_t> unk = info.special.unk;
    const std::vector<float> scores = load_scores();
    const bool prefix = file_.get_bool("tokenizer.ggml.add_space_prefix", bpe);
    parts.decoder = Decoder{replace_in_tokens("\u2581", " "), join_bytes(), fuse_tokens()};
    if (prefix) parts.decoder->push_back(strip_tokens(" ", 1, 0));
    info.rules = piece_rules(scores, prefix);
    if (bpe) {
      if (prefix) parts.normalizer.push_back(prepend_step(U"\u2581"));
      parts.normalizer.push_back(replace_step(U" ", U"\u2581"));
    } else {
      const bool merge = file_.get_bool("tokenizer.ggml.remove_extra_whitespaces", false);
      parts.normalizer.push_back(piece_step(load_char_map(), {prefix, merge}));
    }
    info.kind = bpe ? "SentencePiece BPE (llama)" : "SentencePiece Unigram (t5)";
    parts.make_model = [&](const Vocabulary& vocabulary) -> std::unique_ptr<WordModel> {
      if (bpe) {
        return std::make_unique<ScoreBpe>(vocabulary, scores,
                                          ids_of({kControlToken, kUnknownToken, kByteToken}), unk);
      }
      return make_unigram(vocabulary, scores, unk);
    };
    return std::make_unique<PipelineTokenizer>(std::move(info), std::move(parts));
  }

  std::unique_ptr<WordModel> make_unigram(const Vocabulary& vocabulary,
                                          const std::vector<float>& scores,
                                          std::optional<int32_t> unk) const {
    if (!unk) {
      fail("text.gguf", fmt::format("{}: tokenizer.ggml.unknown_token_id is absent. The file is "
                                    "broken: fetch it again.",
                                    place_));
    }
    std::vector<PieceTrie::Piece> pieces;
    std::vector<double> sums(scores.begin(), scores.end());
    const ApartIds apart = ids_of({kControlToken, kUnknownToken, kByteToken});
    float lowest = INFINITY;
    for (int32_t id = 0; id < vocabulary.size(); ++id) {
      if (type(id) == kNormalToken) lowest = std::min(lowest, scores[size_t(id)]);
      if (type(id) == kUserToken) sums[size_t(id)] = 0;
      if (!apart.contains(id)) pieces.emplace_back(vocabulary.token(id), id);
    }
    constexpr float kPenalty = 10;
    const float unk_score = lowest == INFINITY ? -kPenalty : lowest - kPenalty;
    return std::make_unique<Unigram>(vocabulary, std::move(pieces), std::move(sums),
                                     UnigramOptions{.unk = *unk, .unk_score = double(unk_score)});
  }

  int64_t type(int32_t id) const {
    return types_.empty() ? int64_t{kNormalToken} : types_[size_t(id)];
  }

  ApartIds ids_of(std::initializer_list<int64_t> wanted) const {
    ApartIds ids;
    for (size_t id = 0; id < types_.size(); ++id) {
      if (std::find(wanted.begin(), wanted.end(), types_[id]) != wanted.end()) {
        ids.insert(int32_t(id));
      }
    }
    return ids;
  }

  std::vector<float> load_scores() const {
    const auto scores = file_.get_doubles("tokenizer.ggml.scores");
    const size_t count = file_.get_strings("tokenizer.ggml.tokens").size();
    if (scores.size() != count) {
      fail("text.gguf",
           fmt::format("{}: tokenizer.ggml.scores has {} entries, expected {}, one for "
                       "each token. The file is broken: fetch it again.",
                       place_, scores.size(), count));
    }
    for (size_t id = 0; id < count; ++id) {
      if (std::isfinite(float(scores[id]))) continue;
      fail("text.gguf",
           fmt::format("{}: the score of token {} is {}, expected a finite number. The "
                       "file is broken: fetch it again.",
                       place_, id, scores[id]));
    }
    return {scores.begin(), scores.end()};
  }

  std::shared_ptr<const CharMap> load_char_map() const {
    const char* key = "tokenizer.ggml.precompiled_charsmap";
    const io::GgufValue* value = file_.find(key);
    if (!value) return nullptr;
    const bool bytes = value->type == io::GgufType::kU8 || value->type == io::GgufType::kI8;
    if (!value->is_array || !bytes) {
      fail("text.gguf", fmt::format("{}: {} is no array of bytes. The file is broken: fetch it "
                                    "again.",
                                    place_, key));
    }
    if (value->raw.empty()) return nullptr;
    return std::make_shared<const CharMap>(
        std::string_view(reinterpret_cast<const char*>(value->raw.data()), value->raw.size()),
        place_);
  }

  /// For the tokenizer's hash: all that decides ids beside the tokens.
  std::string piece_rules(const std::vector<float>& scores, bool prefix) const {
    std::string text = fmt::format(
        "prefix {:d}, merge {:d}\n", prefix,
        file_.get_bool("tokenizer.ggml.remove_extra_whitespaces", false));
    for (const int64_t type : types_) text += fmt::format("{} ", type);
    text += '\n';
    for (const float score : scores) text += fmt::format("{} ", score);
    if (const io::GgufValue* map = file_.find("tokenizer.ggml.precompiled_charsmap")) {
      text += '\n' + sha256(map->raw);
    }
    return text;
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

  void load_tokens(TokenizerInfo& info) {
    const auto tokens = file_.get_strings("tokenizer.ggml.tokens");
    if (file_.find("tokenizer.ggml.token_type")) {
      types_ = file_.get_ints("tokenizer.ggml.token_type");
      if (types_.size() != tokens.size()) {
        fail("text.gguf", fmt::format("{}: tokenizer.ggml.token_type has {} entries, expected {}, "
                                      "one for each token. The file is broken: fetch it again.",
                                      place_, types_.size(), tokens.size()));
      }
    }
    info.vocabulary = Vocabulary(tokens.size(), int64_t(tokens.size()) - 1, place_);
    for (size_t id = 0; id < tokens.size(); ++id) {
      info.vocabulary.set(int64_t(id), tokens[id], place_);
    }
  }

  /// Tokens of these types are found in text; all but user-defined ones are control tokens.
  void add_tokens(std::initializer_list<int64_t> wanted, const TokenizerInfo& info,
                  PipelineParts& parts) const {
    for (size_t id = 0; id < types_.size(); ++id) {
      if (std::find(wanted.begin(), wanted.end(), types_[id]) == wanted.end()) continue;
      parts.added.push_back({.id = int32_t(id),
                             .content = std::string(info.vocabulary.token(int32_t(id))),
                             .special = types_[id] != kUserToken});
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

  std::optional<int32_t> id(std::string_view name, const Vocabulary& vocabulary,
                            std::optional<int32_t> absent = std::nullopt) const {
    const std::string key = fmt::format("tokenizer.ggml.{}_token_id", name);
    if (file_.find(key)) return checked_id(file_.get_int(key), vocabulary, key, place_);
    return absent && *absent < vocabulary.size() ? absent : std::nullopt;
  }

  void load_special(TokenizerInfo& info, const Defaults& absent) const {
    info.special.bos = id("bos", info.vocabulary, absent.bos);
    info.special.eos = id("eos", info.vocabulary, absent.eos);
    info.special.unk = id("unknown", info.vocabulary, absent.unk);
    info.special.pad = id("padding", info.vocabulary, absent.pad);
    info.special.cls = id("cls", info.vocabulary);
    info.special.sep = id("seperator", info.vocabulary);  // spelt so in the format
    info.chat_template = file_.get_string("tokenizer.chat_template", "");
    if (file_.get_bool("tokenizer.ggml.add_bos_token", absent.add_bos) && info.special.bos) {
      info.before.push_back(*info.special.bos);
    }
    if (file_.get_bool("tokenizer.ggml.add_eos_token", absent.add_eos) && info.special.eos) {
      info.after.push_back(*info.special.eos);
    }
  }

  io::GgufFile file_;
  std::string place_;
  std::vector<int64_t> types_;  // empty: all normal
};

}  // namespace

std::unique_ptr<Tokenizer> load_gguf_tokenizer(const std::filesystem::path& file) {
  return GgufLoader(file).load();
}

}  // namespace relatum::text
