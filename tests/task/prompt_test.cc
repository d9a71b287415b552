// Every built-in style against its golden text; the authors' templates against their prompts.
#include "task/prompt.h"
#include "base/utf8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/json.h"
#include "support.h"
#include "support/shared.h"
#include "task/answer.h"
#include "task/load.h"
#include "task/semeval_scorer.h"
#include "task/tacred_labels.h"

namespace relatum::task {
namespace {

using ::testing::AllOf;
using testing::error_of;
using testing::example;
using ::testing::HasSubstr;
using testing::Scratch;
using testing::slurp;

/// A row with types, and a neighbour; the golden texts in fixtures/task show both.
const Labels kLabels({"located_in", "no_relation"});

Example golden_query() {
  Example query = example("q", "Ada saw the bridge in Porto.", "bridge", "Porto", "located_in");
  query.head.type = "FACILITY";
  query.tail.type = "CITY";
  return query;
}

TEST(PromptStyles, EqualTheirGoldenTexts) {
  const Example neighbour = example("n", "The mill stands in Ghent.", "mill", "Ghent",
                                    "located_in");
  const std::vector<const Example*> neighbours = {&neighbour};
  ASSERT_FALSE(prompt_styles().empty());
  for (const PromptStyle* style : prompt_styles()) {
    SCOPED_TRACE(style->name);
    const PromptRenderer renderer(*style, kLabels);
    std::string text;
    for (const auto& retrieved : {std::span<const Example* const>(), std::span(neighbours)}) {
      const Prompt prompt = renderer.render(golden_query(), retrieved);
      text += "--- " + std::to_string(retrieved.size()) + " neighbours, prefix_chars " +
              std::to_string(prompt.prefix_chars) + "\n" + prompt.prompt + "|" + prompt.completion +
              "\n";
    }
    const auto golden = std::filesystem::path(RELATUM_FIXTURES) / "task/prompts" /
                        (style->name + ".txt");
    if (std::getenv("RELATUM_WRITE_GOLDEN")) std::ofstream(golden, std::ios::binary) << text;
    EXPECT_EQ(text, slurp(golden)) << "RELATUM_WRITE_GOLDEN=1 writes " << golden;
  }
}

TEST(PromptStyles, KeepTheirPromises) {
  const Example a = example("a", "The mill stands in Ghent.", "mill", "Ghent", "located_in");
  const std::vector<const Example*> neighbours = {&a};
  for (const PromptStyle* style : prompt_styles()) {
    SCOPED_TRACE(style->name);
    EXPECT_FALSE(style->description.empty());
    EXPECT_EQ(style->name.find('_'), std::string::npos);
    EXPECT_FALSE(style->body.needs_example()) << "a built-in style must do without an index";
    const PromptRenderer renderer(*style, kLabels);
    const Prompt plain = renderer.render(golden_query());
    const Prompt shown = renderer.render(golden_query(), neighbours);
    EXPECT_EQ(style->uses_example(), plain.prompt != shown.prompt);
    EXPECT_EQ(style->uses_labels(), plain.prompt.find(renderer.answers()[1]) != std::string::npos);
    EXPECT_FALSE(plain.prompt.ends_with(' ')) << "the completion brings the space";
    const auto prefix = [](const Prompt& p) { return utf8_slice(p.prompt, 0, p.prefix_chars); };
    EXPECT_EQ(prefix(plain), prefix(shown));
    EXPECT_EQ(prefix(plain), prefix(renderer.render(a)));
  }
}

TEST(PromptStyles, EachLabelIsVerbalisedAndParsedBack) {
  for (const PromptStyle* style : prompt_styles()) {
    for (const auto& names : {semeval_labels(), tacred_labels(), retacred_labels()}) {
      const Labels labels(names);
      const std::vector<std::string> answers = answer_texts(*style, labels);
      const AnswerParser parser(labels, answers);
      for (int64_t i = 0; i < labels.size(); ++i) {
        EXPECT_EQ(parser.parse(" " + answers[size_t(i)]), i) << style->name << answers[size_t(i)];
        EXPECT_EQ(parser.parse("Relation: " + answers[size_t(i)] + "."), i) << answers[size_t(i)];
      }
    }
  }
}

TEST(Prompt, AnswersThatCouldNotBeToldApartAreTheLabels) {
  PromptStyle style = *prompt_styles()[0];
  style.verbalise = [](std::string_view label) { return std::string(label.substr(0, 1)); };
  const std::vector<std::string> labels = {"ab", "b", "ac"};
  EXPECT_EQ(answer_texts(style, Labels(labels)), labels);
  EXPECT_THAT(answer_texts(style, Labels({"ab", "b"})), ::testing::ElementsAre("a", "b"));
  style.verbalise = [](std::string_view) { return std::string(); };
  EXPECT_THAT(answer_texts(style, Labels({"ab"})), ::testing::ElementsAre("ab"));
  EXPECT_NE(error_of([&] { answer_texts(style, Labels()); }), "");
}

TEST(Prompt, RefusesLabelsThatTheInventoryLacks) {
  const PromptRenderer renderer(*prompt_styles()[0], kLabels);
  EXPECT_THAT(error_of([&] { renderer.render(example("7", "a b", "a", "b", "located_im")); }),
              AllOf(HasSubstr("'7'"), HasSubstr("located_im"), HasSubstr("located_in")));
}

TEST(Prompt, ANeighbourMustHaveTheLabelThatIsShown) {
  const Example bare = example("9", "a b", "a", "b");
  const std::vector<const Example*> neighbours = {&bare};
  const PromptRenderer shows(load_style("compact"), kLabels);
  EXPECT_THAT(error_of([&] { shows.render(golden_query(), neighbours); }), HasSubstr("'9'"));
  const PromptRenderer hides(load_style("rag4re-simple"), kLabels);
  EXPECT_EQ(error_of([&] { hides.render(golden_query(), neighbours); }), "");
}

TEST(Prompt, LoadsTemplateFiles) {
  const Scratch scratch;
  const auto rendered = [&](std::string_view text) {
    const PromptRenderer renderer(load_style(scratch.file("t.template", text)), kLabels);
    return renderer.render(golden_query()).prompt;
  };
  EXPECT_EQ(rendered("{{head}}: \n"), "bridge: ");
  EXPECT_EQ(rendered("\xEF\xBB\xBF{{head}}\n\n"), "bridge\n");
  EXPECT_EQ(rendered("{{head}}\r\n"), "bridge");
  EXPECT_EQ(rendered("\xEF\xBB\xBF{{head}}\r\nx\ry\r\n"), "bridge\nx\ny");
  EXPECT_THAT(error_of([&] { rendered("a\n{{hed}}"); }), HasSubstr("t.template:2"));
  EXPECT_NE(error_of([&] { rendered(""); }), "");
  EXPECT_NE(error_of([&] { rendered("\xff"); }), "");
  EXPECT_THAT(error_of([&] { load_style("compakt"); }),
              AllOf(HasSubstr("Did you mean 'compact'"), HasSubstr("rag4re-simple")));
  EXPECT_EQ(load_style("rag4re-simple").name, "rag4re-simple");
}

TEST(Prompts, AreALineOfJson) {
  EXPECT_EQ(to_json(Prompt{"1", "a\n\"é🍯", " x", 3}),
            "{\"id\":\"1\",\"prompt\":\"a\\n\\\"é🍯\",\"completion\":\" x\",\"prefix_chars\":3}");
}

/// Renders all test rows with one of the authors' templates and hands each to `check`.
template <class Check>
void with_published(const std::string& kind, const std::vector<const Example*>& neighbours,
                    const Dataset& test, const Check& check) {
  const auto style = relatum::testing::shared_file("rag4re/semeval_" + kind + ".template");
  const auto labels = relatum::testing::shared_file("rag4re/semeval_" + kind + "_labels.json");
  const auto prompts = relatum::testing::shared_file("rag4re/semeval_" + kind + "_prompts.json");
  ASSERT_TRUE(style && labels && prompts);
  const nlohmann::json published = io::load_json(*prompts);
  ASSERT_EQ(published.size(), 2717u);
  const PromptRenderer renderer(load_style(style->string()), load_labels(*labels));
  for (size_t i = 0; i < published.size(); ++i) {
    Example query = test.examples[i];
    query.label.reset();  // the query prompts' inventory lacks one label
    const Prompt prompt = renderer.render(query, std::span(neighbours).subspan(i, 1));
    check(prompt.prompt, published[i]);
  }
}

TEST(PublishedPrompts, BothKindsComeOutByteByByte) {
  const auto test_file = relatum::testing::shared_file("semeval2010/TEST_FILE_FULL.TXT");
  const auto train_file = relatum::testing::shared_file("semeval2010/TRAIN_FILE.TXT");
  const auto similar = relatum::testing::shared_file("rag4re/semeval_similar_sentences.json");
  RELATUM_NEEDS(test_file);
  RELATUM_NEEDS(train_file);
  RELATUM_NEEDS(similar);
  const Dataset test = load_dataset(test_file->string());
  const Dataset train = load_dataset(train_file->string());
  std::vector<const Example*> neighbours;
  for (const auto& row : io::load_json(*similar)) {
    neighbours.push_back(&train.examples.at(row.at("train_idex").get<size_t>()));
    EXPECT_EQ(marked_text(*neighbours.back()), row.at("similar_sentence").get<std::string>());
  }
  ASSERT_EQ(neighbours.size(), 2717u);
  int64_t equal = 0;
  with_published("rag", neighbours, test, [&](const std::string& prompt, const auto& published) {
    equal += prompt == published.at("prompt").template get<std::string>();
  });
  EXPECT_EQ(equal, 2717);
  with_published("query", neighbours, test, [&](const std::string& prompt, const auto& published) {
    equal += prompt == published.template get<std::string>();
  });
  EXPECT_EQ(equal, 2 * 2717);
}

}  // namespace
}  // namespace relatum::task
