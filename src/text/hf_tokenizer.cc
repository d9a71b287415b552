// The tokenizer of a folder in Hugging Face form: tokenizer.json, vocab.txt, a SentencePiece model.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/json.h"
#include "io/text_file.h"
#include "text/byte_bpe.h"
#include "text/char_bpe.h"
#include "text/hf_added.h"
#include "text/loaders.h"
#include "text/tokenizer_hash.h"
#include "text/unigram.h"
#include "text/word_piece.h"

namespace relatum::text {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// A token of the model and its id.
using Entries = std::vector<std::pair<std::string_view, int64_t>>;

/// {"token": id}; the views point into `vocab`.
Entries table_entries(const json& vocab, const std::string& place) {
  Entries entries;
  for (const auto& [token, id] : vocab.items()) {
    if (!id.is_number_integer()) {
      fail("text.json", fmt::format("{}: the id of token '{}' is no whole number.", place, token));
    }
    const bool huge = id.is_number_unsigned() && id.get<uint64_t>() > INT32_MAX;
    entries.emplace_back(token, huge ? int64_t{INT32_MAX} : id.get<int64_t>());
  }
  return entries;
}

/// Unigram's [["token", score], …], in the order of their ids.
Entries scored_entries(const json& vocab, const std::string& place) {
  Entries entries;
  for (const json& value : vocab) {
    if (!value.is_array() || value.size() != 2 || !value[0].is_string() || !value[1].is_number()) {
      fail("text.json",
           fmt::format("{}: entry {} of the vocabulary is {}, expected [token, score].", place,
                       entries.size(), io::dump_json(value)));
    }
    entries.emplace_back(value[0].get_ref<const std::string&>(), int64_t(entries.size()));
  }
  return entries;
}

/// Both the model's tokens and the added ones; an added token that the model has keeps its id.
void load_vocabulary(const json& root, const Entries& entries, const fs::path& folder,
                     TokenizerInfo& info, PipelineParts& parts) {
  const std::string place = (folder / "tokenizer.json").string();
  std::unordered_map<std::string, int64_t> ids;
  int64_t largest = -1;
  for (const auto& [token, id] : entries) {
    ids[std::string(token)] = id;
    largest = std::max(largest, id);
  }
  AddedTokens added(std::move(ids), largest);
  if (io::find(root, "added_tokens")) {
    for (const json& value : io::require_array(root, "added_tokens", place)) {
      AddedToken token = parse_added_token(value, false, place);
      const int64_t id = io::require_int(value, "id", place);
      if (id < 0 || id > INT32_MAX) {
        fail("text.json", fmt::format("{}: the added token '{}' has the id {}, expected 0 or more.",
                                      place, token.content, id));
      }
      token.id = int32_t(id);
      added.add_own(std::move(token), place);
    }
  }
  // Before the other files count on: a broken table must not give them ids.
  Vocabulary(entries.size() + added.tokens().size(), added.largest(), place);
  added.add_folder(folder);
  parts.added = added.tokens();
  info.vocabulary = Vocabulary(entries.size() + parts.added.size(), added.largest(), place);
  for (const auto& [token, id] : entries) {
    const auto taken = info.vocabulary.token(int32_t(id));
    if (!taken.empty()) {
      fail("text.json", fmt::format("{}: the tokens '{}' and '{}' have the same id {}. Correct the "
                                    "file.",
                                    place, taken, token, id));
    }
    info.vocabulary.set(id, token, place);
  }
  for (const AddedToken& token : parts.added) {
    info.vocabulary.add(token.id, token.content, place);
  }
}

std::optional<int32_t> unk_of(const json& model, const Vocabulary& vocabulary,
                              const std::string& place) {
  const json* name = io::find(model, "unk_token");
  if (!name) return std::nullopt;
  const std::string text = io::require_string(model, "unk_token", place);
  if (const auto id = vocabulary.find_in_model(text)) return id;
  fail("text.json", fmt::format("{}: unk_token '{}' is not in the vocabulary. The file is broken: "
                                "fetch it again.",
                                place, text));
}

/// The ids of control tokens, which no text may be spelt with.
ApartIds control_ids(const PipelineParts& parts) {
  ApartIds ids;
  for (const AddedToken& token : parts.added) {
    if (token.special) ids.insert(token.id);
  }
  return ids;
}

void build_bpe(const json& root, const json& model, const std::string& place, bool byte_level,
               TokenizerInfo& info, PipelineParts& parts) {
  const auto has_text = [&](const char* key) {
    return !io::get_string(model, key, "", place).empty();
  };
  if (has_text("continuing_subword_prefix") || has_text("end_of_word_suffix")) {
    fail("text.json", fmt::format("{}: a BPE with a prefix or suffix of its own (as CLIP has) is "
                                  "not supported. Supported: BPE without them, Unigram, "
                                  "WordPiece.",
                                  place));
  }
  if (io::get_double(model, "dropout", 0.0, place) != 0.0) {
    fail("text.json", fmt::format("{}: the BPE model's 'dropout' is set: its ids are drawn at "
                                  "random. Set it to null.",
                                  place));
  }
  BpeOptions options;
  options.unk = unk_of(model, info.vocabulary, place);
  options.fuse_unk = io::get_bool(model, "fuse_unk", false, place);
  options.byte_fallback = io::get_bool(model, "byte_fallback", false, place);
  options.ignore_merges = io::get_bool(model, "ignore_merges", false, place);
  if (byte_level) {
    info.kind = "byte-level BPE (tokenizer.json)";
    parts.make_model = [&model, options, place](const Vocabulary& vocabulary) {
      return std::make_unique<ByteBpe>(vocabulary, parse_merges(model, place), options, place);
    };
    return;
  }
  info.kind = "BPE (tokenizer.json)";
  parts.decoder = parse_decoder(io::find(root, "decoder"), place);
  parts.make_model =
      [&model, options, apart = control_ids(parts), place](const Vocabulary& vocabulary) {
    return std::make_unique<CharBpe>(vocabulary, parse_merges(model, place), options, apart, place);
  };
}

void build_unigram(const json& root, const json& model, const std::string& place, bool byte_level,
                   TokenizerInfo& info, PipelineParts& parts) {
  if (byte_level) {
    fail("text.json", fmt::format("{}: a Unigram model after the ByteLevel pre-tokenizer is not "
                                  "supported. Supported: Unigram after Metaspace.",
                                  place));
  }
  std::vector<double> scores;
  double lowest = 0;
  for (const json& value : model["vocab"]) {
    scores.push_back(value[1].get<double>());
    lowest = scores.size() == 1 ? scores.back() : std::min(lowest, scores.back());
  }
  const int64_t unk = io::get_int(model, "unk_id", -1, place);
  if (unk < 0 || unk >= int64_t(scores.size())) {
    fail("text.json", fmt::format("{}: the Unigram model's unk_id is absent or no token's id, "
                                  "expected 0 to {}. The file is broken: fetch it again.",
                                  place, int64_t(scores.size()) - 1));
  }
  constexpr double kPenalty = 10;  // as in SentencePiece and the reference
  const UnigramOptions options{.unk = int32_t(unk),
                               .unk_score = lowest - kPenalty,
                               .byte_fallback = io::get_bool(model, "byte_fallback", false, place)};
  info.special.unk = options.unk;
  info.kind = "Unigram (tokenizer.json)";
  parts.decoder = parse_decoder(io::find(root, "decoder"), place);
  parts.make_model = [scores = std::move(scores), options,
                      apart = control_ids(parts)](const Vocabulary& vocabulary) {
    std::vector<PieceTrie::Piece> pieces;
    for (int32_t id = 0; id < int32_t(scores.size()); ++id) {
      if (!apart.contains(id)) pieces.emplace_back(vocabulary.token(id), id);
    }
    return std::make_unique<Unigram>(vocabulary, std::move(pieces), scores, options);
  };
}

void build_word_piece(const json& root, const json& model, const std::string& place,
                      TokenizerInfo& info, PipelineParts& parts) {
  WordPieceOptions options;
  const auto unk = unk_of(model, info.vocabulary, place);
  if (!unk) fail("text.json", fmt::format("{}: WordPiece has no unk_token.", place));
  options.unk = *unk;
  options.prefix = io::get_string(model, "continuing_subword_prefix", "##", place);
  options.longest_word = size_t(
      std::max<int64_t>(0, io::get_int(model, "max_input_chars_per_word", 100, place)));
  if (const json* decoder = io::find(root, "decoder")) {
    options.clean_up = io::get_bool(*decoder, "cleanup", true, place);
  }
  const json* normalizer = io::find(root, "normalizer");
  const bool uncased = normalizer && io::get_bool(*normalizer, "lowercase", false, place);
  info.kind = uncased ? "WordPiece uncased" : "WordPiece cased";
  parts.make_model = [options](const Vocabulary& vocabulary) {
    return std::make_unique<WordPiece>(vocabulary, options);
  };
}

std::unique_ptr<Tokenizer> load_tokenizer_json(const fs::path& folder) {
  const std::string place = (folder / "tokenizer.json").string();
  const json root = io::load_json(place);
  const json& model = io::require_object(root, "model", place);
  const std::string type = io::get_string(model, "type", "", place);
  if (type != "BPE" && type != "WordPiece" && type != "Unigram") {
    fail("text.json", fmt::format("{}: the tokenizer model '{}' is not supported. Supported: BPE, "
                                  "Unigram, WordPiece.",
                                  place, type));
  }
  check_config(folder, root);
  TokenizerInfo info;
  PipelineParts parts;
  load_vocabulary(root,
                  type == "Unigram"
                      ? scored_entries(io::require_array(model, "vocab", place), place)
                      : table_entries(io::require_object(model, "vocab", place), place),
                  folder, info, parts);
  bool byte_level = false;
  parts.normalizer = parse_normalizer(io::find(root, "normalizer"), place);
  parts.steps = parse_pre_tokenizer(io::find(root, "pre_tokenizer"), place, byte_level);
  if (type == "BPE") build_bpe(root, model, place, byte_level, info, parts);
  else if (type == "Unigram") build_unigram(root, model, place, byte_level, info, parts);
  else build_word_piece(root, model, place, info, parts);
  parse_post_processor(io::find(root, "post_processor"), place, info);
  apply_config(folder, info);
  info.rules = tokenizer_rules(root) + tokenizer_rules(parts.added);
  return std::make_unique<PipelineTokenizer>(std::move(info), std::move(parts));
}

/// The lines of a file without what ends them and spaces before that.
std::vector<std::string_view> lines_of(std::string_view file) {
  std::vector<std::string_view> lines;
  for (size_t at = 0; at < file.size();) {
    const size_t end = std::min(file.find('\n', at), file.size());
    std::string_view line = file.substr(at, end - at);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    lines.push_back(line);
    at = end + 1;
  }
  return lines;
}

/// One token a line, the id is the line's number from 0; as BERT's original files are.
std::unique_ptr<Tokenizer> load_vocab_txt(const fs::path& folder) {
  const std::string place = (folder / "vocab.txt").string();
  const std::string bytes = read_file(place);
  const std::vector<std::string_view> lines = lines_of(io::without_mark(bytes));
  TokenizerInfo info;
  PipelineParts parts;
  std::unordered_map<std::string, int64_t> ids;  // of a token twice, the later counts
  for (size_t id = 0; id < lines.size(); ++id) ids[std::string(lines[id])] = int64_t(id);
  AddedTokens added(ids, int64_t(lines.size()) - 1);
  // MPNet's vocabulary has RoBERTa's names for what stands around a text.
  const bool bert = ids.contains("[CLS]");
  const char* const cls = bert ? "[CLS]" : "<s>";
  const char* const sep = bert ? "[SEP]" : "</s>";
  const char* const pad = bert ? "[PAD]" : "<pad>";
  for (const char* name : {pad, "[UNK]", cls, sep, bert ? "[MASK]" : "<mask>"}) {
    const bool mask = std::string_view(name) == "<mask>";
    if (!ids.contains(name)) continue;
    added.add_own({.content = name, .special = true, .lstrip = mask}, place);
  }
  added.add_folder(folder);
  parts.added = added.tokens();
  info.vocabulary = Vocabulary(lines.size() + parts.added.size(), added.largest(), place);
  for (size_t id = 0; id < lines.size(); ++id) info.vocabulary.set(int64_t(id), lines[id], place);
  for (const AddedToken& token : parts.added) info.vocabulary.add(token.id, token.content, place);
  info.special = {.unk = info.vocabulary.find("[UNK]"),
                  .pad = info.vocabulary.find(pad),
                  .cls = info.vocabulary.find(cls),
                  .sep = info.vocabulary.find(sep)};
  if (!info.special.unk || !info.special.cls || !info.special.sep) {
    fail("text.vocab", fmt::format("{}: expected BERT's tokens [UNK], [CLS] and [SEP], or "
                                   "MPNet's [UNK], <s> and </s>, at least one of which is absent. "
                                   "Add it, or bring a tokenizer.json.",
                                   place));
  }
  info.before = {*info.special.cls};
  info.after = {*info.special.sep};
  BertCleaning cleaning;
  const fs::path config_path = folder / "tokenizer_config.json";
  const json config = fs::exists(config_path) ? io::load_json(config_path) : json::object();
  const std::string config_place = config_path.string();
  cleaning.lowercase = io::get_bool(config, "do_lower_case", true, config_place);
  cleaning.strip_accents = io::get_bool(config, "strip_accents", cleaning.lowercase, config_place);
  cleaning.handle_chinese_chars = io::get_bool(config, "tokenize_chinese_chars", true,
                                               config_place);
  apply_config(folder, info);
  info.rules = fmt::format("{:d}{:d}{:d}\n", cleaning.lowercase, cleaning.strip_accents,
                           cleaning.handle_chinese_chars) +
               tokenizer_rules(parts.added);
  info.kind = cleaning.lowercase ? "WordPiece uncased" : "WordPiece cased";
  parts.normalizer = {bert_normalizer(cleaning)};
  parts.steps.push_back(bert_step());
  parts.make_model = [unk = *info.special.unk](const Vocabulary& vocabulary) {
    return std::make_unique<WordPiece>(vocabulary, WordPieceOptions{.unk = unk});
  };
  return std::make_unique<PipelineTokenizer>(std::move(info), std::move(parts));
}

}  // namespace

std::unique_ptr<Tokenizer> load_folder_tokenizer(const fs::path& folder) {
  if (fs::exists(folder / "tokenizer.json")) return load_tokenizer_json(folder);
  if (fs::exists(folder / "vocab.txt")) return load_vocab_txt(folder);
  for (const char* name : {"tokenizer.model", "spiece.model", "sentencepiece.bpe.model"}) {
    if (fs::exists(folder / name)) return load_sentence_piece(folder / name);
  }
  const std::vector<fs::path> tekken = tekken_files(folder);
  if (tekken.size() > 1) {
    fail(
        "text.load",
        fmt::format("{}: both {} and {} could be the model's tokenizer. Leave the one "
                    "that belongs to it.",
                    folder.string(), tekken[0].filename().string(), tekken[1].filename().string()));
  }
  if (!tekken.empty()) return load_tekken(tekken[0]);
  fail("text.load", fmt::format("{}: the folder has neither tokenizer.json nor vocab.txt, "
                                "tokenizer.model, spiece.model or tekken.json. Name a model folder "
                                "in Hugging Face form.",
                                folder.string()));
}

}  // namespace relatum::text
