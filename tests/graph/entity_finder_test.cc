// Lists of names and given entities as finders, and several finders as one.
#include "graph/entity_finder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "graph/list_finders.h"

namespace relatum::graph {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> shown(const Mentions& mentions) {
  std::vector<std::string> lines;
  for (const Mention& each : mentions) {
    lines.push_back(fmt::format("{}-{} {} {} {} {}", each.span.start, each.span.end, each.text,
                                each.type, each.probability, each.gazetteer));
  }
  return lines;
}

std::unique_ptr<EntityFinder> names() {
  Gazetteer gazetteer;
  gazetteer.add("Jordan", "PLACE", "Q1");
  gazetteer.add("Jordan", "PERSON", "Q2");
  gazetteer.add("Jordan", "PERSON", "Q3");
  gazetteer.add("Zürich", "PLACE", "");
  return gazetteer_finder(std::move(gazetteer), "names");
}

TEST(EntityFinder, AGazetteersMatchesAreMentionsOfTheirDocument) {
  const auto finder = names();
  const std::vector<DocumentView> documents = {
      {"a", "In Zürich, Jordan sat.", {}, {}}, {"b", "", {}, {}}, {"c", "Jordan", {}, {}}};
  const std::vector<Mentions> found = finder->find(documents, {});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_THAT(shown(found[0]), ElementsAre("3-9 Zürich PLACE 1 ", "11-17 Jordan PERSON 1 Q2",
                                           "11-17 Jordan PERSON 1 Q3", "11-17 Jordan PLACE 1 Q1"));
  EXPECT_THAT(found[1], ElementsAre());
  EXPECT_EQ(found[2].size(), 3u);
}

// What says the same is one, as sure as the surest; ids stay, and a mention without one joins them.
TEST(EntityFinder, SeveralFindersAreOne) {
  std::vector<std::unique_ptr<EntityFinder>> all;
  all.push_back(names());
  all.push_back(given_finder());
  EntityFinders finders(std::move(all));
  EXPECT_EQ(finders.identity(), "names; given");
  const Mentions given = {{{3, 9}, "PLACE", 0.5, "Zürich"},
                          {{3, 9}, "CITY", 0.25, "Zürich"},
                          {{0, 9}, "PLACE", 0.5, "In Zürich"},
                          {{11, 17}, "PERSON", 0.5, "Jordan"}};
  const DocumentView document{"a", "In Zürich, Jordan sat.", {}, given};
  const std::vector<Mentions> found = finders.find({&document, 1}, {});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(shown(found[0]), ElementsAre("0-9 In Zürich PLACE 0.5 ", "3-9 Zürich CITY 0.25 ",
                                           "3-9 Zürich PLACE 1 ", "11-17 Jordan PERSON 1 Q2",
                                           "11-17 Jordan PERSON 1 Q3", "11-17 Jordan PLACE 1 Q1"));
}

TEST(EntityFinder, TheSurestCountsWhateverTheOrder) {
  const Mentions mentions = {{{0, 3}, "A", 0.5, "abc"},
                             {{0, 3}, "A", 0.75, "abc"},
                             {{0, 3}, "A", 0.25, "abc", "Q1"},
                             {{0, 2}, "A", 0.125, "ab"}};
  Mentions turned = mentions;
  std::ranges::reverse(turned);
  for (const Mentions& each : {mentions, turned}) {
    EXPECT_THAT(shown(joined(each)), ElementsAre("0-3 abc A 0.75 Q1", "0-2 ab A 0.125 "));
  }
}

TEST(EntityFinder, OneThatIsStoppedGivesFewerDocuments) {
  std::atomic<bool> stop{true};
  Context context;
  context.stop = &stop;
  std::vector<std::unique_ptr<EntityFinder>> all;
  all.push_back(given_finder());
  all.push_back(names());
  const DocumentView document{"a", "Jordan", {}, {}};
  EXPECT_TRUE(EntityFinders(std::move(all)).find({&document, 1}, context).empty());
}

}  // namespace
}  // namespace relatum::graph
