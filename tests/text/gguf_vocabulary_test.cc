// Folders' tokenizers as GGUF keys: read back, they give the reference's ids.
#include "text/gguf_vocabulary.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "io/json.h"
#include "support/error_of.h"
#include "support/gguf_writer.h"
#include "support/temporary.h"
#include "text/tokenizer.h"

namespace relatum::text {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

const fs::path kFixtures = fs::path(RELATUM_FIXTURES) / "text";

class Described : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Tokenizer> described(const fs::path& folder, int64_t rows) {
    testing::GgufWriter writer;
    writer.set_string("general.architecture", "llama");
    notes_ = describe_tokenizer(folder, rows, writer);
    writer.write(temporary_ / "t.gguf");
    return load_tokenizer(temporary_ / "t.gguf");
  }
  testing::TemporaryFolder temporary_;
  std::vector<std::string> notes_;
};

TEST_P(Described, GivesTheFoldersIds) {
  const fs::path folder = kFixtures / GetParam();
  const auto whole = load_tokenizer(folder);
  const auto gguf = described(folder, whole->vocab_size() + 3);
  EXPECT_EQ(gguf->vocab_size(), whole->vocab_size() + 3);
  if (whole->special().eos) {
    EXPECT_EQ(gguf->special().eos, whole->special().eos);
  }
  if (whole->special().bos) {
    EXPECT_EQ(gguf->special().bos, whole->special().bos);
  }
  EXPECT_EQ(gguf->chat_template(), whole->chat_template());
  const json cases = io::load_json(folder / "expected.json");
  for (const json& one : cases["texts"]) {
    const std::string text = one["text"];
    // Added tokens that take the spaces beside them, or only stand alone, have no form in GGUF.
    const auto holds = [&](const char* part) { return text.find(part) != std::string::npos; };
    if (holds("<") || holds("MiX") || holds("word") || holds("[MASK]")) continue;
    EXPECT_EQ(gguf->encode_with_special(text), whole->encode_with_special(text)) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, Described,
                         ::testing::Values("bpe_smollm", "bpe_llama3", "bpe_qwen2",
                                           "pieces_bpe_gemma", "pieces_bpe_prepend",
                                           "pieces_model_bpe"),
                         [](const auto& test) { return test.param; });

TEST_F(Described, WhatHasNoFormThereIsRefused) {
  for (const char* name : {"bpe_gpt2_prefix", "bpe_split_inverted"}) {
    EXPECT_THAT(error_of([&] { described(kFixtures / name, 1000); }),
                HasSubstr("the tokenizer cannot be written as GGUF: its pre-tokenizer"))
        << name;
  }
  EXPECT_THAT(error_of([&] { described(kFixtures / "word_piece_cased", 1000); }),
              HasSubstr("of the kind WordPiece cased"));
  EXPECT_THAT(error_of([&] { described(kFixtures / "bpe_smollm", 100); }),
              HasSubstr("and the embedding has 100 rows"));
}

// What the compared texts do not show.
TEST_F(Described, WhatTheKeysCannotSayIsTold) {
  fs::copy(kFixtures / "bpe_smollm", temporary_ / "more");
  json root = io::load_json(temporary_ / "more" / "tokenizer.json");
  for (json& token : root["added_tokens"]) {
    for (const char* rule : {"lstrip", "rstrip", "single_word"}) token[rule] = false;
  }
  const auto notes = [&] {
    write_file(temporary_ / "more" / "tokenizer.json", root.dump());
    described(temporary_ / "more", 1000);
    return notes_;
  };
  EXPECT_THAT(notes(), IsEmpty());
  int64_t next = int64_t(root["model"]["vocab"].size()) + 40;
  for (const char* rule : {"lstrip", "rstrip", "single_word"}) {
    json token{{"id", next++},        {"content", fmt::format("<{}>", rule)},
               {"special", true},     {"normalized", false},
               {"lstrip", false},     {"rstrip", false},
               {"single_word", false}};
    token[rule] = true;
    root["added_tokens"].push_back(token);
    EXPECT_THAT(notes(), ElementsAre(HasSubstr(fmt::format("'<{}>') do neither in GGUF", rule))));
  }
  root["added_tokens"].push_back(root["added_tokens"].back());
  root["added_tokens"].back()["id"] = next;
  root["added_tokens"].back()["content"] = "<fourth>";
  EXPECT_THAT(notes(),
              ElementsAre(HasSubstr("('<lstrip>', '<rstrip>', '<single_word>' and 1 more)")));
  described(kFixtures / "bpe_qwen2", 1000);
  EXPECT_THAT(notes_, Contains(HasSubstr("Unicode's NFC")));
}

// A rule that the keys cannot say is noticed where it changes ids.
TEST_F(Described, IdsAreComparedBeforeAnythingIsWritten) {
  fs::copy(kFixtures / "bpe_smollm", temporary_ / "changed");
  json root = io::load_json(temporary_ / "changed" / "tokenizer.json");
  root["model"]["merges"].erase(0);
  const json merges = root["model"]["merges"];
  root["model"]["merges"] = json::array({merges.back()});
  write_file(temporary_ / "changed" / "tokenizer.json", root.dump());
  described(temporary_ / "changed", 1000);  // other merges are said
  root["added_tokens"].push_back({{"id", root["model"]["vocab"].size() + 40},
                                  {"content", "flies"},
                                  {"special", false},
                                  {"normalized", false},
                                  {"lstrip", true},
                                  {"rstrip", true},
                                  {"single_word", false}});
  write_file(temporary_ / "changed" / "tokenizer.json", root.dump());
  EXPECT_THAT(error_of([&] { described(temporary_ / "changed", 1000); }),
              HasSubstr("it would give other tokens for 'Anna Vogt flies"));
}

}  // namespace
}  // namespace relatum::text
