// A folder whose tokenizer is a SentencePiece model, with what lies around it.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <unordered_map>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/printable.h"
#include "io/json.h"
#include "text/hf_added.h"
#include "text/loaders.h"
#include "text/sentence_piece.h"
#include "text/tokenizer_hash.h"

namespace relatum::text {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

json load_if_there(const fs::path& file) {
  return fs::exists(file) ? io::load_json(file) : json::object();
}

/// Signs in the text are spaces, too; with `prefix` the whole text begins with a sign.
class FirstSpaceStep final : public SplitStep {
 public:
  explicit FirstSpaceStep(bool prefix) : prefix_(prefix) {}
  void split(std::string_view piece, bool at_start, Pieces& out) const override {
    constexpr std::string_view kSign = "\u2581";
    std::string text = at_start && prefix_ ? std::string(kSign) : "";
    for (size_t at = 0; at < piece.size();) {
      const size_t end = std::min(piece.find(kSign, at), piece.size());
      text += piece.substr(at, end - at);
      if (end < piece.size()) text += ' ';
      at = end + kSign.size();
    }
    out.views.push_back(out.owned.emplace_back(std::move(text)));
  }

 private:
  bool prefix_;
};

/// XLM-R's numbering, which is fairseq's: "<s>", "<pad>", "</s>" and "<unk>" come first, and all
/// other pieces move up by one behind them (facts: XLMRobertaTokenizer of transformers 4).
class FairseqIds {
 public:
  static constexpr int32_t kBos = 0, kPad = 1, kEos = 2, kUnk = 3;
  /// Throws Error where the model's first pieces are not those that are renamed.
  static void check(const PieceModel& model, const std::string& place) {
    const auto& pieces = model.pieces;
    if (pieces.size() > 3 && pieces[0].type == kUnknownToken && pieces[1].type == kControlToken &&
        pieces[2].type == kControlToken) {
      return;
    }
    fail("text.sentencepiece", fmt::format("{}: expected the unknown piece and two control pieces "
                                           "(<s>, </s>) in front, as XLM-R's models have them. Its "
                                           "ids would be wrong.",
                                           place));
  }
  static int32_t of_piece(size_t piece) {
    if (piece > 2) return int32_t(piece) + 1;
    return piece == 0 ? kUnk : piece == 1 ? kBos : kEos;
  }
};

/// A model whose ids are changed to FairseqIds.
class Renumbered final : public WordModel {
 public:
  explicit Renumbered(std::unique_ptr<WordModel> model) : model_(std::move(model)) {}
  void encode(std::span<const std::string_view> words, std::vector<int32_t>& ids) const override {
    const size_t begin = ids.size();
    model_->encode(words, ids);
    for (size_t i = begin; i < ids.size(); ++i) ids[i] = FairseqIds::of_piece(size_t(ids[i]));
  }
  std::string decode(std::span<const std::string_view> tokens) const override {
    return model_->decode(tokens);
  }

 private:
  std::unique_ptr<WordModel> model_;
};

/// What transformers' slow tokenizers do around the library (facts: LlamaTokenizer, T5Tokenizer
/// and XLMRobertaTokenizer of transformers 4): the roles that have a name without a file, the
/// tokens that a family adds, and whether a space goes in front of every stretch between added
/// tokens ("legacy") or the first.
class ModelFolder {
 public:
  explicit ModelFolder(const fs::path& model)
      : model_path_(model), place_(model.string()), folder_(model.parent_path()),
        config_place_((folder_ / "tokenizer_config.json").string()),
        config_(load_if_there(config_place_)),
        map_(load_if_there(folder_ / "special_tokens_map.json")),
        model_(parse_piece_model(read_file(model), place_)) {
    find_family();
  }

  std::unique_ptr<Tokenizer> load() {
    check_config(folder_, json::object());
    TokenizerInfo info;
    PipelineParts parts;
    load_vocabulary(info, parts);
    load_special(info);
    const bool legacy = io::get_bool(config_, "legacy", true, config_place_);
    const bool prefix = io::get_bool(config_, "add_prefix_space", true, config_place_);
    if (!legacy) {
      model_.spaces.add_dummy_prefix = false;
      parts.steps.push_back(std::make_unique<FirstSpaceStep>(prefix));
    }
    info.kind = fmt::format("SentencePiece {} ({})",
                            model_.kind == PieceModel::kBpe ? "BPE" : "Unigram",
                            model_path_.filename().string());
    const std::string bytes = piece_model_bytes(model_);
    info.rules = fmt::format("{} {:d}{:d}\n", sha256(std::as_bytes(std::span(bytes))), legacy,
                             prefix) +
                 tokenizer_rules(parts.added);
    parts.make_model = [&](const Vocabulary&) -> std::unique_ptr<WordModel> {
      auto model = std::make_unique<SentencePiece>(model_, !legacy, place_);
      if (!fairseq_) return model;
      return std::make_unique<Renumbered>(std::move(model));
    };
    return std::make_unique<PipelineTokenizer>(std::move(info), std::move(parts));
  }

 private:
  void find_family() {
    const std::string name = io::get_string(config_, "tokenizer_class", "", config_place_);
    const auto is = [&](std::string_view family) {
      return name == family || name == std::string(family) + "Fast";
    };
    t5_ = is("T5Tokenizer") || is("MT5Tokenizer");
    fairseq_ = is("XLMRobertaTokenizer");
    if (name.empty()) t5_ = model_path_.filename() == "spiece.model";
    if (name.empty()) fairseq_ = model_path_.filename() == "sentencepiece.bpe.model";
    if (fairseq_) FairseqIds::check(model_, place_);
    if (name.empty() || t5_ || fairseq_ || is("LlamaTokenizer") || is("GemmaTokenizer")) {
      const json* more = io::find(config_, "sp_model_kwargs");
      if (!more || more->empty()) return;
      fail("text.config", fmt::format("{}: 'sp_model_kwargs' is {}, expected nothing: it makes ids "
                                      "random. Remove it.",
                                      config_place_, io::dump_json(*more)));
    }
    fail("text.config",
         fmt::format("{}: the tokenizer_class '{}' with a SentencePiece model is not "
                     "supported. Supported: LlamaTokenizer, GemmaTokenizer, "
                     "T5Tokenizer, XLMRobertaTokenizer, or any with a tokenizer.json.",
                     config_place_, printable_start(name)));
  }

  /// The token that a role has by name where no file names one; "" where it has none.
  std::string default_name(const std::string& role) const {
    if (io::find(config_, role) || io::find(map_, role)) return "";
    const bool pads = t5_ || fairseq_;
    const std::pair<const char*, const char*> names[] = {{"unk_token", "<unk>"},
                                                         {"eos_token", "</s>"},
                                                         {"bos_token", t5_ ? "" : "<s>"},
                                                         {"pad_token", pads ? "<pad>" : ""}};
    for (const auto& [known, name] : names) {
      if (role == known) return name;
    }
    return "";
  }

  int64_t number_of(size_t piece) const {
    return fairseq_ ? FairseqIds::of_piece(piece) : int64_t(piece);
  }

  void load_vocabulary(TokenizerInfo& info, PipelineParts& parts) {
    const size_t count = model_.pieces.size();
    std::unordered_map<std::string, int64_t> ids;
    for (size_t piece = 0; piece < count; ++piece) {
      ids[model_.pieces[piece].text] = number_of(piece);
    }
    AddedTokens added(ids, number_of(count - 1));
    for (const char* role : {"unk_token", "bos_token", "eos_token", "pad_token"}) {
      const std::string name = default_name(role);
      if (ids.contains(name)) added.add_own({.content = name, .special = true}, place_);
    }
    if (t5_) add_sentinels(added, int64_t(count));
    if (fairseq_) add_fairseq(added, int32_t(count));
    added.add_folder(folder_);
    parts.added = added.tokens();
    info.vocabulary = Vocabulary(count + parts.added.size(), added.largest(), place_);
    std::unordered_map<int64_t, size_t> pieces;
    for (size_t piece = 0; piece < count; ++piece) {
      info.vocabulary.set(number_of(piece), model_.pieces[piece].text, place_);
      pieces.emplace(number_of(piece), piece);
    }
    for (const AddedToken& token : parts.added) {
      info.vocabulary.add(token.id, token.content, place_);
      // The library must not read it in data.
      const auto found = pieces.find(token.id);
      if (!token.special || found == pieces.end()) continue;
      PieceModel::Piece& piece = model_.pieces[found->second];
      if (piece.type != kUnknownToken) piece.type = kControlToken;
    }
  }

  /// The padding fills the place that the pieces leave, the mask stands behind them.
  void add_fairseq(AddedTokens& added, int32_t count) const {
    added.add_own({.id = FairseqIds::kPad, .content = "<pad>", .special = true}, place_);
    added.add_own({.id = count + 1, .content = "<mask>", .special = true, .lstrip = true}, place_);
  }

  /// "<extra_id_0>" has the largest id. A table of added tokens says it all by itself.
  void add_sentinels(AddedTokens& added, int64_t first) const {
    if (io::find(config_, "added_tokens_decoder")) return;
    const int64_t count = io::get_int(config_, "extra_ids", 100, config_place_);
    if (count < 0 || count > 10'000) {
      fail("text.config",
           fmt::format("{}: 'extra_ids' is {}, expected 0 to 10000.", config_place_, count));
    }
    for (int64_t i = 0; i < count; ++i) {
      added.add_own({.id = int32_t(first + count - 1 - i),
                     .content = fmt::format("<extra_id_{}>", i),
                     .special = true,
                     .lstrip = true,
                     .rstrip = true},
                    place_);
    }
  }

  void load_special(TokenizerInfo& info) const {
    const auto id_of = [&](const char* role) { return info.vocabulary.find(default_name(role)); };
    info.special.unk = int32_t(number_of(size_t(model_.unk())));
    info.special.bos = id_of("bos_token");
    info.special.eos = id_of("eos_token");
    info.special.pad = id_of("pad_token");
    apply_config(folder_, info);
    if (fairseq_) {
      info.before = {FairseqIds::kBos};
      info.after = {FairseqIds::kEos};
      return;
    }
    if (!io::find(config_, "add_bos_token") && !t5_ && info.special.bos) {
      info.before = {*info.special.bos};
    }
    if (!io::find(config_, "add_eos_token") && t5_ && info.special.eos) {
      info.after = {*info.special.eos};
    }
  }

  fs::path model_path_;
  std::string place_;
  fs::path folder_;
  std::string config_place_;
  json config_, map_;
  PieceModel model_;
  bool t5_ = false, fairseq_ = false;
};

}  // namespace

std::unique_ptr<Tokenizer> load_sentence_piece(const fs::path& model) {
  return ModelFolder(model).load();
}

}  // namespace relatum::text
