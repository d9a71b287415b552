// Styles against vocabularies: a tiny one that lacks what T5's lacks, and published ones.
#include "task/lost_characters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/json.h"
#include "support.h"
#include "support/shared.h"
#include "support/t5_like.h"
#include "text/tokenizer.h"

namespace relatum::task {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

const fs::path kFixtures = fs::path(RELATUM_FIXTURES) / "text";

class LostCharactersTest : public ::testing::Test {
 protected:
  LostCharactersTest() { lack("<{}\\~^`"); }

  void lack(const std::string& lacking) {
    relatum::testing::write_t5_like_tokenizer(folder_.path(), lacking);
    tokenizer_ = text::load_tokenizer(folder_.path());
  }
  static PromptStyle style(const std::string& name, std::string_view text) {
    PromptStyle style;
    style.name = name;
    style.body = Template::parse(text, name);
    return style;
  }
  LostCharacters lost(std::string_view text) const {
    return lost_characters(style("t", text), *tokenizer_);
  }
  std::string warning(const PromptStyle& style) const {
    return lost_characters_warning(style, *tokenizer_);
  }

  relatum::testing::TemporaryFolder folder_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
};

TEST_F(LostCharactersTest, AreTheStylesOwnOnceAndInOrder) {
  EXPECT_THAT(lost("~ {{text}}\n^~{{#example}}`{{/example}}").unknown, ElementsAre("~", "^", "`"));
  EXPECT_THAT(lost("~ {{text}}\n^~\n").gone, ElementsAre("\n"));
  EXPECT_THAT(lost("{{marked_text}}").unknown, ElementsAre("<"));
  EXPECT_THAT(lost("{{example_bracketed_text}}").unknown, ElementsAre("{", "}"));
  EXPECT_TRUE(lost("{{starred_text}} {{head}}, {{tail}} | a: b").empty());
  EXPECT_TRUE(lost("").empty());
  EXPECT_THAT(lost("h\u00e9 {{text}} \u8a9e").unknown, ElementsAre("\u00e9", "\u8a9e"));
}

TEST_F(LostCharactersTest, AreNoneWithinAnAddedToken) {
  nlohmann::json root = io::load_json(folder_ / "tokenizer.json");
  for (const char* marker : {"<e1>", "</e1>", "<e2>", "</e2>"}) {
    nlohmann::json token = root["added_tokens"][0];
    token["id"] = tokenizer_->vocab_size() + int64_t(root["added_tokens"].size()) - 3;
    token["content"] = marker;
    root["added_tokens"].push_back(token);
  }
  write_file(folder_ / "tokenizer.json", root.dump());
  tokenizer_ = text::load_tokenizer(folder_.path());
  EXPECT_TRUE(lost("{{marked_text}}").empty());
  EXPECT_THAT(lost("{{marked_text}} <head>").unknown, ElementsAre("<"));
}

TEST_F(LostCharactersTest, AreToldInOneWarningWithTheStyleToUse) {
  EXPECT_EQ(warning(load_style("roles-nolist")),
            "style roles-nolist: with this model's vocabulary '{' and '}' become unknown tokens "
            "and the line break is lost. Use --prompt one-line-nolist, or a template without "
            "them.");
  EXPECT_EQ(warning(load_style("rag4re")),
            "style rag4re: with this model's vocabulary '<' becomes the unknown token and the "
            "line break is lost. Use --prompt one-line, or a template without them.");
  EXPECT_EQ(warning(style("mine.txt", "{{text}}\n")),
            "style mine.txt: with this model's vocabulary the line break is lost. Use --prompt "
            "one-line-nolist, or a template without them.");
  EXPECT_EQ(warning(load_style("one-line")), "");
  EXPECT_EQ(warning(load_style("one-line-nolist")), "");
  lack("abcdefghijklmnopqrstuvwxyz*");
  EXPECT_EQ(warning(load_style("one-line-nolist")),
            "style one-line-nolist: with this model's vocabulary '*', 'a', 'n' and 'd' become "
            "unknown tokens. Use a template without them.");
  EXPECT_EQ(warning(style("t", "abcdefghij{{text}}")),
            "style t: with this model's vocabulary 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h' and 2 "
            "more become unknown tokens. Use a template without them.");
}

TEST_F(LostCharactersTest, AreNoneWhereBytesStandIn) {
  for (const char* name : {"pieces_model_bpe", "pieces_bpe_gemma", "bpe_smollm"}) {
    tokenizer_ = text::load_tokenizer(kFixtures / name);
    for (const PromptStyle* each : prompt_styles()) EXPECT_EQ(warning(*each), "") << name;
  }
  // Bytes, but behind a normaliser that makes blanks of line breaks.
  tokenizer_ = text::load_tokenizer(kFixtures / "pieces_model_unigram_bytes");
  EXPECT_THAT(lost("{{marked_text}}\n{ ~").unknown, IsEmpty());
  EXPECT_THAT(lost("{{marked_text}}\n{ ~").gone, ElementsAre("\n"));
}

TEST_F(LostCharactersTest, AreGoneWhereAVocabularyDropsThem) {
  tokenizer_ = text::load_tokenizer(kFixtures / "word_piece_cased");  // a line break is a blank
  EXPECT_THAT(lost("a\nb").gone, ElementsAre("\n"));
  EXPECT_THAT(lost("a b").gone, IsEmpty());
}

TEST(PublishedVocabularies, T5sLacksBracesAngleBracketsAndLineBreaks) {
  const auto folder = relatum::testing::shared_file("tokenizers/t5");
  RELATUM_NEEDS(folder);
  const relatum::testing::TemporaryFolder copy;
  fs::copy_file(*folder / "spiece.model", copy / "spiece.model");
  for (const fs::path& form : {*folder, *folder / "ggml-vocab-t5.gguf", copy.path()}) {
    const auto tokenizer = text::load_tokenizer(form);
    const auto lost = [&](const char* name) {
      return lost_characters(load_style(name), *tokenizer);
    };
    for (const char* name : {"compact", "compact-nolist", "roles", "roles-nolist"}) {
      EXPECT_THAT(lost(name).unknown, ElementsAre("{", "}")) << form << name;
      EXPECT_THAT(lost(name).gone, ElementsAre("\n")) << form << name;
    }
    for (const char* name : {"rag4re", "rag4re-simple"}) {
      EXPECT_THAT(lost(name).unknown, ElementsAre("<")) << form << name;
      EXPECT_THAT(lost(name).gone, ElementsAre("\n")) << form << name;
    }
    EXPECT_TRUE(lost("one-line").empty()) << form;
    EXPECT_TRUE(lost("one-line-nolist").empty()) << form;
  }
}

TEST(PublishedVocabularies, OthersHaveEveryCharacterOfEveryStyle) {
  for (const char* name :
       {"llama2/ggml-vocab-llama-spm.gguf", "mistral/hf-v0.1", "llama3/ggml-vocab-llama-bpe.gguf",
        "qwen2/ggml-vocab-qwen2.gguf", "gpt2/ggml-vocab-gpt-2.gguf"}) {
    const auto path = relatum::testing::shared_file(std::string("tokenizers/") + name);
    RELATUM_NEEDS(path);
    const auto tokenizer = text::load_tokenizer(*path);
    for (const PromptStyle* style : prompt_styles()) {
      EXPECT_EQ(lost_characters_warning(*style, *tokenizer), "") << name;
    }
  }
}

TEST(PublishedVocabularies, SmolLM2sHasEveryCharacterOfEveryStyle) {
  const auto path = relatum::testing::model_file(
      "smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
  RELATUM_NEEDS(path);
  const auto tokenizer = text::load_tokenizer(*path);
  for (const PromptStyle* style : prompt_styles()) {
    EXPECT_EQ(lost_characters_warning(*style, *tokenizer), "");
  }
}

// What the blank in the markers and the short style are for (task/marked.h).
TEST(PublishedVocabularies, OneLineReadsAsWordsInT5sVocabulary) {
  const auto path = relatum::testing::shared_file("tokenizers/t5/ggml-vocab-t5.gguf");
  RELATUM_NEEDS(path);
  const auto tokenizer = text::load_tokenizer(*path);
  const PromptRenderer renderer(load_style("one-line-nolist"), Labels({"located_in"}));
  const Prompt prompt = renderer.render(
      testing::example("q", "The mill is in Ghent.", "mill", "Ghent"));
  EXPECT_EQ(prompt.prompt, "The [ mill] is in * Ghent*. | mill and Ghent:");
  std::string pieces;
  for (const int32_t id : tokenizer->encode(prompt.prompt, prompt.data)) {
    pieces += std::string(tokenizer->token(id)) + "/";
  }
  EXPECT_EQ(pieces,
            "\u2581The/\u2581[/\u2581mill/]/\u2581is/\u2581in/\u2581*/\u2581G/h/ent/*/./"
            "\u2581|/\u2581mill/\u2581and/\u2581G/h/ent/:/");
}

}  // namespace
}  // namespace relatum::task
