// Placeholders, sections and their errors.
#include "task/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"

namespace relatum::task {
namespace {

using testing::error_of;
using testing::example;
using ::testing::HasSubstr;

std::string render(std::string_view text, int neighbours, const std::string& type = "") {
  Example query = example("q", "a cat sat", "cat", "sat");
  query.head.type = type;
  const Example first = example("1", "one {{text}} two", "one", "two", "x");
  const Example second = example("2", "three four", "three", "four", "y");
  const std::vector<const Example*> all = {&first, &second};
  const std::vector<std::string> answers = {"X", "Y"};
  TemplateValues values;
  values.query = &query;
  values.neighbours = std::span(all).first(size_t(neighbours));
  values.neighbour_answers = std::span(answers).first(size_t(neighbours));
  values.labels = "x, y";
  return Template::parse(text, "t").render(values);
}

TEST(Template, FillsEveryPlaceholder) {
  EXPECT_EQ(render("{{text}}|{{marked_text}}|{{head}}|{{tail}}|{{head_type}}|{{tail_type}}|"
                   "{{labels}}",
                   0, "ORG"),
            "a cat sat|a <e1>cat</e1> <e2>sat</e2>|cat|sat|ORG||x, y");
  EXPECT_EQ(render("{{example_text}}|{{example_marked_text}}|{{example_head}}|{{example_tail}}|"
                   "{{example_head_type}}|{{example_tail_type}}|{{example_label}}",
                   2),
            "one {{text}} two|<e1>one</e1> {{text}} <e2>two</e2>|one|two|||X");
}

TEST(Template, MarksEntitiesInThreeWays) {
  EXPECT_EQ(render("{{bracketed_text}}|{{starred_text}}", 0), "a [cat] {sat}|a [ cat] * sat*");
  EXPECT_EQ(render("{{example_bracketed_text}}|{{example_starred_text}}", 1),
            "[one] {{text}} {two}|[ one] {{text}} * two*");
}

TEST(Template, TellsWhichBytesAreData) {
  Example query = example("q", "a <e1>cat</e1> sat", "cat", "sat");
  const Example near = example("1", "one two", "one", "two", "x");
  const std::vector<const Example*> neighbours = {&near};
  const std::vector<std::string> answers = {"X"};
  TemplateValues values;
  values.query = &query;
  values.neighbours = neighbours;
  values.neighbour_answers = answers;
  values.labels = "x, y";
  const auto data_of = [&](std::string_view text) {
    std::vector<text::DataRange> data;
    const std::string whole = Template::parse(text, "t").render(values, &data);
    EXPECT_EQ(whole, Template::parse(text, "t").render(values));
    std::string shown;
    for (const auto& range : data) {
      shown += "(" + whole.substr(range.begin, range.end - range.begin) + ")";
    }
    return shown;
  };
  EXPECT_EQ(data_of("<s>{{text}}</s>"), "(a <e1>cat</e1> sat)");
  EXPECT_EQ(data_of("no value {{head_type}}"), "");
  EXPECT_EQ(data_of("{{labels}}: {{#example}}<{{example_text}} {{example_label}}>{{/example}}"),
            "(x, y)(one two)(X)");
  // Entity markers are the program's, what the text itself spells is not.
  EXPECT_EQ(data_of("{{marked_text}}"), "(a <e1>)(cat)(</e1> )(sat)");
  EXPECT_EQ(data_of("{{example_bracketed_text}}"), "(one)( )(two)");
  EXPECT_EQ(data_of("{{example_starred_text}}"), "(one)( )(two)");
}

TEST(Template, SectionsRepeatStandOnceOrDisappear) {
  const char* each = "<{{#example}}[{{example_head}} {{head}}]{{/example}}>";
  EXPECT_EQ(render(each, 0), "<>");
  EXPECT_EQ(render(each, 1), "<[one cat]>");
  EXPECT_EQ(render(each, 2), "<[one cat][three cat]>");
  EXPECT_EQ(render("{{#examples}}e{{/examples}}", 2), "e");
  EXPECT_EQ(render("{{#examples}}e{{/examples}}", 0), "");
  EXPECT_EQ(render("{{^example}}n{{/example}}{{^examples}}m{{/examples}}", 0), "nm");
  EXPECT_EQ(render("{{^example}}n{{/example}}{{^examples}}m{{/examples}}", 1), "");
  EXPECT_EQ(render("{{#head_type}}({{head_type}}){{/head_type}}", 0, "ORG"), "(ORG)");
  EXPECT_EQ(render("{{#head_type}}({{head_type}}){{/head_type}}", 0), "");
  EXPECT_EQ(render("{{^head_type}}no type{{/head_type}}", 0), "no type");
  EXPECT_EQ(render("{{#example_label}}{{example_label}}{{/example_label}}", 0), "");
  EXPECT_EQ(render("{{#examples}}{{#example}}{{example_label}};{{/example}}{{/examples}}", 2),
            "X;Y;");
}

TEST(Template, SaysWhatItUses) {
  EXPECT_TRUE(Template::parse("{{labels}}", "t").uses_labels());
  EXPECT_FALSE(Template::parse("{{text}}", "t").uses_labels());
  EXPECT_TRUE(Template::parse("{{#example}}{{labels}}{{/example}}", "t").uses_labels());
  EXPECT_TRUE(Template::parse("{{example_text}}", "t").needs_example());
  EXPECT_TRUE(Template::parse("{{#example}}{{example_text}}{{/example}}", "t").uses_example());
  EXPECT_FALSE(Template::parse("{{#example}}{{example_text}}{{/example}}", "t").needs_example());
  EXPECT_TRUE(Template::parse("{{^example}}{{example_text}}{{/example}}", "t").needs_example());
}

TEST(Template, SharedPrefixEndsAtTheFirstRowsPart) {
  EXPECT_EQ(Template::parse("a {{labels}} b {{text}} c", "t").shared_prefix("x, y"), "a x, y b ");
  EXPECT_EQ(Template::parse("a{{#example}}b{{/example}}", "t").shared_prefix(""), "a");
  EXPECT_EQ(Template::parse("{{head}}", "t").shared_prefix(""), "");
}

TEST(Template, OwnTextsAreAllThatTheDataDoNotBring) {
  const auto own = [](std::string_view text) { return Template::parse(text, "t").own_texts(); };
  EXPECT_THAT(own("a {{head}} b{{#example}}c{{^head_type}}d{{/head_type}}{{/example}}{{labels}}"),
              ::testing::ElementsAre("a ", " b", "c", "d"));
  EXPECT_THAT(own("{{marked_text}}"), ::testing::ElementsAre("<e1>", "</e1>", "<e2>", "</e2>"));
  EXPECT_THAT(own("{{example_bracketed_text}}"), ::testing::ElementsAre("[", "]", "{", "}"));
  EXPECT_THAT(own("{{#example}}{{starred_text}}{{/example}}"),
              ::testing::ElementsAre("[ ", "]", "* ", "*"));
  // Asking for a text puts no marker into the prompt.
  EXPECT_THAT(own("{{#marked_text}}{{text}}{{/marked_text}}"), ::testing::IsEmpty());
}

TEST(Template, ErrorsNameFileAndLine) {
  const auto error = [](const std::string& text) {
    return error_of([&] { Template::parse(text, "my.template"); });
  };
  EXPECT_THAT(error("a\nb {{txt}}"), HasSubstr("my.template:2: placeholder {{txt}} is unknown"));
  EXPECT_THAT(error("a\n\n{{text"), HasSubstr("my.template:3: {{ is never closed"));
  EXPECT_THAT(error("\n{{#example}}\n\n"), HasSubstr("my.template:2: section 'example'"));
  EXPECT_THAT(error("{{/example}}"), HasSubstr("my.template:1: placeholder {{/example}}"));
  EXPECT_THAT(error("{{ text }}"), HasSubstr("unknown"));
  EXPECT_THAT(error("{{#txt}}{{/txt}}"), HasSubstr("unknown"));
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "{{#example}}";
  EXPECT_THAT(error(deep), HasSubstr("too deep"));
}

TEST(Template, AnExampleThatIsMissingIsAnError) {
  EXPECT_THAT(error_of([] { render("{{example_text}}", 0); }), HasSubstr("'q' has none"));
}

}  // namespace
}  // namespace relatum::task
