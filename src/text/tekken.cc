// Mistral's Tekken: byte-level tokens in order of rank, as tiktoken merges them (tekken*.json).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "text/base64.h"
#include "text/byte_bpe.h"
#include "text/hf_added.h"
#include "text/loaders.h"
#include "text/tokenizer_hash.h"

namespace relatum::text {
namespace {

using nlohmann::json;

// Of files up to version 7, which do not list them (mistral-common).
constexpr std::array<const char*, 20> kUnlisted = {"<unk>",
                                                   "<s>",
                                                   "</s>",
                                                   "[INST]",
                                                   "[/INST]",
                                                   "[AVAILABLE_TOOLS]",
                                                   "[/AVAILABLE_TOOLS]",
                                                   "[TOOL_RESULTS]",
                                                   "[/TOOL_RESULTS]",
                                                   "[TOOL_CALLS]",
                                                   "[IMG]",
                                                   "<pad>",
                                                   "[IMG_BREAK]",
                                                   "[IMG_END]",
                                                   "[PREFIX]",
                                                   "[MIDDLE]",
                                                   "[SUFFIX]",
                                                   "[SYSTEM_PROMPT]",
                                                   "[/SYSTEM_PROMPT]",
                                                   "[TOOL_CONTENT]"};
constexpr std::array<const char*, 4> kUnlistedVersions = {"v1", "v2", "v3", "v7"};
constexpr size_t kLongestToken = 1024;  // bytes; those of real files have up to 256

class TekkenFile {
 public:
  explicit TekkenFile(const std::filesystem::path& path)
      : place_(path.string()), root_(io::load_json(path)),
        config_(io::require_object(root_, "config", place_)) {
    special_ = io::require_int(config_, "default_num_special_tokens", place_);
    const int64_t size = io::require_int(config_, "default_vocab_size", place_);
    const json& vocab = io::require_array(root_, "vocab", place_);
    constexpr int64_t kBytes = 256;
    constexpr int64_t kMostSpecial = 1 << 16;  // they need no entry of the file each
    if (special_ < 0 || special_ > kMostSpecial || size > INT32_MAX || size < special_ + kBytes ||
        size - special_ > int64_t(vocab.size())) {
      fail("text.tekken", fmt::format("{}: default_vocab_size is {} and default_num_special_tokens "
                                      "{}, which does not go with {} entries of vocab. The file is "
                                      "broken: fetch it again.",
                                      place_, size, special_, vocab.size()));
    }
    for (int64_t rank = 0; rank < size - special_; ++rank) read_token(vocab[size_t(rank)]);
  }

  const std::string& place() const { return place_; }
  std::string pattern() const { return io::require_string(config_, "pattern", place_); }
  int64_t special() const { return special_; }
  /// The bytes of each token, by rank.
  const std::vector<std::string>& tokens() const { return tokens_; }

  /// The names of all special tokens, by id; those that nobody named are <SPECIAL_20> and so on.
  std::vector<std::string> special_names() const {
    std::vector<std::string> names(size_t(special_), "");
    const auto set = [&](int64_t id, const std::string& name) {
      if (id < 0 || id >= special_ || name.empty() || !names[size_t(id)].empty()) {
        fail("text.tekken", fmt::format("{}: the special token '{}' has the rank {}, expected one "
                                        "of its own below {}. The file is broken: fetch it again.",
                                        place_, printable_start(name), id, special_));
      }
      names[size_t(id)] = name;
    };
    if (io::find(root_, "special_tokens")) {
      for (const json& token : io::require_array(root_, "special_tokens", place_)) {
        set(io::require_int(token, "rank", place_), io::require_string(token, "token_str", place_));
      }
    } else {
      const std::string version = io::get_string(config_, "version", "", place_);
      if (std::ranges::find(kUnlistedVersions, version) == kUnlistedVersions.end()) {
        fail("text.tekken", fmt::format("{}: a file of version '{}' must list its special_tokens. "
                                        "Fetch it again.",
                                        place_, printable_start(version)));
      }
      for (size_t i = 0; i < kUnlisted.size(); ++i) set(int64_t(i), kUnlisted[i]);
    }
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i].empty()) names[i] = fmt::format("<SPECIAL_{}>", i);
    }
    return names;
  }

 private:
  void read_token(const json& entry) {
    const size_t rank = tokens_.size();
    const std::string text = io::require_string(entry, "token_bytes", place_);
    std::string bytes;
    if (text.size() <= 2 * kLongestToken) bytes = decode_base64(text).value_or("");
    const bool byte = rank >= 256 || (bytes.size() == 1 && bytes[0] == char(rank));
    if (bytes.empty() || bytes.size() > kLongestToken || !byte ||
        io::require_int(entry, "rank", place_) != int64_t(rank)) {
      fail("text.tekken",
           fmt::format("{}: entry {} of vocab is {}, expected that rank and up to {} bytes in "
                       "Base64, the first 256 of them the bytes themselves. The file is broken: "
                       "fetch it again.",
                       place_, rank, printable_start(io::dump_json(entry), 80), kLongestToken));
    }
    tokens_.push_back(std::move(bytes));
  }

  std::string place_;
  json root_;
  const json& config_;
  int64_t special_ = 0;
  std::vector<std::string> tokens_;
};

// Whatever two tokens a token can be cut into, they merge with its rank.
MergeTable merges_of(const std::vector<std::string>& tokens, int64_t first_id,
                     const std::string& place) {
  std::unordered_map<std::string_view, int32_t> ranks;
  for (const std::string& token : tokens) {
    if (ranks.emplace(token, int32_t(ranks.size())).second) continue;
    fail("text.tekken", fmt::format("{}: the tokens of rank {} and {} are the same. The file is "
                                    "broken: fetch it again.",
                                    place, ranks.at(token), ranks.size()));
  }
  struct Pair {
    int32_t left, right, whole;
  };
  std::vector<Pair> pairs;
  for (int32_t rank = 0; rank < int32_t(tokens.size()); ++rank) {
    const std::string_view token = tokens[size_t(rank)];
    for (size_t cut = 1; cut < token.size(); ++cut) {
      const auto left = ranks.find(token.substr(0, cut));
      if (left == ranks.end()) continue;
      const auto right = ranks.find(token.substr(cut));
      if (right != ranks.end()) pairs.push_back({left->second, right->second, rank});
    }
  }
  MergeTable merges(pairs.size());
  const auto id = [&](int32_t rank) { return int32_t(first_id + rank); };
  for (const Pair& pair : pairs) {
    merges.set(id(pair.left), id(pair.right), {pair.whole, id(pair.whole)});
  }
  return merges;
}

// The file's own tokens, and those that tokenizer_config.json and its companions add.
void load_vocabulary(const TekkenFile& file, const std::vector<std::string>& names,
                     const std::filesystem::path& folder, TokenizerInfo& info,
                     PipelineParts& parts) {
  std::unordered_map<std::string, int64_t> model;
  for (size_t rank = 0; rank < file.tokens().size(); ++rank) {
    model.emplace(spell_bytes(file.tokens()[rank]), file.special() + int64_t(rank));
  }
  // Text may spell a special token's name; it is the special one all the same.
  for (const std::string& name : names) model.erase(name);
  const int64_t largest = file.special() + int64_t(file.tokens().size()) - 1;
  AddedTokens added(std::move(model), largest);
  for (size_t id = 0; id < names.size(); ++id) {
    added.add_own({.id = int32_t(id), .content = names[id], .special = true}, file.place());
  }
  added.add_folder(folder);
  parts.added = added.tokens();
  info.vocabulary = Vocabulary(file.tokens().size() + parts.added.size(), added.largest(),
                               file.place());
  for (size_t rank = 0; rank < file.tokens().size(); ++rank) {
    info.vocabulary.set(file.special() + int64_t(rank), spell_bytes(file.tokens()[rank]),
                        file.place());
  }
  for (const AddedToken& token : parts.added) {
    info.vocabulary.add(token.id, token.content, file.place());
  }
}

// A setting that would change ids, and that Mistral's own library does not have.
void check_prefix(const std::filesystem::path& folder) {
  const auto path = folder / "tokenizer_config.json";
  if (!std::filesystem::exists(path)) return;
  if (!io::get_bool(io::load_json(path), "add_prefix_space", false, path.string())) return;
  fail("text.config",
       fmt::format("{}: 'add_prefix_space' is set, which Tekken does not have. Set it "
                   "to false.",
                   path.string()));
}

}  // namespace

std::vector<std::filesystem::path> tekken_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("tekken") && name.ends_with(".json")) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::unique_ptr<Tokenizer> load_tekken(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.parent_path();
  check_config(folder, json::object());
  check_prefix(folder);
  const TekkenFile file(path);
  TokenizerInfo info;
  PipelineParts parts;
  const std::vector<std::string> names = file.special_names();
  load_vocabulary(file, names, folder, info, parts);
  const auto named = [&](std::string_view name) -> std::optional<int32_t> {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return int32_t(found - names.begin());
  };
  info.special = {.bos = named("<s>"),
                  .eos = named("</s>"),
                  .unk = named("<unk>"),
                  .pad = named("<pad>"),
                  .cls = {},
                  .sep = {}};
  if (info.special.bos) info.before = {*info.special.bos};
  apply_config(folder, info);
  const std::string pattern = file.pattern();
  info.kind = "byte-level BPE (Tekken)";
  info.rules = "Tekken\n" + pattern + "\n" + tokenizer_rules(parts.added);
  parts.steps.push_back(pattern_step({.pattern = pattern}, file.place()));
  parts.make_model = [&](const Vocabulary& vocabulary) {
    // A word that is a token needs no merges: tiktoken looks for it first.
    return std::make_unique<ByteBpe>(vocabulary,
                                     merges_of(file.tokens(), file.special(), file.place()),
                                     BpeOptions{.ignore_merges = true});
  };
  return std::make_unique<PipelineTokenizer>(std::move(info), std::move(parts));
}

}  // namespace relatum::text
