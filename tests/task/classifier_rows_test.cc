// What a classifier reads: markers among a sentence's tokens, and the places of two of them.
#include "task/classifier_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/session.h"
#include "support/error_of.h"
#include "support/sessions.h"

namespace relatum::testing {
namespace {

using task::Example;
using ::testing::HasSubstr;

constexpr task::MarkerTokens kMarkers{901, 902, 903, 904};

class ClassifierRows : public ::testing::Test {
 protected:
  static Example example(const std::string& text, task::Span head, task::Span tail) {
    Example result;
    result.id = "1";
    result.text = text;
    result.head = std::move(head);
    result.tail = std::move(tail);
    return result;
  }
  static engine::ClassifierRow row(const engine::Session& session, const Example& example) {
    const task::PromptRenderer renderer(task::classifier_style({kMarkers, {}, {"a", "b"}}),
                                        task::Labels({"a", "b"}));
    return task::classifier_row(session, renderer.render(example), kMarkers);
  }
  static std::vector<int32_t> without_markers(std::vector<int32_t> tokens) {
    std::erase_if(tokens, [](int32_t token) { return token > 900; });
    return tokens;
  }
  static std::vector<int32_t> markers_of(std::vector<int32_t> tokens) {
    std::erase_if(tokens, [](int32_t token) { return token <= 900; });
    return tokens;
  }
  const engine::Session encoder_{fixture("bert"), plain_options()};
  const engine::Session decoder_{fixture("llama/tied"), plain_options()};
};

TEST_F(ClassifierRows, AnEncoderReadsTheSentenceWithMarkersInIt) {
  const Example marked = example("The cat sat in the river.", {4, 7, ""}, {19, 24, ""});
  const auto made = row(encoder_, marked);
  EXPECT_EQ(without_markers(made.tokens),
            encoder_.tokenizer().encode_with_special("The cat sat in the river."));
  EXPECT_EQ(markers_of(made.tokens), (std::vector<int32_t>{901, 902, 903, 904}));
  EXPECT_EQ(made.tokens[size_t(made.read[0])], 901);
  EXPECT_EQ(made.tokens[size_t(made.read[1])], 903);
  const int32_t cat = *encoder_.tokenizer().find("cat");
  EXPECT_EQ(made.tokens[size_t(made.read[0] + 1)], cat);
  EXPECT_EQ(made.tokens[size_t(made.read[0] + 2)], 902);
}

// Tail before head, entities at both ends, one inside the other, and equal ones.
TEST_F(ClassifierRows, MarkersStandWhereTheSpansSay) {
  const std::string text = "cat in river";
  const auto last = row(encoder_, example(text, {7, 12, ""}, {0, 3, ""}));
  EXPECT_EQ(markers_of(last.tokens), (std::vector<int32_t>{903, 904, 901, 902}));
  EXPECT_EQ(last.tokens[size_t(last.read[0])], 901);
  EXPECT_EQ(last.tokens[size_t(last.read[1])], 903);
  EXPECT_EQ(last.read[1], 1);  // behind [CLS]
  const auto inside = row(encoder_, example(text, {0, 12, ""}, {4, 6, ""}));
  EXPECT_EQ(markers_of(inside.tokens), (std::vector<int32_t>{901, 903, 904, 902}));
  const auto equal = row(encoder_, example(text, {0, 3, ""}, {0, 3, ""}));
  EXPECT_EQ(markers_of(equal.tokens), (std::vector<int32_t>{901, 903, 904, 902}));
  EXPECT_EQ(equal.read[1], equal.read[0] + 1);
  for (const auto& each : {last, inside, equal}) {
    EXPECT_EQ(without_markers(each.tokens), encoder_.tokenizer().encode_with_special(text));
  }
}

// Both names stand behind the sentence, which the states that are read have seen.
TEST_F(ClassifierRows, ADecoderReadsTheNamesOnceMore) {
  const auto made = row(decoder_, example("The cat sat in the river.", {4, 7, ""}, {19, 24, ""}));
  EXPECT_EQ(markers_of(made.tokens),
            (std::vector<int32_t>{901, 902, 903, 904, 901, 902, 903, 904}));
  EXPECT_EQ(made.read[1], int64_t(made.tokens.size()) - 1);
  EXPECT_EQ(made.tokens[size_t(made.read[0])], 902);
  EXPECT_EQ(made.tokens[size_t(made.read[0] + 1)], 903);
  // The blank before a name is part of it, as it is in the sentence.
  const auto cat = decoder_.tokenizer().encode(" cat"),
             river = decoder_.tokenizer().encode(" river");
  EXPECT_TRUE(
      std::equal(cat.rbegin(), cat.rend(), made.tokens.rbegin() + 3 + ptrdiff_t(river.size())));
  const auto first = std::ranges::find(made.tokens, 901);
  EXPECT_TRUE(std::equal(cat.begin(), cat.end(), first + 1));
}

// Text of the data that looks like a marker is text.
TEST_F(ClassifierRows, MarksInTheTextAreText) {
  const auto made = row(encoder_, example("<e1>cat</e1> in river", {4, 7, ""}, {16, 21, ""}));
  EXPECT_EQ(markers_of(made.tokens), (std::vector<int32_t>{901, 902, 903, 904}));
  EXPECT_EQ(without_markers(made.tokens),
            encoder_.tokenizer().encode_with_special("<e1>cat</e1> in river"));
}

TEST(ClassifierMarkers, AreSymbolsOrRefused) {
  const engine::Session decoder(fixture("llama/tied"), plain_options());
  const auto symbols = task::symbol_tokens(decoder.tokenizer());
  EXPECT_EQ(decoder.tokenizer().token(symbols[0]), "[");
  EXPECT_EQ(decoder.tokenizer().token(symbols[3]), "}");
  const engine::Session encoder(fixture("bert"), plain_options());
  EXPECT_THAT(error_of([&] { task::symbol_tokens(encoder.tokenizer()); }), HasSubstr("'['"));
  const auto like = task::tokens_like_symbols(encoder.tokenizer());
  EXPECT_EQ(like[0], *encoder.tokenizer().special().unk);
}

}  // namespace
}  // namespace relatum::testing
