// The strongest edges as people see them.
#include "jobs/graph_table.h"

#include <gtest/gtest.h>

#include "support/graph_results.h"

namespace relatum::jobs {
namespace {

using testing::add_edge;
using testing::graph_result;

TEST(GraphTable, ShowsTheStrongestWithTheirSurestSentence) {
  graph::GraphStore store("");
  auto first = graph_result("a.txt", {"[Ann|PERSON] flies for [Acme|ORG].", "Acme took on Ann.",
                                      "[Bo|PERSON]\nlikes [the\x1b[1m dog|DOG]."});
  add_edge(first, 0, 1, "works_for", 0.75);
  add_edge(first, 2, 3, "likes", 0.875);
  auto second = graph_result(
      "b.txt", {"[Ann|PERSON] is [Acme|ORG]'s pilot.", "[Cy|PERSON] knows [Di|PERSON]."});
  add_edge(second, 0, 1, "works_for", 0.9375);
  add_edge(second, 2, 3, "knows", 0.625);
  store.put(first);
  store.put(second);
  store.finish({});
  EXPECT_EQ(strongest_edges(store, 2, 60),
            "0.938  Ann  works_for  Acme  (2 sentences)\n"
            "       b.txt: Ann is Acme's pilot.\n"
            "0.875  Bo   likes      the\\x1b[1m dog\n"
            "       a.txt: Bo likes the\\x1b[1m dog.\n"
            "… and 1 edge more\n");
  const std::string all = strongest_edges(store, 5, 34);
  EXPECT_NE(all.find("0.625  Cy   knows      Di\n       b.txt: Cy knows Di.\n"), all.npos);
  EXPECT_NE(all.find("       a.txt: Bo likes the\\x1b[1m dog…\n"), all.npos) << all;
  EXPECT_EQ(all.find("more"), all.npos);
  graph::GraphStore empty("");
  empty.finish({});
  EXPECT_EQ(strongest_edges(empty, 5, 80), "");
}

}  // namespace
}  // namespace relatum::jobs
