// Tokens, kinds, scores and merges in GGUF's arrays, and a look at what a reader makes of them.
#include "text/gguf_vocabulary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/error.h"
#include "base/known_names.h"
#include "base/memory_file.h"
#include "base/printable.h"
#include "io/json.h"
#include "text/gguf_pieces.h"
#include "text/loaders.h"
#include "text/tokenizer.h"
#include "text/word_patterns.h"

namespace relatum::text {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// Names of pre-tokenizers that the loader and llama.cpp know alike.
struct Pre {
  const char* name;
  bool digits;
  WordPattern words;
  bool nfc, ignore_merges;
};
constexpr Pre kPres[] = {{"gpt-2", false, WordPattern::kGpt2, false, false},
                         {"smollm", true, WordPattern::kGpt2, false, false},
                         {"llama-bpe", false, WordPattern::kLlama3, false, true},
                         {"qwen2", false, WordPattern::kQwen2, true, false}};

bool is(const json& value, const char* type) {
  return io::get_string(value, "type", "", "") == type;
}

class Description {
 public:
  Description(const fs::path& folder, int64_t rows, io::GgufKeys& keys)
      : folder_(folder), rows_(rows), keys_(keys), tokenizer_(load_tokenizer(folder)) {
    if (tokenizer_->vocab_size() > rows) {
      refuse(fmt::format("the tokenizer has {} tokens, and the embedding has {} rows",
                         tokenizer_->vocab_size(), rows));
    }
  }

  void add() {
    const fs::path file = folder_ / "tokenizer.json";
    const json root = fs::exists(file) ? io::load_json(file) : json::object();
    if (root.contains("model") && is_byte_level(root)) {
      add_byte_level(root);
    } else if (const auto pieces = find_pieces(folder_, root)) {
      add_pieces(*pieces);
    } else {
      refuse(fmt::format("a tokenizer of the kind {} has no form there", tokenizer_->kind()));
    }
    add_special();
    check();
  }

  std::vector<std::string> notes() const {
    std::vector<std::string> notes, names;
    for (const AddedToken& token : tokenizer_->added()) {
      if (!token.lstrip && !token.rstrip && !token.single_word) continue;
      names.push_back(printable_start(token.content, 30));
    }
    if (!names.empty()) {
      notes.push_back(
          fmt::format("added tokens that take the white space beside them or have to "
                      "stand alone ({}) do neither in GGUF: texts that hold them may "
                      "get other tokens",
                      first_names(names)));
    }
    if (nfc_) {
      notes.push_back(
          "llama.cpp does not bring texts to Unicode's NFC as this tokenizer does: "
          "decomposed characters get other tokens there");
    }
    return notes;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    fail("text.gguf",
         fmt::format("{}: the tokenizer cannot be written as GGUF: {}. Use the folder as it is, "
                     "or convert it with llama.cpp.",
                     folder_.string(), why));
  }

  bool is_byte_level(const json& root) const {
    const auto all = parts_of(root, "pre_tokenizer", "pretokenizers");
    return is(root["model"], "BPE") && !all.empty() && is(*all.back(), "ByteLevel");
  }

  // The name of the pre-tokenizer; none where a step is not one that such a name stands for.
  std::string pre_name(const json& root) const {
    Pre found{nullptr, false, WordPattern::kGpt2, false, false};
    std::optional<WordPattern> words;
    for (const json* step : parts_of(root, "pre_tokenizer", "pretokenizers")) {
      if (is(*step, "Digits") && io::get_bool(*step, "individual_digits", false, "")) {
        found.digits = true;
      } else if (is(*step, "Split")) {
        const json* pattern = io::find(*step, "pattern");
        words = known_pattern(pattern ? io::get_string(*pattern, "Regex", "", "") : "");
        if (!words) return "";
      } else if (is(*step, "ByteLevel")) {
        if (io::get_bool(*step, "add_prefix_space", false, "")) return "";
        if (io::get_bool(*step, "use_regex", true, "") && !words) words = WordPattern::kGpt2;
      } else {
        return "";
      }
    }
    const json* normalizer = io::find(root, "normalizer");
    found.nfc = normalizer && is(*normalizer, "NFC");
    found.ignore_merges = io::get_bool(root["model"], "ignore_merges", false, "");
    if (!words || (normalizer && !found.nfc)) return "";
    for (const Pre& pre : kPres) {
      if (pre.digits == found.digits && pre.words == *words && pre.nfc == found.nfc &&
          pre.ignore_merges == found.ignore_merges) {
        return pre.name;
      }
    }
    return "";
  }

  void add_byte_level(const json& root) {
    const std::string pre = pre_name(root);
    if (pre.empty()) refuse("its pre-tokenizer is none that has a name there");
    const json* normalizer = io::find(root, "normalizer");
    nfc_ = normalizer && is(*normalizer, "NFC");
    keys_.set_string("tokenizer.ggml.model", "gpt2");
    keys_.set_string("tokenizer.ggml.pre", pre);
    add_tokens({});
    std::vector<std::string> merges;
    for (const auto& [left, right] : parse_merges(root["model"], "tokenizer.json")) {
      merges.push_back(fmt::format("{} {}", left, right));
    }
    keys_.set_strings("tokenizer.ggml.merges", merges);
  }

  void add_pieces(const GgufPieces& pieces) {
    keys_.set_string("tokenizer.ggml.model", pieces.bpe ? "llama" : "t5");
    keys_.set_string("tokenizer.ggml.pre", "default");
    add_tokens(pieces.types);
    std::vector<float> scores = pieces.scores;
    scores.resize(size_t(rows_), kNoScore);
    keys_.set_floats("tokenizer.ggml.scores", scores);
    keys_.set_bool("tokenizer.ggml.add_space_prefix", pieces.prefix);
    if (pieces.bpe) return;
    keys_.set_bool("tokenizer.ggml.remove_extra_whitespaces", pieces.merge_spaces);
    if (!pieces.char_map.empty()) {
      keys_.set_bytes("tokenizer.ggml.precompiled_charsmap", pieces.char_map);
    }
  }

  // types: of the model's own pieces; empty: all are normal.
  void add_tokens(std::vector<int32_t> types) {
    std::vector<std::string> tokens;
    types.resize(size_t(rows_), kNormalToken);
    for (int32_t id = 0; id < rows_; ++id) {
      tokens.emplace_back(tokenizer_->token(id));
      if (!tokens.back().empty()) continue;
      tokens.back() = fmt::format("[PAD{}]", id);
      types[size_t(id)] = kUnusedToken;
    }
    for (const AddedToken& token : tokenizer_->added()) {
      int32_t& type = types[size_t(token.id)];
      if (type != kUnknownToken) type = token.special ? kControlToken : kUserToken;
    }
    keys_.set_strings("tokenizer.ggml.tokens", tokens);
    keys_.set_ints("tokenizer.ggml.token_type", types);
    types_ = std::move(types);
  }

  void add_special() {
    SpecialIds special = tokenizer_->special();
    // What a text is given without a name for it is its begin or its end.
    const auto before = tokenizer_->before(), after = tokenizer_->after();
    if (!special.bos && before.size() == 1) special.bos = before[0];
    if (!special.eos && after.size() == 1) special.eos = after[0];
    const auto add_id = [&](const char* role, std::optional<int32_t> id) {
      if (id) keys_.set_u32(fmt::format("tokenizer.ggml.{}_token_id", role), uint32_t(*id));
    };
    add_id("bos", special.bos);
    add_id("eos", special.eos);
    add_id("unknown", special.unk);
    add_id("padding", special.pad);
    const auto adds = [&](std::span<const int32_t> ids, std::optional<int32_t> id) {
      if (ids.size() > 1 || (ids.size() == 1 && ids[0] != id)) {
        refuse("it adds other tokens to a text than its own begin and end");
      }
      return ids.size() == 1;
    };
    keys_.set_bool("tokenizer.ggml.add_bos_token", adds(before, special.bos));
    keys_.set_bool("tokenizer.ggml.add_eos_token", adds(after, special.eos));
    const std::string& chat = tokenizer_->chat_template();
    if (!chat.empty()) keys_.set_string("tokenizer.chat_template", chat);
  }

  // What a reader of the keys makes of texts, against what the folder's tokenizer makes of them.
  void check() const {
    const MemoryFile file(io::gguf_head(keys_, {}));
    const auto other = load_gguf_tokenizer(file.path());
    for (const std::string& text : texts()) {
      if (tokenizer_->encode_with_special(text) == other->encode_with_special(text)) continue;
      refuse(fmt::format("it would give other tokens for '{}'", printable_start(text, 60)));
    }
  }

  std::vector<std::string> texts() const {
    std::vector<std::string> all = {
        "Anna Vogt flies for Kestrel Airways.",
        "I've 12 of 3,456.78 and it's John's 2nd; they'll say: \"No!\" (or don't)",
        "two  spaces,   three, a\ttab\nand a line\n\n end ",
        "Ünïcödé – naïve café, Straße, Ελλάδα, Москва, 東京都, नमस्ते, 🙂👍🏽",
        "x = [1, 2]; if (x != y) { return f(x_1) * 10e-3; } // https://example.org/?q=a&b=c#d"};
    // Stretches of the vocabulary itself, but for tokens that are found as a whole: what may stand
    // beside those has no form in GGUF.
    constexpr int32_t kStretches = 64, kLength = 24;
    for (int32_t i = 0; i < kStretches; ++i) {
      std::vector<int32_t> ids;
      const int64_t begin = int64_t{tokenizer_->vocab_size()} * i / kStretches;
      for (int64_t id = begin; id < std::min(begin + kLength, rows_); ++id) {
        if (types_[size_t(id)] == kNormalToken) ids.push_back(int32_t(id));
      }
      all.push_back(tokenizer_->decode(ids));
    }
    return all;
  }

  fs::path folder_;
  int64_t rows_;
  io::GgufKeys& keys_;
  std::vector<int32_t> types_;  // by id
  bool nfc_ = false;
  std::unique_ptr<Tokenizer> tokenizer_;
};

}  // namespace

std::vector<std::string> describe_tokenizer(const fs::path& folder, int64_t rows,
                                            io::GgufKeys& keys) {
  Description description(folder, rows, keys);
  description.add();
  return description.notes();
}

}  // namespace relatum::text
