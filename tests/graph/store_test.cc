// Results kept in a file, and the graph that follows from them whatever came before.
#include "graph/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/atomic_file.h"
#include "graph/database.h"
#include "graph/format.h"
#include "support/error_of.h"
#include "support/sample_graph.h"
#include "support/small_disk.h"
#include "support/temporary.h"

namespace relatum::graph {
namespace {

namespace fs = std::filesystem;
using testing::add_edge;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::graph_result;
using ::testing::HasSubstr;
using testing::sample_document;
using testing::sample_rules;
using testing::TemporaryFolder;

std::string dump_of(const GraphStore& store) {
  std::string all;
  store.dump([&](const std::string& line) { all += line + '\n'; });
  return all;
}

/// What each format writes of a store, by name; folders file by file.
std::map<std::string, std::string> exports_of(const GraphStore& store) {
  const TemporaryFolder folder;
  std::map<std::string, std::string> files;
  for (const GraphFormat* format : graph_formats()) {
    const fs::path path = folder / std::string(format->name);
    export_graph(store, *format, {"http://example.org/g#"}, path);
    if (!fs::is_directory(path)) {
      files[std::string(format->name)] = read_file(path);
      continue;
    }
    for (const auto& each : fs::directory_iterator(path)) {
      files[each.path().filename().string()] = read_file(each.path());
    }
  }
  return files;
}

std::vector<std::string> facts_of(const GraphStore& store) {
  std::map<std::string, std::string> names;
  store.for_entities([&](const GraphEntity& each) { names[each.id] = each.name; });
  std::vector<std::string> facts;
  store.for_edges([&](const GraphEdge& each) {
    facts.push_back(fmt::format("{} {} {} {:.2f} {}", names.at(each.head), each.label,
                                names.at(each.tail), each.probability, each.support));
  });
  std::sort(facts.begin(), facts.end());
  return facts;
}

DocumentResult ann(const std::string& id, double probability) {
  DocumentResult result = graph_result(
      id, {"[Ann|PERSON] flies for the [Acme|ORG].", "[ann|PERSON] likes [Acme|ORG]."});
  add_edge(result, 0, 1, "works_for", probability);
  add_edge(result, 2, 3, "works_for", 0.6);
  return result;
}

TEST(GraphStore, JoinsWhatDocumentsSay) {
  GraphStore store("");
  store.put(ann("a", 0.9));
  store.put(ann("b", 0.3));
  const GraphSummary summary = store.finish({});
  EXPECT_EQ(summary.documents, 2);
  EXPECT_EQ(summary.entities, 2);
  EXPECT_EQ(summary.mentions, 8);
  EXPECT_EQ(summary.edges, 1);
  EXPECT_EQ(summary.evidence, 3);
  EXPECT_THAT(facts_of(store), ElementsAre("Ann works_for Acme 0.90 3"));
  // 1 − (1 − 0.9) (1 − 0.6)²
  store.finish({.combine = Combine::kNoisyOr});
  EXPECT_THAT(facts_of(store), ElementsAre("Ann works_for Acme 0.98 3"));
}

TEST(GraphStore, ReadsMentionsInTheirPlaces) {
  GraphStore store("");
  DocumentResult result = graph_result("d", {"So: [Bo 👩‍🚀|PERSON] met [Ann|PERSON]."});
  add_edge(result, 0, 1, "married_to", 0.9);
  store.put(result);
  store.finish(sample_rules());
  int edges = 0;
  store.for_edges([&](const GraphEdge& edge) {
    ++edges;
    ASSERT_EQ(edge.mentions.size(), 1);
    EXPECT_EQ(edge.mentions[0].sentence, result.sentences[0]);
    // Ends are the edge's own, whichever way it was asked.
    std::map<std::string, std::string> names;
    store.for_entities([&](const GraphEntity& each) { names[each.id] = each.name; });
    const CodePoints points(result.text);
    EXPECT_EQ(points.slice(edge.mentions[0].head.start, edge.mentions[0].head.end),
              names.at(edge.head));
    EXPECT_EQ(points.slice(edge.mentions[0].tail.start, edge.mentions[0].tail.end),
              names.at(edge.tail));
    EXPECT_EQ(edge.mentions[0].adapter, "adapter-1");
  });
  EXPECT_EQ(edges, 1);
  std::vector<std::string> sentences;
  store.for_sentences("d",
                      [&](const Stretch&, const std::string& text) { sentences.push_back(text); });
  EXPECT_THAT(sentences, ElementsAre("So: Bo 👩‍🚀 met Ann."));
}

TEST(GraphStore, KnowsWhatItHolds) {
  GraphStore store("");
  DocumentResult result = ann("a", 0.9);
  result.settings = "window 1";
  EXPECT_FALSE(store.holds("a", result.sha256, result.adapter, result.settings));
  store.put(result);
  EXPECT_TRUE(store.holds("a", result.sha256, result.adapter, result.settings));
  EXPECT_FALSE(store.holds("a", "other", result.adapter, result.settings));
  EXPECT_FALSE(store.holds("a", result.sha256, "other", result.settings));
  EXPECT_FALSE(store.holds("a", result.sha256, result.adapter, "window 2"));
  EXPECT_FALSE(store.holds("b", result.sha256, result.adapter, result.settings));
}

TEST(GraphStore, ForgetsTheGraphOnceResultsChange) {
  GraphStore store("");
  store.put(ann("a", 0.9));
  EXPECT_FALSE(store.finished());
  store.finish({});
  EXPECT_TRUE(store.finished());
  store.put(ann("b", 0.9));
  EXPECT_FALSE(store.finished());
  EXPECT_TRUE(facts_of(store).empty());
  store.finish({});
  EXPECT_TRUE(store.remove("b"));
  EXPECT_FALSE(store.finished());
  EXPECT_FALSE(store.remove("b"));
}

TEST(GraphStore, GivesTheSameGraphWhateverCameBefore) {
  const TemporaryFolder folder;
  GraphStore straight(folder / "straight.sqlite");
  for (int i = 0; i < 12; ++i) straight.put(sample_document(i));
  const GraphSummary summary = straight.finish(sample_rules());
  EXPECT_GT(summary.edges, 10);
  EXPECT_GT(summary.foreign_edges, 0);
  EXPECT_GT(summary.foreign_mentions, 0);

  GraphStore winding(folder / "winding.sqlite");
  for (int i = 20; i-- > 0;) winding.put(sample_document(i, 3, 2));  // other texts of each
  winding.finish({});
  for (const int i : {7, 3, 11, 0, 5, 1, 2, 4, 6, 8, 9, 10}) winding.put(sample_document(i));
  std::set<std::string> kept;
  for (int i = 0; i < 12; ++i) kept.insert(sample_document(i).id);
  EXPECT_EQ(winding.remove_others(kept), 8);
  winding.finish(sample_rules());

  EXPECT_EQ(dump_of(winding), dump_of(straight));
  const auto files = exports_of(winding), expected = exports_of(straight);
  ASSERT_EQ(files.size(), expected.size());
  for (const auto& [name, content] : expected) EXPECT_TRUE(files.at(name) == content) << name;
}

TEST(GraphStore, IsReadAgainAsItWasLeft) {
  const TemporaryFolder folder;
  {
    GraphStore store(folder / "g.sqlite");
    store.put(ann("a", 0.9));
    store.finish(sample_rules());
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);  // one file again
  GraphStore store(folder / "g.sqlite");
  EXPECT_TRUE(store.finished());
  EXPECT_THAT(store.ids(), ElementsAre("a"));
  EXPECT_EQ(store.schema().text(), testing::sample_schema());
  // A symmetric schema's inverse gives both.
  EXPECT_THAT(facts_of(store), ElementsAre("Acme employs Ann 0.90 2", "Ann works_for Acme 0.90 2"));
}

TEST(GraphStore, FindsSentencesByTheirWords) {
  const TemporaryFolder folder;
  GraphStore store(folder / "g.sqlite");
  store.put(ann("a", 0.9));
  store.put(graph_result("b", {"Nobody flies here.", "Nothing."}));
  store.put(graph_result("b", {"Nobody walks here."}));  // in place of the other
  store.finish({});
  store.copy_to(folder / "copy.sqlite");
  Database copy(folder / "copy.sqlite");
  const auto found = [&](const std::string& words) {
    return copy.ask("SELECT count(*) FROM sentence_search WHERE sentence_search MATCH '" + words +
                    "'");
  };
  EXPECT_EQ(found("flies"), "1");
  EXPECT_EQ(found("walks"), "1");
  EXPECT_EQ(found("nothing"), "0");
  copy.run("INSERT INTO sentence_search (sentence_search, rank) VALUES ('integrity-check', 1)");
  EXPECT_EQ(copy.ask("SELECT head || ' ' || label || ' ' || tail FROM fact"), "Ann works_for Acme");
  EXPECT_EQ(copy.ask("SELECT text FROM proof ORDER BY start"), "Ann flies for the Acme.");
  EXPECT_EQ(copy.ask("PRAGMA integrity_check"), "ok");
}

TEST(GraphStore, RefusesAResultAndStaysAsItWas) {
  GraphStore store("");
  store.put(ann("a", 0.9));
  store.finish({});
  const std::string before = dump_of(store);
  DocumentResult broken = ann("a", 0.9);
  broken.edges[0].label = "";
  EXPECT_THAT(testing::error_of([&] { store.put(broken); }),
              HasSubstr("document 'a' cannot be kept: an edge without a label"));
  EXPECT_EQ(dump_of(store), before);
}

TEST(GraphStore, RefusesFilesOfOthers) {
  const TemporaryFolder folder;
  const auto said = [](const fs::path& path) {
    return testing::error_of([&] { GraphStore store(path); });
  };
  write_file(folder / "text", std::string(5000, 'x'));
  EXPECT_THAT(said(folder / "text"), HasSubstr("is no SQLite file. Name another one."));
  EXPECT_EQ(read_file(folder / "text"), std::string(5000, 'x'));
  Database(folder / "foreign").run("CREATE TABLE mine (a); INSERT INTO mine VALUES (1)");
  const std::string before = read_file(folder / "foreign");
  EXPECT_THAT(said(folder / "foreign"), HasSubstr("is an SQLite file of another program"));
  EXPECT_EQ(read_file(folder / "foreign"), before);
  { GraphStore ours(folder / "later"); }
  Database(folder / "later").run("PRAGMA user_version = 9");
  EXPECT_THAT(said(folder / "later"), AllOf(HasSubstr("has version 9"), HasSubstr("version 1")));
  EXPECT_THAT(said(folder.path()), HasSubstr("cannot be opened for writing"));
  EXPECT_THAT(said(folder / "no/such/folder"), HasSubstr("cannot be opened for writing"));
}

TEST(GraphStore, IsOnesAtATime) {
  const TemporaryFolder folder;
  GraphStore first(folder / "g.sqlite");
  EXPECT_THAT(testing::error_of([&] { GraphStore second(folder / "g.sqlite"); }),
              HasSubstr("g.sqlite is in use by another program"));
}

TEST(GraphStore, TellsThatItMayNotBeWritten) {
  if (::geteuid() == 0) GTEST_SKIP() << "whoever is root may write everything";
  const TemporaryFolder folder;
  { GraphStore store(folder / "g.sqlite"); }
  ::chmod((folder / "g.sqlite").c_str(), 0444);
  EXPECT_THAT(testing::error_of([&] { GraphStore store(folder / "g.sqlite"); }),
              HasSubstr("may not be written"));
}

TEST(GraphStore, KeepsWhatItHasWhereTheDiskIsFull) {
  const TemporaryFolder folder;
  std::string before;
  {
    GraphStore store(folder / "g.sqlite");
    for (int i = 0; i < 3; ++i) store.put(sample_document(i));
    before = dump_of(store);
    const testing::SmallDisk disk(300 << 10);
    const std::string said = testing::error_of([&] { store.put(sample_document(3, 400)); });
    EXPECT_THAT(said, HasSubstr("g.sqlite"));
    EXPECT_THAT(said, ::testing::AnyOf(HasSubstr("Free some space"), HasSubstr("Raise the limit")));
  }
  GraphStore store(folder / "g.sqlite");
  EXPECT_EQ(dump_of(store), before);
}

TEST(GraphStore, StopsBetweenDocuments) {
  GraphStore store("");
  store.put(ann("a", 0.9));
  const std::atomic<bool> stop = true;
  Context context;
  context.stop = &stop;
  EXPECT_THAT(testing::error_of([&] { store.finish({}, context); }), HasSubstr("stopped before"));
  EXPECT_FALSE(store.finished());
  store.finish({});
  EXPECT_TRUE(store.finished());
}

}  // namespace
}  // namespace relatum::graph
