// Sessions: what belongs together opens, and texts become the tokens that models read.
#include "engine/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/json.h"
#include "support/sessions.h"
#include "support/temporary.h"
#include "text/tokenizer.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Session, PromptsAndCompletionsAreTokenisedApart) {
  const engine::Session session(fixture("llama/tied"), plain_options());
  const auto& tokenizer = session.tokenizer();
  EXPECT_EQ(engine::prompt_tokens(session, "a b"), tokenizer.encode("a b"));
  EXPECT_EQ(engine::completion_tokens(tokenizer, " c"),
            joined(tokenizer.encode(" c"), {*tokenizer.special().eos}));
  EXPECT_FALSE(engine::adds_blank(tokenizer));
  // A label that spells the end token does not end the answer.
  const std::string end(tokenizer.token(*tokenizer.special().eos));
  const auto label = engine::completion_tokens(tokenizer, " a" + end);
  EXPECT_EQ(std::count(label.begin(), label.end(), *tokenizer.special().eos), 1);
  const std::vector<text::DataRange> data = {{0, end.size()}};
  EXPECT_NE(engine::prompt_tokens(session, end, data), engine::prompt_tokens(session, end));
  EXPECT_THAT([&] { engine::prompt_tokens(session, ""); },
              ThrowsMessage<Error>(HasSubstr("prompt is empty")));
}

class CompletionsOfPieces : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto from = fixture(std::string("text/") + GetParam()), to = folder_ / "tokenizer";
    std::filesystem::copy(from, to);
    tokenizer_ = text::load_tokenizer(to);
    if (tokenizer_->special().eos) return;
    const nlohmann::json named{{"eos_token", tokenizer_->token(0)}};
    write_file(to / "tokenizer_config.json", named.dump());
    tokenizer_ = text::load_tokenizer(to);
  }
  std::vector<int32_t> with_end(std::vector<int32_t> ids) const {
    return joined(std::move(ids), {tokenizer_->special().eos.value()});
  }

  const TemporaryFolder folder_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
};

// Joined to the ids of a word they are the ids of both, so no blank is there twice, or not at all.
TEST_P(CompletionsOfPieces, AreWhatStandsBehindAWord) {
  const std::string start = "and";
  for (const std::string label : {"cause effect", "the", "no_relation", "e", "\u00e9t\u00e9"}) {
    EXPECT_EQ(
        joined(tokenizer_->encode(start), engine::completion_tokens(*tokenizer_, " " + label)),
        with_end(tokenizer_->encode(start + " " + label)))
        << label;
  }
}

TEST(Session, NoSecondBlankInFrontOfACompletion) {
  const TemporaryFolder folder;
  std::filesystem::copy(fixture("text/pieces_bpe_prepend"), folder / "tokenizer");
  write_file(folder / "tokenizer/tokenizer_config.json", R"({"eos_token": "</s>"})");
  const auto tokenizer = text::load_tokenizer(folder / "tokenizer");
  const auto ids = engine::completion_tokens(*tokenizer, " the");
  EXPECT_EQ(ids, joined(tokenizer->encode("the"), {tokenizer->special().eos.value()}));
  EXPECT_NE(tokenizer->encode("the"), tokenizer->encode(" the"));  // as the kind has it
  EXPECT_TRUE(engine::adds_blank(*tokenizer));
}

INSTANTIATE_TEST_SUITE_P(Kinds, CompletionsOfPieces,
                         ::testing::Values("pieces_bpe_first", "pieces_bpe_gemma",
                                           "pieces_bpe_prepend", "pieces_unigram_t5",
                                           "pieces_model_bpe", "pieces_model_unigram"),
                         [](const auto& each) { return std::string(each.param); });

TEST(Session, AutoTurnsPlainWeightsIntoNf4) {
  EXPECT_EQ(engine::Session(fixture("llama/tied"), {.compute = "f32"}).base(), "nf4");
  EXPECT_EQ(engine::Session(fixture("llama/tied"), plain_options()).base(), "f32");
}

TEST(Session, HashTellsModelsApart) {
  engine::Session tied(fixture("llama/tied"), plain_options());
  engine::Session again(fixture("llama/tied"), plain_options());
  engine::Session bert(fixture("bert"), plain_options());
  EXPECT_EQ(tied.weights_hash(), again.weights_hash());
  EXPECT_NE(tied.weights_hash(), bert.weights_hash());
}

TEST(Session, RefusesATokenizerWithMoreTokensThanTheModel) {
  const TemporaryFolder folder;
  const auto path = folder / "model";
  std::filesystem::copy(fixture("llama/tied"), path);
  std::filesystem::copy_file(fixture("text/bpe_smollm/tokenizer.json"), path / "tokenizer.json",
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::remove(path / "tokenizer_config.json");
  EXPECT_THAT([&] { engine::Session session(path, plain_options()); },
              ThrowsMessage<Error>(AllOf(HasSubstr(path.string()), HasSubstr("embedding 128 rows"),
                                         HasSubstr("(id 128) has none"))));
}

// As in the folders of Gemma 3: no text of data has the token, so it needs no row.
TEST(Session, ControlTokensNeedNoRow) {
  const TemporaryFolder folder;
  const auto path = folder / "model";
  std::filesystem::copy(fixture("llama/tied"), path);
  nlohmann::json tokenizer = io::load_json(path / "tokenizer.json");
  const auto put = [&](bool special) {
    tokenizer["added_tokens"].push_back({{"id", 128},
                                         {"content", "<image>"},
                                         {"special", special},
                                         {"normalized", false},
                                         {"single_word", false},
                                         {"lstrip", false},
                                         {"rstrip", false}});
    write_file(path / "tokenizer.json", tokenizer.dump());
    tokenizer["added_tokens"].erase(tokenizer["added_tokens"].size() - 1);
  };
  put(true);
  const engine::Session session(path, plain_options());
  const std::vector<int32_t> tokens = session.tokenizer().encode("<image>");
  ASSERT_EQ(tokens, std::vector<int32_t>{128});
  EXPECT_THAT([&] { run(session.model(), single(tokens)); },
              ThrowsMessage<Error>(HasSubstr("128 rows")));
  put(false);
  EXPECT_THAT([&] { engine::Session other(path, plain_options()); },
              ThrowsMessage<Error>(HasSubstr("'<image>' (id 128) has none")));
}

TEST(Session, NamesWhatIsMissing) {
  EXPECT_THROW(engine::Session(fixture("llama/absent"), plain_options()), Error);
  EXPECT_THROW(engine::Session(fixture("llama/untied"), plain_options()), Error);  // no tokenizer
  EXPECT_THROW(engine::Session(fixture("llama/tied"), {.compute = "f64"}), Error);
  EXPECT_THROW(engine::Session(fixture("llama/tied"), {.base = "f12"}), Error);
}

}  // namespace
}  // namespace relatum::testing
