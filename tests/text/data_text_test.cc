// Text that comes from data is never read as a control token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "io/json.h"
#include "support/gguf_writer.h"
#include "support/temporary.h"
#include "text/chat.h"
#include "text/tokenizer.h"

namespace relatum::text {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::Not;
namespace fs = std::filesystem;

const fs::path kFixtures = fs::path(RELATUM_FIXTURES) / "text";

/// The fixture's tokenizer after `change`.
template <typename Change>
std::unique_ptr<Tokenizer> changed(const std::string& shape, Change change) {
  const testing::TemporaryFolder folder;
  json root = io::load_json(kFixtures / shape / "tokenizer.json");
  change(root);
  write_file(folder / "tokenizer.json", io::dump_json(root));
  return load_tokenizer(folder.path());
}

/// As it is, and the same without its special tokens: what reading them as text must give.
struct Pair {
  explicit Pair(const std::string& shape)
      : whole(load_tokenizer(kFixtures / shape)), plain(changed(shape, [](json& root) {
          json& added = root["added_tokens"];
          for (size_t i = added.size(); i-- > 0;) {
            if (added[i]["special"]) added.erase(i);
          }
        })) {}
  std::unique_ptr<Tokenizer> whole, plain;
};

TEST(DataText, SpellsControlTokensOut) {
  for (const char* shape : {"bpe_smollm", "bpe_llama3", "bpe_gpt2_prefix"}) {
    const Pair pair(shape);
    for (const char* text : {"<|end|>", "a <|end|> b<|endings|>", "<|end|><|end|>", "x <|end"}) {
      EXPECT_EQ(pair.whole->encode_data(text), pair.plain->encode(text)) << shape << ": " << text;
    }
    EXPECT_THAT(pair.whole->encode("a <|end|> b"), Contains(*pair.whole->find("<|end|>")));
    const auto plain = pair.plain->encode("<|end|>");
    EXPECT_EQ(pair.whole->decode(pair.whole->encode_data("<|end|>")), pair.plain->decode(plain));
  }
}

TEST(DataText, SpellsBertsTokensOut) {
  for (const char* shape : {"word_piece_uncased", "word_piece_cased"}) {
    const auto tokenizer = load_tokenizer(kFixtures / shape);
    const int32_t sep = tokenizer->find("[SEP]").value();
    const std::string text = "one [SEP] two [CLS][MASK]";
    EXPECT_THAT(tokenizer->encode(text), Contains(sep));
    for (const char* token : {"[SEP]", "[CLS]", "[MASK]"}) {
      EXPECT_THAT(tokenizer->encode_data(text), Not(Contains(tokenizer->find(token).value())));
    }
  }
}

TEST(DataText, OrdinaryTextIsReadAsBefore) {
  for (const char* shape : {"bpe_smollm", "bpe_llama3", "word_piece_uncased"}) {
    const auto tokenizer = load_tokenizer(kFixtures / shape);
    const json cases = io::load_json(kFixtures / shape / "expected.json");
    size_t compared = 0;
    for (const json& one : cases["texts"]) {
      const std::string text = one["text"];
      if (text.find("<|end") != text.npos || text.find('[') != text.npos) continue;
      EXPECT_EQ(json(tokenizer->encode_data(text)), one["ids"]) << shape;
      ++compared;
    }
    EXPECT_GT(compared, 40u);  // added tokens that are not special are among them
  }
}

TEST(DataText, OnlyTheTemplatesBytesMayBeAControlToken) {
  const auto tokenizer = load_tokenizer(kFixtures / "bpe_smollm");
  const int32_t end = tokenizer->find("<|end|>").value();
  const std::string text = "<|end|>a<|end|>";
  const auto count = [&](std::vector<DataRange> data) {
    const auto ids = tokenizer->encode(text, data);
    return std::count(ids.begin(), ids.end(), end);
  };
  EXPECT_EQ(count({}), 2);
  EXPECT_EQ(count({{7, 8}}), 2);
  EXPECT_EQ(count({{7, 15}}), 1);
  EXPECT_EQ(count({{0, 7}}), 1);
  EXPECT_EQ(count({{0, 1}, {14, 15}}), 0);  // one byte is enough
  EXPECT_EQ(count({{3, 4}}), 1);
  EXPECT_EQ(count({{0, 15}}), 0);
  // Words are cut as in the whole text, wherever its data lie.
  EXPECT_EQ(tokenizer->encode("Marie founded it", std::vector<DataRange>{{2, 9}}),
            tokenizer->encode("Marie founded it"));
}

TEST(DataText, AShorterTokenInsideALongerOneStaysItself) {
  const auto tokenizer = changed("bpe_smollm", [](json& root) {
    root["added_tokens"].push_back(
        {{"id", 386}, {"content", "<|"}, {"special", false}, {"normalized", false}});
  });
  EXPECT_EQ(tokenizer->encode_data("<|end|>").front(), 386);
  EXPECT_EQ(tokenizer->encode("<|end|>"), std::vector<int32_t>{*tokenizer->find("<|end|>")});
}

TEST(DataText, TokensThatAreLookedForInNormalisedTextToo) {
  const auto tokenizer = changed("bpe_smollm", [](json& root) {
    root["normalizer"] = {{"type", "Lowercase"}};
    root["added_tokens"][0]["normalized"] = true;
  });
  const int32_t end = tokenizer->find("<|end|>").value();
  const std::string text = "\u0130<|END|>";  // its lower case is a byte longer
  EXPECT_THAT(tokenizer->encode(text), Contains(end));
  EXPECT_THAT(tokenizer->encode(text, std::vector<DataRange>{{0, 2}}), Contains(end));
  EXPECT_THAT(tokenizer->encode(text, std::vector<DataRange>{{2, 4}}), Not(Contains(end)));
  EXPECT_THAT(tokenizer->encode_data(text), Not(Contains(end)));
}

TEST(DataText, GgufControlTokensCountUserDefinedOnesDoNot) {
  const testing::TemporaryFolder folder;
  const json root = io::load_json(kFixtures / "bpe_smollm/tokenizer.json");
  std::vector<std::string> tokens(root["model"]["vocab"].size()), merges;
  for (const auto& [token, id] : root["model"]["vocab"].items()) tokens[id.get<size_t>()] = token;
  for (const json& merge : root["model"]["merges"]) {
    merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  }
  std::vector<int32_t> types(tokens.size(), 1);
  tokens.insert(tokens.end(), {"<|stop|>", "<user>"});
  types.insert(types.end(), {3, 4});
  testing::GgufWriter writer;
  writer.set_string("general.architecture", "llama");
  writer.set_string("tokenizer.ggml.model", "gpt2");
  writer.set_string("tokenizer.ggml.pre", "smollm");
  writer.set_strings("tokenizer.ggml.tokens", tokens);
  writer.set_ints("tokenizer.ggml.token_type", types);
  writer.set_strings("tokenizer.ggml.merges", merges);
  writer.write(folder / "t.gguf");
  const auto tokenizer = load_tokenizer(folder / "t.gguf");
  const auto ids = tokenizer->encode_data("<|stop|><user>");
  EXPECT_THAT(ids, Not(Contains(*tokenizer->find("<|stop|>"))));
  EXPECT_THAT(ids, Contains(*tokenizer->find("<user>")));
}

TEST(DataText, KeepsItsPlaceInsideAChatsFrame) {
  const testing::TemporaryFolder folder;
  write_file(folder / "vocab.txt", "[UNK]\n[CLS]\n[SEP]\n");
  write_file(folder / "tokenizer_config.json",
             R"({"chat_template": "<|user|>{{ messages[0].content | trim }}<|eot_id|>"})");
  const ChatTemplate chat = ChatTemplate::of(*load_tokenizer(folder.path()));
  const std::string message = "  ab <|eot_id|> \n";
  const ChatText wrapped = apply_chat(chat, message, std::vector<DataRange>{{1, 3}, {5, 17}});
  EXPECT_EQ(wrapped.text, apply_chat(chat, message));
  ASSERT_EQ(wrapped.data.size(), 2u);
  const auto part = [&](const DataRange& range) {
    return wrapped.text.substr(range.begin, range.end - range.begin);
  };
  EXPECT_EQ(part(wrapped.data[0]), "a");
  EXPECT_EQ(part(wrapped.data[1]), "<|eot_id|>");
  EXPECT_TRUE(apply_chat(chat, "  ", std::vector<DataRange>{{0, 2}}).data.empty());
}

}  // namespace
}  // namespace relatum::text
