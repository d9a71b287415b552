// Which names become one entity, what it is called, and how its id stays.
#include "graph/merge_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/error_of.h"

namespace relatum::graph {
namespace {

using ::testing::HasSubstr;

Name name(const std::string& text, const std::string& type, const std::string& id = "",
          int64_t mentions = 1) {
  return {type, normal_name(text, {.articles = {}}), id, text, mentions};
}

/// Groups of texts, in order of ids, each entity as "name: text, text".
std::vector<std::string> groups(const std::vector<Name>& names, const MergeRules& rules = {}) {
  const MergedNames merged = merge_names(names, rules);
  std::vector<std::string> result;
  for (size_t e = 0; e < merged.entities.size(); ++e) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < names.size(); ++i) {
      if (merged.entity_of[i] == e) texts.push_back(names[i].text);
    }
    std::sort(texts.begin(), texts.end());
    std::string group = merged.entities[e].name + ":";
    for (const std::string& text : texts) group += " " + text;
    result.push_back(group);
  }
  std::sort(result.begin(), result.end());
  return result;
}

using Groups = std::vector<std::string>;

TEST(MergeNames, JoinsEqualFormsOfOneType) {
  EXPECT_EQ(groups({name("Acme", "ORG", "", 3), name("The Acme", "ORG"), name("Acme", "PLACE"),
                    name("Bolt", "ORG")}),
            (Groups{"Acme: Acme", "Acme: Acme The Acme", "Bolt: Bolt"}));
}

TEST(MergeNames, FollowsTheGazetteersIds) {
  // One id, two forms and types; the name of another id never joins.
  EXPECT_EQ(groups({name("IBM", "ORG", "Q1", 2), name("Big Blue", "BRAND", "Q1"),
                    name("IBM", "ORG", "Q2")}),
            (Groups{"IBM: Big Blue IBM", "IBM: IBM"}));
  // A name without an id joins where it can be one thing alone.
  EXPECT_EQ(groups({name("IBM", "ORG", "Q1"), name("ibm", "ORG")}), (Groups{"IBM: IBM ibm"}));
  EXPECT_EQ(groups({name("IBM", "ORG", "Q1"), name("IBM", "ORG", "Q2"), name("ibm", "ORG")}),
            (Groups{"IBM: IBM", "IBM: IBM", "ibm: ibm"}));
  EXPECT_EQ(groups({name("IBM", "ORG", "Q1"), name("ibm", "PLACE")}),
            (Groups{"IBM: IBM", "ibm: ibm"}));
}

TEST(MergeNames, GivesAnIdTheTypeOfMostMentions) {
  const MergedNames merged = merge_names(
      std::vector{name("IBM", "ORG", "Q1", 2), name("IBM", "BRAND", "Q1", 3)}, {});
  ASSERT_EQ(merged.entities.size(), 1);
  EXPECT_EQ(merged.entities[0].id, "Q1");
  EXPECT_EQ(merged.entities[0].type, "BRAND");
  EXPECT_EQ(merged.entities[0].mentions, 5);
}

TEST(MergeNames, FollowsTheAliasTable) {
  const MergeRules rules{.aliases = Aliases::parse("alias,name,type,id\n"
                                                   "Big Blue,IBM,ORG,\n"
                                                   "\"Bell, Labs\",Nokia Bell Labs,,Q9\n",
                                                   "a.csv")};
  EXPECT_EQ(
      groups({name("the big blue", "ORG", "", 5), name("I.B.M.", "ORG"), name("Big Blue", "SONG"),
              name("Bell Labs", "ORG"), name("Nokia Bell Labs", "ORG")},
             rules),
      (Groups{"Big Blue: Big Blue", "IBM: I.B.M. the big blue",
              "Nokia Bell Labs: Bell Labs Nokia Bell Labs"}));
}

TEST(MergeNames, JoinsSimilarNamesTheMostSimilarFirst) {
  const std::vector<Name> names = {name("Acme Corp", "ORG", "Q1"), name("Acme Corporation", "ORG"),
                                   name("Acme Corpus", "ORG", "Q2"), name("Acme", "PLACE")};
  MergeRules rules;
  rules.similarity = [](std::span<const Name>) {
    return std::vector<SimilarNames>{{1, 2, 0.93}, {0, 1, 0.95}, {0, 3, 0.99}, {0, 2, 0.97}};
  };
  EXPECT_EQ(groups(names, rules), (Groups{"Acme Corp: Acme Corp Acme Corporation",
                                          "Acme Corpus: "
                                          "Acme Corpus",
                                          "Acme: Acme"}));
  const std::vector<JoinedNames> joined = merge_names(names, rules).joined;
  ASSERT_EQ(joined.size(), 1u);
  EXPECT_EQ(joined[0].type + ": " + joined[0].one + ", " + joined[0].other,
            "ORG: Acme Corp, Acme Corporation");
  EXPECT_EQ(joined[0].similarity, 0.95);
  rules.similarity_threshold = 0.96;
  EXPECT_EQ(groups(names, rules).size(), 4);
}

TEST(MergeNames, GivesTheSameIdsInAnyOrder) {
  std::vector<Name> names = {name("Acme", "ORG", "", 2), name("ACME", "ORG"),
                             name("Bolt", "ORG", "Q7"),  name("bolt", "ORG"),
                             name("Acme", "PLACE"),      name("C++", "TOOL")};
  const MergedNames first = merge_names(names, {});
  std::reverse(names.begin(), names.end());
  const MergedNames second = merge_names(names, {});
  ASSERT_EQ(first.entities.size(), second.entities.size());
  for (size_t i = 0; i < first.entities.size(); ++i) {
    EXPECT_EQ(first.entities[i].id, second.entities[i].id);
    EXPECT_EQ(first.entities[i].name, second.entities[i].name);
  }
  // What is there already keeps its id as others come.
  names.push_back(name("Zeta", "ORG"));
  const MergedNames third = merge_names(names, {});
  for (const MergedEntity& each : first.entities) {
    EXPECT_EQ(std::count_if(third.entities.begin(), third.entities.end(),
                            [&](const MergedEntity& other) { return other.id == each.id; }),
              1);
  }
}

TEST(MergeNames, RefusesAnIdThatIsAlsoAHash) {
  const MergedNames merged = merge_names(std::vector{name("Acme", "ORG")}, {});
  EXPECT_THAT(merged.entities[0].id, ::testing::MatchesRegex("n-[0-9a-f]{16}"));
  EXPECT_THAT(
      testing::error_of(
          [&] {
    merge_names(std::vector{name("Acme", "ORG"), name("Bolt", "ORG", merged.entities[0].id)}, {});
      }),
      HasSubstr("is that of two entities"));
}

TEST(Aliases, RefusesByLine) {
  const std::vector<std::pair<std::string, std::string>> refusals = {
      {"", "a.csv:1: an alias table begins with the line alias,name"},
      {"alias\nx\n", "a.csv:1: an alias table needs the columns alias and name"},
      {"alias,nmae\n", "a.csv:1: 'nmae' is no column of an alias table. Did you mean 'name'?"},
      {"alias,name,name\n", "a.csv:1: column 'name' stands there twice"},
      {"alias,name\nx,\n", "a.csv:2: the cell of 'name' is empty"},
      {"alias,name\nx,y\nX,z\n", "a.csv:3: 'X' stands for 'z', but for 'y' in line 2"},
      {"alias,name\nx,y\ny,z\n", "a.csv:2: 'y' is itself an alias, in line 3"},
      {"alias,name\n\"x,y\n", "a.csv:2: "},
  };
  for (const auto& [text, said] : refusals) {
    EXPECT_THAT(testing::error_of([&] { Aliases::parse(text, "a.csv"); }), HasSubstr(said)) << text;
  }
}

TEST(Aliases, ReadsOtherSeparatorsAndForms) {
  for (const char* text : {"alias;name\nBig Blue;IBM\n", "name\talias\nIBM\tBIG  BLUE\n"}) {
    const Aliases aliases = Aliases::parse(text, "a.csv");
    ASSERT_NE(aliases.find("ORG", "big blue"), nullptr);
    EXPECT_EQ(aliases.find("ORG", "big blue")->name, "IBM");
  }
  EXPECT_TRUE(Aliases::parse("alias,name\n", "a.csv").empty());
}

}  // namespace
}  // namespace relatum::graph
