// Added tokens from all files of a folder; the ids are those that transformers 5.24 gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/json.h"
#include "support/error_of.h"
#include "support/temporary.h"
#include "text/tokenizer.h"

namespace relatum::text {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

const fs::path kFixtures = fs::path(RELATUM_FIXTURES) / "text";

/// bpe_smollm (380 tokens, added ones from 380 to 385) with other files beside it.
class AddedTokensOfAFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::copy_file(kFixtures / "bpe_smollm/tokenizer.json", folder_ / "tokenizer.json");
  }
  void put(const char* file, const json& value) const {
    write_file(folder_ / file, io::dump_json(value));
  }
  std::vector<int32_t> ids(const std::string& text) const {
    return load_tokenizer(folder_.path())->encode(text);
  }
  std::string error() const {
    return testing::error_of([&] { load_tokenizer(folder_.path()); });
  }
  testing::TemporaryFolder folder_;
};

using Ids = std::vector<int32_t>;
const json kE1 = {{"content", "[E1]"}, {"special", true}, {"normalized", false}};
const json kE2 = {{"content", "[E2]"}, {"special", false}, {"normalized", false}};

TEST_F(AddedTokensOfAFolder, TheTableInTheConfigurationCounts) {
  put("tokenizer_config.json",
      {{"added_tokens_decoder", {{"386", kE1}, {"387", kE2}, {"380", {{"content", "<|end|>"}}}}}});
  EXPECT_EQ(ids("[E1][E2]"), (Ids{386, 387}));
  const auto tokenizer = load_tokenizer(folder_.path());
  EXPECT_EQ(tokenizer->vocab_size(), 388);
  EXPECT_EQ(tokenizer->decode(ids("[E1][E2]")), "[E2]");  // the special one is skipped
}

TEST_F(AddedTokensOfAFolder, SoDoOlderFilesWithoutOne) {
  put("added_tokens.json", {{"[E1]", 386}, {"[E2]", 387}});
  put("special_tokens_map.json", {{"additional_special_tokens", {"[E1]", "[E3]"}}});
  EXPECT_EQ(ids("[E1][E2][E3]"), (Ids{386, 387, 388}));
  EXPECT_EQ(load_tokenizer(folder_.path())->decode(Ids{386, 387, 388}), "[E2]");
}

TEST_F(AddedTokensOfAFolder, TokensWithARoleAreAddedWhereTheyAreAbsent) {
  put("tokenizer_config.json", {{"pad_token", "<pad>"},
                                {"eos_token", kE1},
                                {"additional_special_tokens", {"[E2]", "<|end|>"}}});
  EXPECT_EQ(ids("[E1]<pad>[E2]"), (Ids{386, 387, 388}));
  EXPECT_EQ(load_tokenizer(folder_.path())->special().eos, 386);
}

TEST_F(AddedTokensOfAFolder, AWordOfTheModelKeepsItsId) {
  put("tokenizer_config.json", {{"eos_token", "a"}});
  const auto tokenizer = load_tokenizer(folder_.path());
  EXPECT_EQ(tokenizer->vocab_size(), 386);
  EXPECT_EQ(tokenizer->special().eos, tokenizer->find("a"));
}

TEST_F(AddedTokensOfAFolder, IdsThatContradictAreNamed) {
  for (const char* id : {"390", "5", "381"}) {
    put("tokenizer_config.json", {{"added_tokens_decoder", {{id, kE1}}}});
    EXPECT_THAT(error(), AllOf(HasSubstr("tokenizer_config.json"), HasSubstr("'[E1]'"),
                               HasSubstr(id), HasSubstr("386")));
  }
  put("tokenizer_config.json", {{"added_tokens_decoder", {{"7", {{"content", "<|end|>"}}}}}});
  EXPECT_THAT(error(), AllOf(HasSubstr("'<|end|>'"), HasSubstr("380")));
  put("tokenizer_config.json", {{"added_tokens_decoder", {{"386", kE1}}}});
  put("added_tokens.json", {{"[E1]", 387}});
  EXPECT_THAT(error(), AllOf(HasSubstr("added_tokens.json"), HasSubstr("'[E1]'")));
}

TEST_F(AddedTokensOfAFolder, HostileTablesAreRefused) {
  for (const char* id : {"x", "", "3.5", "-1", "99999999999", "999999999999999999999"}) {
    put("tokenizer_config.json", {{"added_tokens_decoder", {{id, kE1}}}});
    EXPECT_THAT(error(), HasSubstr("tokenizer_config.json")) << id;
  }
  put("tokenizer_config.json", {{"added_tokens_decoder", {{"386", {{"special", true}}}}}});
  EXPECT_THAT(error(), HasSubstr("content"));
  put("tokenizer_config.json", json::object());
  put("added_tokens.json", {{"[E1]", 386}, {"[E2]", 386}});
  EXPECT_THAT(error(), HasSubstr("same id 386"));
  put("added_tokens.json", json::array({1}));
  EXPECT_THAT(error(), HasSubstr("added_tokens.json"));
}

TEST_F(AddedTokensOfAFolder, AKeyThatStandsTwiceIsNamed) {
  write_file(folder_ / "tokenizer_config.json", R"({"eos_token": "a", "eos_token": "b"})");
  EXPECT_THAT(error(), AllOf(HasSubstr("tokenizer_config.json"), HasSubstr("'eos_token'"),
                             HasSubstr("twice")));
  fs::remove(folder_ / "tokenizer_config.json");
  std::string text = read_file(folder_ / "tokenizer.json");
  text.insert(text.rfind('}'), R"(, "model": {})");
  write_file(folder_ / "tokenizer.json", text);
  EXPECT_THAT(error(), AllOf(HasSubstr("tokenizer.json"), HasSubstr("'model'")));
}

TEST_F(AddedTokensOfAFolder, TwoTokensOfOneIdAreNamed) {
  json root = io::load_json(folder_ / "tokenizer.json");
  root["model"]["vocab"]["twin"] = root["model"]["vocab"]["a"];
  put("tokenizer.json", root);
  EXPECT_THAT(error(), AllOf(HasSubstr("'twin'"), HasSubstr("same id")));
}

TEST_F(AddedTokensOfAFolder, SettingsThatAreNotHonouredAreNamed) {
  put("tokenizer_config.json", {{"split_special_tokens", true}});
  EXPECT_THAT(error(), HasSubstr("'split_special_tokens'"));
  put("tokenizer_config.json", {{"split_special_tokens", false},
                                {"truncation", true},
                                {"clean_up_tokenization_spaces", true},
                                {"add_prefix_space", true}});
  EXPECT_EQ(error(), "");  // the pre-tokenizer is a sequence, which keeps its own
  json root = io::load_json(folder_ / "tokenizer.json");
  root["model"]["dropout"] = 0.1;
  put("tokenizer.json", root);
  EXPECT_THAT(error(), HasSubstr("'dropout'"));
  fs::copy_file(kFixtures / "word_piece_uncased/tokenizer.json", folder_ / "tokenizer.json",
                fs::copy_options::overwrite_existing);
  put("tokenizer_config.json", {{"do_lower_case", false}});
  EXPECT_THAT(error(), AllOf(HasSubstr("'do_lower_case' is false"), HasSubstr("lowercase = true")));
  put("tokenizer_config.json", {{"do_lower_case", true}, {"strip_accents", nullptr}});
  EXPECT_EQ(error(), "");
  root = io::load_json(folder_ / "tokenizer.json");
  root["normalizer"]["strip_accents"] = nullptr;
  put("tokenizer.json", root);
  put("tokenizer_config.json", {{"do_lower_case", true}, {"strip_accents", true}});
  EXPECT_EQ(error(), "");  // as the case says
  put("tokenizer_config.json", {{"do_lower_case", true}, {"strip_accents", false}});
  EXPECT_THAT(error(), HasSubstr("'strip_accents' is false"));
  fs::copy_file(kFixtures / "bpe_gpt2_prefix/tokenizer.json", folder_ / "tokenizer.json",
                fs::copy_options::overwrite_existing);
  put("tokenizer_config.json", {{"add_prefix_space", false}});
  EXPECT_THAT(error(), HasSubstr("'add_prefix_space' is false"));
}

}  // namespace
}  // namespace relatum::text
