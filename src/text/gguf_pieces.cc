// Reads pieces, scores and what is done to spaces.
#include "text/gguf_pieces.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/atomic_file.h"
#include "io/json.h"
#include "text/loaders.h"
#include "text/piece_model.h"

namespace relatum::text {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

GgufPieces pieces_of_model(const fs::path& file) {
  const PieceModel model = parse_piece_model(read_file(file), file.string());
  GgufPieces pieces{.bpe = model.kind == PieceModel::kBpe,
                    .scores = {},
                    .types = {},
                    .prefix = model.spaces.add_dummy_prefix,
                    .merge_spaces = model.spaces.remove_extra,
                    .char_map = model.spaces.char_map};
  for (const PieceModel::Piece& piece : model.pieces) {
    pieces.scores.push_back(piece.score);
    pieces.types.push_back(piece.type);
  }
  return pieces;
}

// What is told of spaces; ids are checked later, so only what is needed is looked at.
void read_spaces(const json& root, GgufPieces& pieces) {
  pieces.prefix = false;
  for (const json* step : parts_of(root, "normalizer", "normalizers")) {
    const std::string type = io::get_string(*step, "type", "", "");
    if (type == "Prepend") pieces.prefix = true;
    if (type == "Precompiled") {
      pieces.char_map = char_map_bytes(io::get_string(*step, "precompiled_charsmap", "", ""),
                                       "tokenizer.json");
    }
    if (type == "Replace" && !pieces.bpe) pieces.merge_spaces = true;  // " {2,}" to one
  }
  for (const json* step : parts_of(root, "pre_tokenizer", "pretokenizers")) {
    const std::string type = io::get_string(*step, "type", "", "");
    if (type == "WhitespaceSplit") pieces.merge_spaces = true;
    if (type != "Metaspace") continue;
    const bool old = io::get_bool(*step, "add_prefix_space", true, "");
    pieces.prefix = io::get_string(*step, "prepend_scheme", old ? "always" : "never", "") !=
                    "never";
  }
}

bool is_byte(const std::string& token) {
  return token.size() == 6 && token.starts_with("<0x") && token.back() == '>';
}

// SentencePiece merges by score, tokenizer.json by order: a piece's score is the place of its first
// merge, counted downwards.
GgufPieces pieces_of_merges(const json& root) {
  const json& model = root["model"];
  GgufPieces pieces;
  std::unordered_map<std::string, float> places;
  for (const auto& [left, right] : parse_merges(model, "tokenizer.json")) {
    places.emplace(std::string(left) + std::string(right), -float(places.size()));
  }
  const std::string unk = io::get_string(model, "unk_token", "", "");
  for (const auto& [token, value] : model["vocab"].items()) {
    const size_t id = value.get<size_t>();
    if (id >= pieces.scores.size()) {
      pieces.scores.resize(id + 1, kNoScore);
      pieces.types.resize(id + 1, kNormalToken);
    }
    const auto place = places.find(token);
    // Characters come behind all merges.
    pieces.scores[id] = place == places.end() ? -float(places.size()) : place->second;
    if (token == unk) pieces.types[id] = kUnknownToken;
    else if (is_byte(token)) pieces.types[id] = kByteToken;
  }
  read_spaces(root, pieces);
  return pieces;
}

GgufPieces pieces_of_scores(const json& root) {
  const json& model = root["model"];
  GgufPieces pieces{.bpe = false, .scores = {}, .types = {}, .char_map = {}};
  for (const json& entry : model["vocab"]) {
    pieces.types.push_back(is_byte(entry[0].get<std::string>()) ? kByteToken : kNormalToken);
    pieces.scores.push_back(entry[1].get<float>());
  }
  const int64_t unk = io::get_int(model, "unk_id", -1, "");
  if (unk >= 0 && unk < int64_t(pieces.types.size())) pieces.types[size_t(unk)] = kUnknownToken;
  read_spaces(root, pieces);
  return pieces;
}

}  // namespace

std::optional<GgufPieces> find_pieces(const fs::path& folder, const json& root) {
  for (const char* name : {"tokenizer.model", "spiece.model"}) {
    if (fs::exists(folder / name)) return pieces_of_model(folder / name);
  }
  if (!root.contains("model")) return std::nullopt;
  const std::string type = io::get_string(root["model"], "type", "", "");
  if (type == "BPE") return pieces_of_merges(root);
  if (type == "Unigram") return pieces_of_scores(root);
  return std::nullopt;
}

std::vector<const json*> parts_of(const json& root, const char* key, const char* list) {
  const json* value = io::find(root, key);
  if (!value) return {};
  const json* inner = io::find(*value, list);
  if (!inner || !inner->is_array()) return {value};
  std::vector<const json*> all;
  for (const json& each : *inner) all.push_back(&each);
  return all;
}

}  // namespace relatum::text
