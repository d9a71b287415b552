// Loading: GGUF metadata, vocab.txt, configuration, and files from strangers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/json.h"
#include "support/error_of.h"
#include "support/gguf_writer.h"
#include "support/shows.h"
#include "support/temporary.h"
#include "text/tokenizer.h"

namespace relatum::text {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

const fs::path kFixtures = fs::path(RELATUM_FIXTURES) / "text";

std::string error_of(const fs::path& path) {
  return testing::error_of([&] { load_tokenizer(path); });
}

/// Tokens, types and merges of a tokenizer.json as GGUF metadata.
struct GgufParts {
  std::vector<std::string> tokens, merges;
  std::vector<int32_t> types;
  std::string model = "gpt2", pre = "smollm";
  std::function<void(testing::GgufWriter&)> more = [](testing::GgufWriter&) {};

  explicit GgufParts(const std::string& shape) {
    const json root = io::load_json(kFixtures / shape / "tokenizer.json");
    const json& vocab = root["model"]["vocab"];
    tokens.resize(vocab.size());
    for (const auto& [token, id] : vocab.items()) tokens[id.get<size_t>()] = token;
    types.assign(tokens.size(), 1);
    for (const json& merge : root["model"]["merges"]) {
      merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
    }
  }

  void write(const fs::path& path) const {
    testing::GgufWriter writer;
    writer.set_string("general.architecture", "llama");
    writer.set_string("tokenizer.ggml.model", model);
    writer.set_string("tokenizer.ggml.pre", pre);
    writer.set_strings("tokenizer.ggml.tokens", tokens);
    writer.set_ints("tokenizer.ggml.token_type", types);
    writer.set_strings("tokenizer.ggml.merges", merges);
    more(writer);
    writer.write(path);
  }
};

class GgufTokenizer : public ::testing::Test {
 protected:
  std::unique_ptr<Tokenizer> load() const {
    parts_.write(path_);
    return load_tokenizer(path_);
  }
  std::string error() const {
    parts_.write(path_);
    return error_of(path_);
  }
  testing::TemporaryFolder folder_;
  const fs::path path_ = folder_ / "tiny.gguf";
  GgufParts parts_{"bpe_smollm"};
};

TEST_F(GgufTokenizer, EqualsTheJsonItWasMadeFrom) {
  testing::shows("SmolLM2", {"tokenizer"});
  testing::shows("Llama 3", {"tokenizer"});
  const struct {
    const char* pre;
    const char* shape;
  } kinds[] = {{"smollm", "bpe_smollm"},
               {"llama-bpe", "bpe_llama3"},
               {"qwen2", "bpe_qwen2"},
               {"tekken", "bpe_tekken"}};
  for (const auto& [pre, shape] : kinds) {
    parts_ = GgufParts(shape);
    parts_.pre = pre;
    const auto gguf = load();
    const auto whole = load_tokenizer(kFixtures / shape);
    const json cases = io::load_json(kFixtures / shape / "expected.json");
    for (const json& one : cases["texts"]) {
      const std::string text = one["text"];
      // The added tokens are in the JSON only.
      if (text.find_first_of("<w") != std::string::npos || text.starts_with("MiX")) continue;
      EXPECT_EQ(gguf->encode(text), whole->encode(text)) << pre << ": " << text;
    }
  }
}

TEST_F(GgufTokenizer, FindsControlAndUserDefinedTokensInText) {
  parts_.tokens.insert(parts_.tokens.end(), {"<|stop|>", "<user>"});
  parts_.types.insert(parts_.types.end(), {3, 4});
  const auto tokenizer = load();
  const auto ids = tokenizer->encode("a<|stop|><user>");
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_EQ(tokenizer->token(ids[1]), "<|stop|>");
  EXPECT_EQ(tokenizer->token(ids[2]), "<user>");
  EXPECT_EQ(tokenizer->decode(ids), "a<user>");
}

TEST_F(GgufTokenizer, AddsWhatItsMetadataAsksFor) {
  parts_.more = [](testing::GgufWriter& writer) {
    writer.set_u32("tokenizer.ggml.bos_token_id", 5);
    writer.set_u32("tokenizer.ggml.eos_token_id", 6);
    writer.set_bool("tokenizer.ggml.add_bos_token", true);
    writer.set_bool("tokenizer.ggml.add_eos_token", true);
  };
  const auto ids = load()->encode_with_special("");
  EXPECT_EQ(ids, (std::vector<int32_t>{5, 6}));
}

TEST_F(GgufTokenizer, RefusesUnknownKindsByName) {
  parts_.pre = "gpt-4o";
  EXPECT_THAT(error(), AllOf(HasSubstr("'gpt-4o'"), HasSubstr("smollm"), HasSubstr("llama-bpe")));
  parts_.model = "rwkv";
  EXPECT_THAT(error(),
              AllOf(HasSubstr("'rwkv'"), HasSubstr("Supported: gpt2"), HasSubstr("tiny.gguf")));
}

TEST_F(GgufTokenizer, RefusesBrokenTables) {
  const GgufParts whole = parts_;
  parts_.merges.push_back("un known");
  EXPECT_THAT(error(), HasSubstr("the vocabulary lacks"));
  parts_ = whole;
  parts_.merges.push_back("a b c");
  EXPECT_THAT(error(), HasSubstr("one space"));
  parts_ = whole;
  parts_.types.pop_back();
  EXPECT_THAT(error(), HasSubstr("token_type"));
  parts_ = whole;
  parts_.tokens.back() = "\xff";
  EXPECT_THAT(error(), HasSubstr("UTF-8"));
  parts_ = whole;
  parts_.tokens.clear();
  parts_.types.clear();
  EXPECT_THAT(error(), HasSubstr("empty"));
  parts_ = whole;
  parts_.more = [](testing::GgufWriter& w) { w.set_i32("tokenizer.ggml.eos_token_id", -1); };
  EXPECT_THAT(error(), HasSubstr("eos_token_id is -1"));
  parts_.more = [](testing::GgufWriter& w) {
    w.set_u32("tokenizer.ggml.bos_token_id", 4000000000u);
  };
  EXPECT_THAT(error(), HasSubstr("4000000000"));
}

TEST_F(GgufTokenizer, AcceptsDuplicateTokens) {
  parts_.tokens.push_back("a");
  parts_.types.push_back(1);
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer->find("a"), tokenizer->vocab_size() - 1);
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("a b a")), "a b a");
}

class JsonTokenizer : public ::testing::Test {
 protected:
  std::string error(const std::function<void(json&)>& change) const {
    json root = io::load_json(kFixtures / "bpe_smollm/tokenizer.json");
    change(root);
    write_file(folder_ / "tokenizer.json", io::dump_json(root));
    return error_of(folder_.path());
  }
  testing::TemporaryFolder folder_;
};

TEST_F(JsonTokenizer, RefusesBrokenTables) {
  EXPECT_THAT(error([](json& r) {
                r["model"]["vocab"] = json::object();
                r.erase("added_tokens");
              }),
              HasSubstr("empty"));
  EXPECT_THAT(error([](json& r) { r["model"]["vocab"]["a"] = -7; }), HasSubstr("-7"));
  EXPECT_THAT(error([](json& r) { r["model"]["vocab"]["a"] = 1ull << 60; }), HasSubstr("largest"));
  EXPECT_THAT(error([](json& r) { r["model"]["vocab"]["a"] = "x"; }), HasSubstr("whole number"));
  EXPECT_THAT(error([](json& r) { r["model"]["merges"].push_back("a"); }), HasSubstr("merge"));
  EXPECT_THAT(error([](json& r) {
                r["model"]["merges"].push_back({"a", "q!"});
              }),
              HasSubstr("the vocabulary lacks"));
  EXPECT_THAT(error([](json& r) { r["model"]["merges"] = 3; }), HasSubstr("merges"));
  EXPECT_THAT(error([](json& r) { r["model"]["unk_token"] = "<none>"; }), HasSubstr("<none>"));
  EXPECT_THAT(error([](json& r) { r["added_tokens"][0]["id"] = -1; }), HasSubstr("-1"));
  EXPECT_THAT(error([](json& r) { r["added_tokens"] = "x"; }), HasSubstr("added_tokens"));
  EXPECT_THAT(error([](json& r) { r.erase("model"); }), HasSubstr("model"));
}

TEST_F(JsonTokenizer, RefusesUnknownPartsByName) {
  EXPECT_THAT(error([](json& r) { r["model"]["type"] = "WordLevel"; }),
              AllOf(HasSubstr("'WordLevel'"), HasSubstr("Unigram")));
  EXPECT_THAT(error([](json& r) {
                r["pre_tokenizer"] = {{"type", "Metaspace"}, {"prepend_scheme", "odd"}};
              }),
              HasSubstr("'odd'"));
  EXPECT_THAT(error([](json& r) {
                r["pre_tokenizer"] = nullptr;
                r["decoder"] = {{"type", "CTC"}};
              }),
              AllOf(HasSubstr("'CTC'"), HasSubstr("ByteFallback")));
  EXPECT_THAT(error([](json& r) {
                r["pre_tokenizer"]["pretokenizers"][0] = {{"type", "Odd"}};
              }),
              HasSubstr("'Odd'"));
  EXPECT_THAT(error([](json& r) { r["normalizer"] = {{"type", "Nmt"}}; }), HasSubstr("'Nmt'"));
  EXPECT_THAT(error([](json& r) { r["post_processor"] = {{"type", "Odd"}}; }), HasSubstr("'Odd'"));
  EXPECT_THAT(error([](json& r) {
                const json part = {{"type", "BertProcessing"},
                                   {"cls", {"<l>", r["model"]["vocab"].begin().value()}},
                                   {"sep", {"<l>", r["model"]["vocab"].begin().value()}}};
                r["post_processor"] = {{"type", "Sequence"}, {"processors", {part, part}}};
              }),
              HasSubstr("two parts that add tokens"));
  EXPECT_THAT(error([](json& r) {
                r["pre_tokenizer"] = {{"type", "Split"},
                                      {"behavior", "Isolated"},
                                      {"invert", false},
                                      {"pattern", {{"Regex", "(open"}}}};
              }),
              HasSubstr("'(open'"));
  EXPECT_THAT(error([](json& r) {
                r["pre_tokenizer"] = {{"type", "Split"},
                                      {"behavior", "Isolated"},
                                      {"invert", false},
                                      {"pattern", {{"Regex", "a|\\w+"}}}};
              }),
              HasSubstr("'\\w'"));
}

TEST_F(JsonTokenizer, TakesNamesAndAdditionsFromItsConfiguration) {
  fs::copy_file(kFixtures / "bpe_smollm/tokenizer.json", folder_ / "tokenizer.json");
  write_file(folder_ / "tokenizer_config.json",
             R"({"bos_token": {"content": "<l>"}, "eos_token": "<|end|>", "pad_token": null,
                 "add_bos_token": true, "chat_template": "{{ hello }}"})");
  const auto tokenizer = load_tokenizer(folder_.path());
  EXPECT_EQ(tokenizer->special().bos, tokenizer->find("<l>"));
  EXPECT_EQ(tokenizer->special().eos, tokenizer->find("<|end|>"));
  EXPECT_FALSE(tokenizer->special().pad);
  EXPECT_EQ(tokenizer->encode_with_special(""), std::vector<int32_t>{*tokenizer->find("<l>")});
  EXPECT_EQ(tokenizer->chat_template(), "{{ hello }}");
  // Each setting is about its own side.
  json root = io::load_json(folder_ / "tokenizer.json");
  const int32_t id = *tokenizer->find("<l>");
  root["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single",
       {{{"SpecialToken", {{"id", "<l>"}, {"type_id", 0}}}},
        {{"Sequence", {{"id", "A"}, {"type_id", 0}}}}}},
      {"pair", json::array()},
      {"special_tokens", {{"<l>", {{"id", "<l>"}, {"ids", {id}}, {"tokens", {"<l>"}}}}}}};
  write_file(folder_ / "tokenizer.json", root.dump());
  write_file(folder_ / "tokenizer_config.json",
             R"({"bos_token": "<l>", "eos_token": "<|end|>", "add_eos_token": true})");
  EXPECT_EQ(load_tokenizer(folder_.path())->encode_with_special(""),
            (std::vector<int32_t>{id, *tokenizer->find("<|end|>")}));
}

TEST_F(JsonTokenizer, ReadsVocabTxtWhereThereIsNoJson) {
  write_file(folder_ / "vocab.txt", "[PAD]\n[UNK]\r\n[CLS]\n[SEP]\n[MASK]\ncafe\n##s\n!\n");
  const auto tokenizer = load_tokenizer(folder_.path());
  EXPECT_EQ(tokenizer->kind(), "WordPiece uncased");
  EXPECT_EQ(tokenizer->encode_with_special("Caf\u00e9s! [MASK] tea"),
            (std::vector<int32_t>{2, 5, 6, 7, 4, 1, 3}));
  write_file(folder_ / "vocab.txt", "no\nspecial\ntokens\n");
  EXPECT_THAT(error_of(folder_.path()), HasSubstr("[UNK]"));
  write_file(folder_ / "vocab.txt", "");
  EXPECT_THAT(error_of(folder_.path()), HasSubstr("empty"));
}

TEST_F(JsonTokenizer, VocabTxtOfMpnetHasTheIdsOfItsJson) {
  testing::shows("MPNet", {"tokenizer"});
  const fs::path mpnet = fs::path(RELATUM_FIXTURES) / "encoders/mpnet";
  const auto whole = load_tokenizer(mpnet);
  for (const char* name : {"vocab.txt", "tokenizer_config.json"}) {
    fs::copy(mpnet / name, folder_ / name);
  }
  const auto alone = load_tokenizer(folder_.path());
  EXPECT_EQ(alone->encode_with_special(""), (std::vector<int32_t>{0, 2}));
  for (const char* text : {"The river? <s> of [UNK] \u00e9", "two <mask>!", "</s> [CLS] zz"}) {
    EXPECT_EQ(alone->encode_with_special(text), whole->encode_with_special(text)) << text;
    EXPECT_EQ(alone->encode_data(text), whole->encode_data(text)) << text;
  }
}

TEST_F(JsonTokenizer, SaysWhatAnEmptyFolderLacks) {
  EXPECT_THAT(error_of(folder_.path()), HasSubstr("neither tokenizer.json nor vocab.txt"));
  write_file(folder_ / "tokenizer.model", "x");
  EXPECT_THAT(error_of(folder_.path()), HasSubstr("SentencePiece"));
  EXPECT_THAT(error_of(folder_ / "nothing"), HasSubstr("nothing"));
}

}  // namespace
}  // namespace relatum::text
