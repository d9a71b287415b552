// SentencePiece's tokenizers on tiny vocabularies of our own: GGUF, models, broken files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "io/json.h"
#include "support/error_of.h"
#include "support/gguf_writer.h"
#include "support/temporary.h"
#include "text/piece_model.h"
#include "text/small_char_map.h"
#include "text/tokenizer.h"
#include "text/tokenizer_hash.h"

namespace relatum::text {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;
using Ids = std::vector<int32_t>;

const fs::path kFixtures = fs::path(RELATUM_FIXTURES) / "text";

/// A model's pieces as a GGUF file of the kind that llama.cpp's converter makes.
struct GgufPieces {
  std::string model;
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<int32_t> types;
  std::function<void(testing::GgufWriter&)> more = [](testing::GgufWriter&) {};
  std::string map;
  bool prefix = true, merge = false;

  explicit GgufPieces(const fs::path& file) {
    const PieceModel pieces = parse_piece_model(read_file(file), file.string());
    model = pieces.kind == PieceModel::kBpe ? "llama" : "t5";
    for (const PieceModel::Piece& piece : pieces.pieces) {
      tokens.push_back(piece.text);
      scores.push_back(piece.score);
      types.push_back(piece.type);
    }
    map = pieces.spaces.char_map;
    prefix = pieces.spaces.add_dummy_prefix;
    merge = pieces.spaces.remove_extra;
  }

  void write(const fs::path& path) const {
    testing::GgufWriter writer;
    writer.set_string("general.architecture", "llama");
    writer.set_string("tokenizer.ggml.model", model);
    writer.set_strings("tokenizer.ggml.tokens", tokens);
    writer.set_floats("tokenizer.ggml.scores", scores);
    writer.set_ints("tokenizer.ggml.token_type", types);
    writer.set_bool("tokenizer.ggml.add_space_prefix", prefix);
    writer.set_bool("tokenizer.ggml.remove_extra_whitespaces", merge);
    if (!map.empty()) {
      writer.set("tokenizer.ggml.precompiled_charsmap",
                 {io::GgufType::kU8, true, map.size(), std::as_bytes(std::span(map))});
    }
    more(writer);
    writer.write(path);
  }
};

class PiecesInGguf : public ::testing::Test {
 protected:
  std::unique_ptr<Tokenizer> load() const {
    parts_.write(path_);
    return load_tokenizer(path_);
  }
  std::string error() const {
    return testing::error_of([&] { load(); });
  }
  /// A vocabulary of our own: <unk>, <s>, </s>, <user>, then `pieces` with their scores.
  void use(const std::string& model, const std::vector<std::pair<std::string, float>>& pieces) {
    parts_.model = model;
    parts_.tokens = {"<unk>", "<s>", "</s>", "<user>"};
    parts_.types = {2, 3, 3, 4};
    parts_.scores = {0, 0, 0, 0};
    parts_.map.clear();
    parts_.prefix = parts_.merge = false;
    for (const auto& [text, score] : pieces) {
      parts_.tokens.push_back(text);
      parts_.types.push_back(1);
      parts_.scores.push_back(score);
    }
    parts_.more = [](testing::GgufWriter& writer) {
      writer.set_u32("tokenizer.ggml.unknown_token_id", 0);
    };
  }

  testing::TemporaryFolder folder_;
  const fs::path path_ = folder_ / "tiny.gguf";
  GgufPieces parts_{kFixtures / "pieces_model_bpe/tokenizer.model"};
};

TEST_F(PiecesInGguf, EqualTheModelTheyWereMadeFrom) {
  for (const char* model :
       {"pieces_model_bpe/tokenizer.model", "pieces_model_unigram/spiece.model"}) {
    parts_ = GgufPieces(kFixtures / model);
    parts_.more = [&](testing::GgufWriter& writer) {
      const auto unk = std::find(parts_.types.begin(), parts_.types.end(), 2);
      writer.set_u32("tokenizer.ggml.unknown_token_id", uint32_t(unk - parts_.types.begin()));
    };
    const auto tokenizer = load();
    const json expected = io::load_json((kFixtures / model).parent_path() / "expected.json");
    for (const json& one : expected["texts"]) {
      const std::string text = one["text"];
      // llama.cpp gives the text behind a user-defined token a sign of its own.
      if (text.find("<l>") != text.npos || text.find("<r>") != text.npos) continue;
      const auto ids = tokenizer->encode_data(text);
      EXPECT_EQ(json(ids), one["ids"]) << model << ": " << text;
      // The library would take away a space behind an unknown token that is skipped.
      if (std::count(ids.begin(), ids.end(), *tokenizer->special().unk) > 0) continue;
      EXPECT_EQ(tokenizer->decode(ids), one["decoded"].get<std::string>()) << model << ": " << text;
    }
  }
}

TEST_F(PiecesInGguf, AreMergedByScoreTheLeftmostOfEqualsFirst) {
  use("llama", {{"a", -9}, {"b", -9}, {"aa", -1}, {"ab", -1}, {"ba", -1}, {"aab", -3}});
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer->encode("aaa"), (Ids{6, 4}));
  EXPECT_EQ(tokenizer->encode("aab"), (Ids{9}));
  EXPECT_EQ(tokenizer->encode("baa"), (Ids{8, 4}));
  EXPECT_EQ(tokenizer->encode("c"), Ids{0});  // neither a piece nor bytes
  EXPECT_EQ(tokenizer->encode("\u00e9"), Ids{0});
  EXPECT_EQ(tokenizer->encode(""), Ids{});
  parts_.scores[7] = -0.5f;  // "ab" before "aa"
  EXPECT_EQ(load()->encode("aab"), (Ids{9}));
  EXPECT_EQ(load()->encode("aabb"), (Ids{9, 5}));
}

TEST_F(PiecesInGguf, HaveTheBestSumTheLongestFirstPieceOfEquals) {
  use("t5", {{"a", -2}, {"aa", -4}, {"b", -1}, {"ab", -2}, {"aab", -100}});
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer->encode("ab"), Ids{7});
  EXPECT_EQ(tokenizer->encode("aa"), Ids{5});             // -4 both ways
  EXPECT_EQ(tokenizer->encode("aab"), (Ids{4, 7}));       // -4 before -5
  EXPECT_EQ(tokenizer->encode("axyzb"), (Ids{4, 0, 6}));  // one unknown run
  EXPECT_EQ(tokenizer->encode("xa<user>x"), (Ids{0, 4, 3, 0}));
  EXPECT_EQ(tokenizer->encode(""), Ids{});
}

TEST_F(PiecesInGguf, TextIsCleanedAsTheFileSays) {
  const std::string sign = "\u2581";
  use("t5", {{sign, -1}, {"a", -1}, {sign + "a", -1}});
  EXPECT_EQ(load()->encode(" a  A"), (Ids{6, 4, 4, 0}));
  parts_.map = testing::char_map(testing::kSmallA);
  EXPECT_EQ(load()->encode(" a  A"), (Ids{6, 4, 6}));
  parts_.prefix = true;
  EXPECT_EQ(load()->encode("a  A "), (Ids{6, 4, 6, 4}));
  parts_.merge = true;
  EXPECT_EQ(load()->encode(" a  A "), (Ids{6, 6}));
  EXPECT_EQ(load()->encode("  "), Ids{});
  use("llama", {{sign, -1}, {"a", -1}, {sign + "a", -1}});
  EXPECT_EQ(load()->encode("a a"), (Ids{5, 6}));
  parts_.prefix = true;
  EXPECT_EQ(load()->encode("a a"), (Ids{6, 6}));
  EXPECT_EQ(load()->decode(Ids{6, 6}), "a a");
  EXPECT_EQ(load()->encode("a<user>a"), (Ids{6, 3, 6}));  // a sign behind a token, too
}

TEST_F(PiecesInGguf, DataNeverBecomesAControlToken) {
  for (const char* model : {"llama", "t5"}) {
    // The pieces would build "</s>" and "<unk>" if control tokens were pieces.
    use(model, {{"<", -1}, {"/", -1}, {"s", -1}, {">", -1}, {"</", -1}, {"s>", -1}, {"</s", -1}});
    const auto tokenizer = load();
    EXPECT_EQ(tokenizer->encode("</s>"), Ids{2});
    EXPECT_THAT(tokenizer->encode_data("</s>"), Not(Contains(2)));
    EXPECT_EQ(tokenizer->decode(tokenizer->encode_data("</s>")), "</s>");
    EXPECT_EQ(tokenizer->encode_data("<user>"), Ids{3});
    EXPECT_EQ(tokenizer->encode("</s></s>", std::vector<DataRange>{{0, 1}}).back(), 2);
  }
}

TEST_F(PiecesInGguf, ATokenThatEndsAnswersIsAControlTokenWhateverItsType) {
  use("llama", {{"a", -1}});
  parts_.tokens[2] = "</S>";
  parts_.tokens[3] = "</s>";  // user-defined, as in Gemma 3's files
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer->encode("a</s>"), (Ids{4, 3}));
  EXPECT_THAT(tokenizer->encode_data("a</s>"), Not(Contains(3)));
}

TEST_F(PiecesInGguf, AddWhatLlamaCppAddsWhereTheFileIsSilent) {
  EXPECT_EQ(load()->encode_with_special(""), Ids{1});
  parts_.more = [](testing::GgufWriter& writer) {
    writer.set_bool("tokenizer.ggml.add_bos_token", false);
    writer.set_bool("tokenizer.ggml.add_eos_token", true);
  };
  EXPECT_EQ(load()->encode_with_special(""), Ids{2});
  parts_ = GgufPieces(kFixtures / "pieces_model_unigram/spiece.model");
  EXPECT_EQ(load()->encode_with_special(""), Ids{1});
}

TEST_F(PiecesInGguf, RefuseBrokenTables) {
  const GgufPieces whole = parts_;
  parts_.scores.pop_back();
  EXPECT_THAT(error(), HasSubstr("tokenizer.ggml.scores"));
  parts_ = whole;
  parts_.scores[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(error(), HasSubstr("score of token 5"));
  parts_ = whole;
  parts_.types.pop_back();
  EXPECT_THAT(error(), HasSubstr("token_type"));
  parts_ = GgufPieces(kFixtures / "pieces_model_unigram/spiece.model");
  parts_.map = "abc";
  EXPECT_THAT(error(), HasSubstr("precompiled_charsmap"));
  parts_.map.clear();
  parts_.tokens.resize(2);
  parts_.types.resize(2);
  parts_.scores.resize(2);
  EXPECT_THAT(error(), HasSubstr("unknown_token_id"));
}

TEST_F(PiecesInGguf, TheirHashTellsWhatDecidesIds) {
  const std::string before = tokenizer_hash(*load());
  parts_.scores.back() += 1;
  const std::string scored = tokenizer_hash(*load());
  parts_.prefix = false;
  EXPECT_NE(scored, before);
  EXPECT_NE(tokenizer_hash(*load()), scored);
}

class ModelFolder : public ::testing::Test {
 protected:
  void copy(const char* name, const std::string& fixture) const {
    write_file(folder_ / name, read_file(kFixtures / fixture));
  }
  void put(const char* name, const json& value) const {
    write_file(folder_ / name, io::dump_json(value));
  }
  std::unique_ptr<Tokenizer> load() const { return load_tokenizer(folder_.path()); }
  std::string error() const {
    return testing::error_of([&] { load(); });
  }
  testing::TemporaryFolder folder_;
};

TEST_F(ModelFolder, HasTheAddedTokensOfItsOtherFiles) {
  copy("tokenizer.model", "pieces_model_bpe/tokenizer.model");
  const int32_t size = load()->vocab_size();
  const auto plain = load();
  EXPECT_EQ(plain->encode("<s>"), Ids{1});
  EXPECT_THAT(plain->encode_data("<s></s>"), Not(Contains(1)));
  Ids behind = plain->encode("river");
  behind.insert(behind.begin(), 1);
  EXPECT_EQ(plain->encode("<s>river"), behind);
  EXPECT_EQ(plain->special().eos, 2);
  put("added_tokens.json", json{{"<pad>", size}});
  put("special_tokens_map.json", json{{"pad_token", "<pad>"}, {"eos_token", "<end>"}});
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer->vocab_size(), size + 2);
  EXPECT_EQ(tokenizer->encode("<pad><end>"), (Ids{size, size + 1}));
  EXPECT_EQ(tokenizer->special().pad, size);
  EXPECT_EQ(tokenizer->special().eos, size + 1);
  EXPECT_EQ(tokenizer->decode(Ids{size, size + 1}), "");
  put("tokenizer_config.json", json{{"add_bos_token", false}, {"add_eos_token", true}});
  EXPECT_EQ(load()->encode_with_special(""), Ids{size + 1});
}

TEST_F(ModelFolder, PiecesThatBecomeControlTokensAreNotReadInData) {
  copy("tokenizer.model", "pieces_model_bpe/tokenizer.model");
  const int32_t user = *load()->find("<l>");  // user-defined in the model
  EXPECT_THAT(load()->encode_data("a<l>"), Contains(user));
  put("tokenizer_config.json", json{{"additional_special_tokens", {"<l>"}}});
  EXPECT_THAT(load()->encode("a<l>"), Contains(user));
  EXPECT_THAT(load()->encode_data("a<l>"), Not(Contains(user)));
  put("tokenizer_config.json", json{{"additional_special_tokens", {"e"}}});  // a single character
  EXPECT_THAT(load()->encode_data("e"), Not(Contains(*load()->find("e"))));
}

TEST_F(ModelFolder, WithoutLegacyOnlyTheTextsStartHasASign) {
  copy("tokenizer.model", "pieces_model_bpe/tokenizer.model");
  const auto legacy = load();
  put("tokenizer_config.json", json{{"tokenizer_class", "LlamaTokenizer"}, {"legacy", false}});
  const auto tokenizer = load();
  for (const char* text : {"river", " river", "a  b ", "\u2581x", "", "river flows"}) {
    EXPECT_EQ(tokenizer->encode(text), legacy->encode(text)) << text;
  }
  const Ids river = tokenizer->encode("river");
  EXPECT_NE(tokenizer->encode("<s>river"), legacy->encode("<s>river"));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("<s>river")), "river");
  Ids behind = {1};
  behind.insert(behind.end(), river.begin(), river.end());
  EXPECT_EQ(tokenizer->encode("<s> river"), behind);
  EXPECT_NE(tokenizer_hash(*tokenizer), tokenizer_hash(*legacy));
}

TEST_F(ModelFolder, OfT5HasItsSentinels) {
  copy("spiece.model", "pieces_model_unigram/spiece.model");
  const auto tokenizer = load();
  const int32_t first = tokenizer->vocab_size() - 100;
  EXPECT_EQ(tokenizer->find("<extra_id_0>"), first + 99);
  EXPECT_EQ(tokenizer->find("<extra_id_99>"), first);
  EXPECT_EQ(tokenizer->encode("  <extra_id_1>  "), Ids{first + 98});
  EXPECT_EQ(tokenizer->encode_with_special("<extra_id_1>"), (Ids{first + 98, 1}));
  EXPECT_THAT(tokenizer->encode_data("<extra_id_1>"), Not(Contains(first + 98)));
  put("tokenizer_config.json", json{{"tokenizer_class", "T5Tokenizer"}, {"extra_ids", 0}});
  EXPECT_EQ(load()->vocab_size(), first);
}

TEST_F(ModelFolder, RefusesWhatItCannotHonour) {
  copy("tokenizer.model", "pieces_model_bpe/tokenizer.model");
  put("tokenizer_config.json", json{{"tokenizer_class", "XLNetTokenizer"}});
  EXPECT_THAT(error(), AllOf(HasSubstr("'XLNetTokenizer'"), HasSubstr("LlamaTokenizer")));
  put("tokenizer_config.json", json{{"sp_model_kwargs", {{"enable_sampling", true}}}});
  EXPECT_THAT(error(), HasSubstr("sp_model_kwargs"));
  put("tokenizer_config.json", json{{"split_special_tokens", true}});
  EXPECT_THAT(error(), HasSubstr("split_special_tokens"));
}

TEST_F(ModelFolder, RefusesBrokenModels) {
  const std::string bytes = read_file(kFixtures / "pieces_model_unigram/spiece.model");
  const PieceModel whole = parse_piece_model(bytes, "x");
  const auto error_with = [&](const std::function<void(PieceModel&)>& change) {
    PieceModel model = whole;
    change(model);
    write_file(folder_ / "spiece.model", piece_model_bytes(model));
    return error();
  };
  EXPECT_EQ(error_with([](PieceModel&) {}), "");
  EXPECT_THAT(error_with([](PieceModel& m) { m.pieces[5].score = NAN; }), HasSubstr("piece 5"));
  EXPECT_THAT(error_with([](PieceModel& m) {
                m.pieces.clear();
                m.pieces.resize(1);
              }),
              HasSubstr("piece 0"));
  EXPECT_THAT(error_with([](PieceModel& m) { m.pieces[0].type = kUnknownToken; }),
              HasSubstr("2 pieces"));
  EXPECT_THAT(error_with([](PieceModel& m) { m.kind = 3; }), HasSubstr("Supported: Unigram"));
  EXPECT_THAT(error_with([](PieceModel& m) { m.spaces.char_map = "abc"; }), HasSubstr("charsmap"));
  EXPECT_THAT(error_with([](PieceModel& m) { m.pieces[7].text = m.pieces[8].text; }),
              HasSubstr("library refuses"));
  EXPECT_THAT(error_with([](PieceModel& m) { m.byte_fallback = true; }),
              HasSubstr("library refuses"));
  write_file(folder_ / "spiece.model", bytes.substr(0, bytes.size() - 7));
  EXPECT_THAT(error(), HasSubstr("spiece.model"));
  write_file(folder_ / "spiece.model", "");
  EXPECT_THAT(error(), HasSubstr("no piece"));
}

TEST(Pieces, AMillionBytesWithoutASpaceAreNoTrouble) {
  std::string text;
  for (int i = 0; i < 1 << 17; ++i) text += "riverflo";
  for (const char* shape :
       {"pieces_model_bpe", "pieces_model_unigram", "pieces_bpe_prepend", "pieces_unigram_t5"}) {
    const auto tokenizer = load_tokenizer(kFixtures / shape);
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text) << shape;
  }
}

}  // namespace
}  // namespace relatum::text
