// relatum quantize: its figures as a table and as JSON, and what it does not replace.
#include <cmath>

#include "app/workbench.h"

namespace relatum::testing {
namespace {

class QuantizeCommand : public Workbench {
 protected:
  Arguments quantize(const std::string& format, const Arguments& more = {}) const {
    return Arguments{"quantize", "--model", kModel, "--format", format, "--out", path("m.gguf")} +
           more;
  }
};

TEST_F(QuantizeCommand, TellsSizesAndErrorsAsJson) {
  const Outcome outcome = done(quantize("q8_0", {"--json", "--quiet"}));
  EXPECT_EQ(outcome.err, "");
  const json told = json::parse(outcome.out);
  uint64_t bytes = 0;
  bool embedding = false;
  for (const json& kind : told.at("kinds")) {
    bytes += kind.at("bytes").get<uint64_t>();
    EXPECT_GE(kind.at("error"), 0.0);
    EXPECT_LE(kind.at("bytes"), kind.at("bytes_before"));
    EXPECT_GT(kind.at("tensors"), 0);
    embedding = embedding || (kind.at("kind") == "token_embd" && kind.at("error") > 0.0);
  }
  EXPECT_TRUE(embedding);
  EXPECT_EQ(told.at("bytes"), bytes);
  EXPECT_FALSE(told.contains("comparison"));
  // The file is what the figures are about, and is used like its source.
  EXPECT_GE(fs::file_size(path("m.gguf")), bytes);
  done({"inspect", path("m.gguf")});
}

TEST_F(QuantizeCommand, AnExistingFileStaysWithoutOverwrite) {
  done(quantize("q8_0"));
  const std::string first = read("m.gguf");
  refused(quantize("f16"), {"m.gguf", "--overwrite"});
  EXPECT_EQ(read("m.gguf"), first);
  done(quantize("f16", {"--overwrite"}));
  EXPECT_NE(read("m.gguf"), first);
}

TEST_F(QuantizeCommand, ComparesBothOnAText) {
  write("text.txt", "Anna Vogt flies for Kestrel Airways, and Bo Nilsen does not.\n");
  const Arguments compared{"--compare", path("text.txt"), "--threads", "1"};
  const json exact =
      json::parse(done(quantize("f32", compared + Arguments{"--json"})).out).at("comparison");
  EXPECT_GT(exact.at("tokens"), 5);
  EXPECT_GT(exact.at("perplexity_before"), 1.0);
  EXPECT_EQ(exact.at("perplexity_after"), exact.at("perplexity_before"));
  EXPECT_EQ(exact.at("loss_change"), 0.0);
  EXPECT_TRUE(exact.at("loss_change_error").is_null());  // one row
  const Outcome table = done(quantize("q4_0", compared + Arguments{"--overwrite"}));
  EXPECT_THAT(table.out, HasSubstr("perplexity  "));
  EXPECT_THAT(table.out, HasSubstr(" a token (the text is too short for a standard error"));
  // What cannot be read is told before anything is written.
  fs::remove(path("m.gguf"));
  refused(quantize("q4_0", {"--compare", path("absent.txt")}), {"absent.txt"});
  refused(quantize("q4_0", {"--compare", write("empty.txt", "")}), {"no token"});
}

}  // namespace
}  // namespace relatum::testing
