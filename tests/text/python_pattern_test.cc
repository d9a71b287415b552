// Expressions mean here what they mean in Python's re; the expectations are CPython 3.11's.
#include "text/python_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/error_of.h"

namespace relatum::text {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Matches {
  const char* expression;
  std::vector<const char*> whole, not_whole;
};

const Matches kMatches[] = {
    {"[a-p--q]", {"a", "q", "-", "Z"}, {"r", "v"}},  // a range, then one from "-" to "q"
    {"[q-]", {"q", "-"}, {"r"}},
    {"[^a-p&&v]", {"q"}, {"v", "&", "c"}},
    {"[[0]", {"[", "0"}, {"1"}},
    {"[:alpha:]", {":", "l"}, {"b"}},
    {"[]a]", {"]", "a"}, {"b"}},
    {"[\u00e9-\u00fc]", {"\u00e9", "\u00f6"}, {"e"}},
    {R"([\161])", {"q"}, {"1"}},  // octal
    {R"(\161)", {"q"}, {"1"}},
    {R"(\x71)", {"q"}, {"x71"}},
    {R"((a)\1)", {"aa"}, {"a1"}},
    {"aq{,1}", {"a", "aq"}, {"aqq"}},
    {R"(q{2}\Z)", {"qq"}, {"q"}},
    {"q{x}|a}", {"q{x}", "a}"}, {"q"}},
    {R"([\b]\v)", {"\b\v"}, {"b\v"}},
    {"(?P<a_part>x|y)z", {"xz", "yz"}, {"z"}},
};

TEST(PythonPattern, MeansWhatItMeansInPython) {
  for (const Matches& each : kMatches) {
    const PythonPattern pattern(each.expression, "a.json");
    for (const char* text : each.whole) {
      EXPECT_TRUE(pattern.matches_whole(text)) << each.expression << " " << text;
    }
    for (const char* text : each.not_whole) {
      EXPECT_FALSE(pattern.matches_whole(text)) << each.expression << " " << text;
    }
  }
}

TEST(PythonPattern, MatchesFromTheStartAndGivesTheFirstGroup) {
  const PythonPattern pattern(R"(.*\.(\d+)\.)", "a.json");
  std::string group;
  EXPECT_TRUE(pattern.matches_start("layers.12.mlp", &group));
  EXPECT_EQ(group, "12");
  EXPECT_FALSE(pattern.matches_whole("layers.12.mlp"));
  EXPECT_FALSE(pattern.matches_start("layers"));
}

std::string error(const std::string& expression) {
  return testing::error_of([&] { PythonPattern(expression, "a.json: 'key'"); });
}

TEST(PythonPattern, WhatPythonDoesNotReadIsRefused) {
  for (const char* expression : {R"(\Qq\E)", R"(\p{L})", R"(\h)", R"(\R)", R"([\B])", R"([\9])"}) {
    EXPECT_THAT(error(expression), HasSubstr("Python does not know")) << expression;
  }
  EXPECT_THAT(error("(?<a>q)"), HasSubstr("(?P<name>"));
  EXPECT_THAT(error("[q"), HasSubstr("without its ']'"));
  EXPECT_THAT(error("q\\"), HasSubstr("backslash"));
  EXPECT_THAT(error("(open"),
              AllOf(HasSubstr("a.json: 'key'"), HasSubstr("'(open'"), HasSubstr("cannot be read")));
  EXPECT_THAT(error("(?P<x>a)(?P=x)"), HasSubstr("not supported"));
}

TEST(PythonPattern, HostileOnesEnd) {
  const std::string error_of_long = error(std::string(50000, '('));
  EXPECT_THAT(error_of_long, HasSubstr("50000 bytes"));
  EXPECT_LT(error_of_long.size(), 1000u);
  const PythonPattern slow("((.*)*)*!", "a.json");
  EXPECT_THAT(testing::error_of([&] { slow.matches_whole(std::string(40, 'a')); }),
              HasSubstr("gives up"));
}

}  // namespace
}  // namespace relatum::text
