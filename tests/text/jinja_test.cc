// The templates' language against jinja2, marks of data, and what strangers' templates may cost.
#include "text/jinja.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/error_of.h"

namespace relatum::text::jinja {
namespace {

using ::testing::HasSubstr;

Variables variables_of(const nlohmann::json& object) {
  Variables variables;
  for (const auto& [name, value] : object.items()) variables[name] = from_json(value);
  return variables;
}

std::string render(const std::string& source, const Variables& variables = {}) {
  return Template::parse(source).render(variables).text;
}

std::string refusal(const std::string& source, const Variables& variables = {}) {
  return testing::error_of([&] { render(source, variables); });
}

TEST(Jinja, RendersWhatJinja2Renders) {
  std::ifstream lines(std::string(RELATUM_FIXTURES) + "/text/jinja.jsonl");
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  const Variables variables = variables_of(nlohmann::json::parse(line).at("variables"));
  int rendered = 0, refused = 0;
  while (std::getline(lines, line)) {
    const auto one = nlohmann::json::parse(line);
    const std::string source = one.at("template");
    if (one.contains("expected")) {
      EXPECT_EQ(testing::error_of([&] {
                  EXPECT_EQ(render(source, variables), one["expected"].get<std::string>())
                      << source;
                }),
                "")
          << source;
      ++rendered;
    } else {
      EXPECT_THAT(refusal(source, variables), HasSubstr("the model's chat template")) << source;
      ++refused;
    }
  }
  EXPECT_GT(rendered, 60);
  EXPECT_GT(refused, 25);
}

TEST(Jinja, WhatIsNotKnownIsRefusedByName) {
  EXPECT_THAT(refusal("a\n{{ x|xyz }}"), HasSubstr("line 2, uses the filter 'xyz'"));
  EXPECT_THAT(refusal("{% if false %}{{ x|xyz }}{% endif %}"), HasSubstr("the filter 'xyz'"));
  EXPECT_THAT(refusal("{{ x is xyz }}"), HasSubstr("the test 'xyz'"));
  EXPECT_THAT(refusal("{{ xyz(1) }}"), HasSubstr("the function 'xyz'"));
  EXPECT_THAT(refusal("{{ x.xyz() }}"), HasSubstr("the method 'xyz'"));
  EXPECT_THAT(refusal("{% macro m() %}{% endmacro %}"), HasSubstr("the tag 'macro'"));
  EXPECT_THAT(refusal("{% include 'x' %}"), HasSubstr("the tag 'include'"));
  EXPECT_THAT(refusal("{% raw %}{{ x }}{% endraw %}"), HasSubstr("the tag 'raw'"));
  EXPECT_THAT(refusal("{% for x in y recursive %}{% endfor %}"), HasSubstr("recursive loop"));
  EXPECT_THAT(refusal("{{ range(*[1]) }}"), HasSubstr("'*'"));
  EXPECT_THAT(refusal("{{ 'x'|tojson(sort_keys=true) }}"), HasSubstr("sort_keys"));
  EXPECT_THAT(refusal("{{ 'x'|trim(1, 2) }}"), HasSubstr("'trim'"));
  EXPECT_THAT(refusal("{{ ['x']|select('xyz')|list }}"), HasSubstr("the test 'xyz'"));
  EXPECT_THAT(refusal("{{ 5.split('x') }}"), HasSubstr("line 1"));
}

TEST(Jinja, DatesAreNotThere) {
  const std::string asks =
      "{% if strftime_now is defined %}{{ strftime_now('%d') }}"
      "{% else %}26 Jul 2024{% endif %}";
  EXPECT_EQ(render(asks), "26 Jul 2024");
  EXPECT_THAT(refusal("{{ strftime_now('%d') }}"), HasSubstr("strftime_now"));
}

/// The rendered text with its parts from data in [ ].
std::string marked(const std::string& source, const std::string& text,
                   const std::vector<DataRange>& data) {
  const MarkedText result = Template::parse(source).render(
      {{"x", Value::text(MarkedText{text, data})}});
  std::string shown;
  size_t at = 0;
  for (const DataRange& range : result.data) {
    EXPECT_LE(at, range.begin);
    EXPECT_LT(range.begin, range.end);
    EXPECT_LE(range.end, result.text.size());
    shown += result.text.substr(at, range.begin - at) + "[";
    shown += result.text.substr(range.begin, range.end - range.begin) + "]";
    at = range.end;
  }
  return shown + result.text.substr(at);
}

TEST(Jinja, MarksOfDataGoWithTheirBytes) {
  const std::string text = " a<b>c ";
  const std::vector<DataRange> data{{0, 2}, {5, 7}};  // " a" and "c "
  const auto of = [&](const std::string& source) { return marked(source, text, data); };
  EXPECT_EQ(of("<{{ x }}>"), "<[ a]<b>[c ]>");
  EXPECT_EQ(of("{{ 'u' + x + 'v' ~ x }}"), "u[ a]<b>[c ]v[ a]<b>[c ]");
  EXPECT_EQ(of("{{ x|trim }}{{ x.strip() }}"), "[a]<b>[ca]<b>[c]");
  EXPECT_EQ(of("{{ x[1:3] }}{{ x[5] }}{{ x[::-1] }}"), "[a]<[c c]>b<[a ]");
  EXPECT_EQ(of("{{ x|upper }}{{ x.capitalize() }}"), "[ A]<B>[C  a]<b>[c ]");
  EXPECT_EQ(of("{{ x|replace('b', 'aa') }}"), "[ a]<aa>[c ]");
  EXPECT_EQ(of("{{ 'b'|replace('b', x) }}"), "[ a]<b>[c ]");
  EXPECT_EQ(of("{{ x.split('<')|join('|') }}"), "[ a]|b>[c ]");
  EXPECT_EQ(of("{{ x|tojson }}{{ [x] }}"), "\"[ a]<b>[c ]\"['[ a]<b>[c ]']");
  EXPECT_EQ(of("{% set y %}-{{ x }}{% endset %}{{ y }}"), "-[ a]<b>[c ]");
  EXPECT_EQ(of("{% for c in x %}{{ c }}{% endfor %}"), "[ a]<b>[c ]");
  EXPECT_EQ(of("{{ {'k': x}.k }}{{ x|default('') }}"), "[ a]<b>[c  a]<b>[c ]");
  EXPECT_EQ(of("{{ x * 2 }}{{ [x, x]|map('trim')|join }}"), "[ a]<b>[c  a]<b>[c a]<b>[ca]<b>[c]");
  EXPECT_EQ(marked("{{ x|tojson }}", "\"\n", {{0, 2}}), "\"[\\\"\\n]\"");
  EXPECT_EQ(marked("{{ x|trim }}", "  ", {{0, 2}}), "");
}

TEST(Jinja, StrangersTemplatesComeToAnEnd) {
  for (const std::string source :
       {"{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='ab') %}{% for a in range(99) %}{% set ns.x = ns.x + ns.x %}"
        "{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for a in range(99) %}{% set ns.x = [ns.x, ns.x] %}"
        "{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[1]) %}{% for a in range(60) %}{% set ns.x = [ns.x, ns.x] %}"
        "{% endfor %}{{ ns.x == ns.x }}{{ ns.x|tojson }}",
        "{{ 'a' * 999999999999 }}", "{{ [0] * 999999999 }}", "{{ 'a' * 99999999 }}",
        "{{ range(100001) }}", "{{ 9 ** 99 ** 99 }}", "{{ 9223372036854775807 + 1 }}",
        "{{ (-9223372036854775807 - 1) // -1 }}", "{{ 99999999999999999999 }}",
        "{% set x = 'ab' * 99999 %}{% for a in range(9999) %}{{ x.replace('a', x) }}{% endfor %}",
        "{% set x = 'a' * 9999999 %}{{ (x ~ 'b') in (x ~ x) }}"}) {
    EXPECT_THAT(refusal(source), HasSubstr("the model's chat template")) << source;
  }
}

TEST(Jinja, NothingHoldsItself) {
  EXPECT_THAT(refusal("{% set ns = namespace() %}{% set ns.x = ns %}"), HasSubstr("container"));
  EXPECT_THAT(refusal("{% set ns = namespace() %}{% set ns.x = [ns] %}"), HasSubstr("container"));
  EXPECT_THAT(refusal("{% for a in [1] %}{{ [loop] }}{% endfor %}"), HasSubstr("container"));
  EXPECT_THAT(refusal("{{ namespace(x=namespace()) }}"), HasSubstr("container"));
}

TEST(Jinja, DeepTemplatesAreRefused) {
  const auto repeated = [](const std::string& part, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += part;
    return all;
  };
  const int deep = 20000;
  EXPECT_THAT(refusal("{{ " + repeated("(", deep) + "1" + repeated(")", deep) + " }}"),
              HasSubstr("too deep"));
  EXPECT_THAT(refusal("{{ " + repeated("[", deep) + repeated("]", deep) + " }}"),
              HasSubstr("too deep"));
  EXPECT_THAT(refusal("{{ " + repeated("not ", deep) + "x }}"), HasSubstr("too deep"));
  EXPECT_THAT(refusal("{{ " + repeated("- ", deep) + "1 }}"), HasSubstr("too deep"));
  EXPECT_THAT(refusal("{{ 1" + repeated(" + 1", deep) + " }}"), HasSubstr("too deep"));
  EXPECT_THAT(refusal("{{ x" + repeated("|trim", deep) + " }}"), HasSubstr("too deep"));
  EXPECT_THAT(refusal("{{ x" + repeated(".a", deep) + " }}"), HasSubstr("too deep"));
  EXPECT_THAT(refusal("{{ 1" + repeated(" if 1 else 1", deep) + " }}"), HasSubstr("too deep"));
  EXPECT_THAT(refusal(repeated("{% if 1 %}", deep)), HasSubstr("too deep"));
  EXPECT_THAT(refusal(std::string(2 << 20, 'x')), HasSubstr("bytes"));
  EXPECT_EQ(render("{{ 1" + repeated(" + 1", 50) + " }}"), "51");
}

}  // namespace
}  // namespace relatum::text::jinja
