// Mistral's Tekken from a small file: ranks, special tokens, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "support/error_of.h"
#include "support/temporary.h"
#include "text/tokenizer.h"

namespace relatum::text {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string base64(const std::string& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   int(bytes.size()));
  text.resize(size_t(size));
  return text;
}

class Tekken : public ::testing::Test {
 protected:
  Tekken() {
    for (int b = 0; b < 256; ++b) add(std::string(1, char(b)));
  }
  void add(const std::string& bytes) {
    root_["vocab"].push_back(
        {{"rank", root_["vocab"].size()}, {"token_bytes", base64(bytes)}, {"token_str", nullptr}});
  }
  std::unique_ptr<Tokenizer> load() {
    if (!root_["config"].contains("default_vocab_size")) {
      root_["config"]["default_vocab_size"] = root_["vocab"].size() + kSpecial;
    }
    write_file(folder_ / "tekken.json", root_.dump());
    return load_tokenizer(folder_.path());
  }
  std::string refusal() {
    return testing::error_of([&] { load(); });
  }
  static int32_t id(int rank) { return int32_t(kSpecial) + rank; }

  static constexpr size_t kSpecial = 24;
  testing::TemporaryFolder folder_;
  json root_ = {{"config",
                 {{"pattern", R"(\p{L}+|\p{N}|[^\p{L}\p{N}]+)"},
                  {"default_num_special_tokens", kSpecial},
                  {"version", "v3"}}},
                {"vocab", json::array()}};
};

TEST_F(Tekken, TokensMergeByRankTheLeftmostFirst) {
  add("bc");   // 256
  add("ab");   // 257
  add("abc");  // 258: of a, bc
  add("aa");   // 259
  const auto tokenizer = load();
  const std::vector<int32_t> merged = {id('a'), id('d'), id(256)};
  EXPECT_EQ(tokenizer->encode("adbc"), merged) << "bc has the lowest rank";
  EXPECT_EQ(tokenizer->encode("abcd"), (std::vector<int32_t>{id(258), id('d')}));
  EXPECT_EQ(tokenizer->encode("aaa"), (std::vector<int32_t>{id(259), id('a')}));
  EXPECT_EQ(tokenizer->decode(merged), "adbc");
}

// "abcd" is a token that merges never reach: nothing makes "cd" or "bcd".
TEST_F(Tekken, AWordThatIsATokenNeedsNoMerges) {
  add("bc");
  add("abcd");
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer->encode("abcd"), std::vector<int32_t>{id(257)});
  EXPECT_EQ(tokenizer->encode("abcde"), (std::vector<int32_t>{id('a'), id(256), id('d'), id('e')}));
}

TEST_F(Tekken, SpecialTokensComeFirst) {
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer->special().bos, 1);
  EXPECT_EQ(tokenizer->special().eos, 2);
  EXPECT_EQ(tokenizer->token(3), "[INST]");
  EXPECT_EQ(tokenizer->token(23), "<SPECIAL_23>");
  EXPECT_EQ(tokenizer->vocab_size(), int32_t(256 + kSpecial));
  EXPECT_EQ(tokenizer->encode_with_special("a[INST]"), (std::vector<int32_t>{1, id('a'), 3}));
  EXPECT_EQ(tokenizer->encode_data("[INST]").size(), 6u);
}

TEST_F(Tekken, ListedSpecialTokensAndAShorterVocabulary) {
  add("ab");
  root_["special_tokens"] = {{{"rank", 1}, {"token_str", "<s>"}, {"is_control", true}},
                             {{"rank", 0}, {"token_str", "<unk>"}, {"is_control", true}}};
  root_["config"]["version"] = "v11";
  root_["config"]["default_vocab_size"] = 256 + kSpecial;
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer->token(0), "<unk>");
  EXPECT_EQ(tokenizer->token(2), "<SPECIAL_2>");
  EXPECT_FALSE(tokenizer->special().eos);
  EXPECT_EQ(tokenizer->encode("ab").size(), 2u) << "its rank is beyond the vocabulary";
}

TEST_F(Tekken, OneOfSeveralFilesIsNotChosen) {
  load();
  write_file(folder_ / "tekken_240911.json", root_.dump());
  EXPECT_THAT(refusal(), ::testing::AllOf(HasSubstr("tekken.json"), HasSubstr("tekken_240911")));
}

// What transformers' settings beside the file say counts as it does for every other tokenizer.
TEST_F(Tekken, SettingsBesideTheFileAreHonouredOrRefused) {
  const auto with = [&](const json& config) {
    write_file(folder_ / "tokenizer_config.json", config.dump());
  };
  add("<pad>");  // of text, and no name for the padding
  with({{"pad_token", "<pad>"}, {"additional_special_tokens", {"<e1>"}}, {"add_eos_token", true}});
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer->special().pad, 11);
  EXPECT_EQ(tokenizer->encode_with_special("a<e1>"),
            (std::vector<int32_t>{1, id('a'), id(257), 2}));
  with({{"added_tokens_decoder", {{"5", {{"content", "<e1>"}, {"special", true}}}}}});
  EXPECT_THAT(refusal(), ::testing::AllOf(HasSubstr("'<e1>'"), HasSubstr("id 5")));
  with({{"split_special_tokens", true}});
  EXPECT_THAT(refusal(), HasSubstr("split_special_tokens"));
  with({{"add_prefix_space", true}});
  EXPECT_THAT(refusal(), HasSubstr("add_prefix_space"));
}

TEST_F(Tekken, BrokenFilesAreRefused) {
  const json whole = root_;
  const auto with = [&](const auto& change) {
    root_ = whole;
    change();
    return refusal();
  };
  EXPECT_THAT(with([&] { root_["vocab"][7]["rank"] = 8; }), HasSubstr("entry 7"));
  EXPECT_THAT(with([&] { root_["vocab"][7]["token_bytes"] = "!!!!"; }), HasSubstr("entry 7"));
  EXPECT_THAT(with([&] { root_["vocab"][7]["token_bytes"] = base64("a"); }), HasSubstr("entry 7"));
  EXPECT_THAT(with([&] { add(std::string(2000, 'a')); }), HasSubstr("1024 bytes"));
  EXPECT_THAT(with([&] { add(""); }), HasSubstr("entry 256"));
  EXPECT_THAT(with([&] { add("ab"), add("ab"); }), HasSubstr("256 and 257 are the same"));
  EXPECT_THAT(with([&] { root_["config"]["default_vocab_size"] = 100'000; }),
              HasSubstr("256 entries"));
  EXPECT_THAT(with([&] { root_["config"]["default_num_special_tokens"] = 2'000'000'000; }),
              HasSubstr("default_num_special_tokens"));
  EXPECT_THAT(with([&] { root_["config"]["version"] = "v15"; }), HasSubstr("special_tokens"));
  EXPECT_THAT(with([&] {
                root_["special_tokens"] = {{{"rank", 900}, {"token_str", "<s>"}}};
              }),
              HasSubstr("rank 900"));
  EXPECT_THAT(with([&] { root_["config"]["pattern"] = "("; }), HasSubstr("pattern"));
}

}  // namespace
}  // namespace relatum::text
