// Each form of a graph: names that files have trouble with, and files that are whole or not there.
#include "graph/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/atomic_file.h"
#include "graph/cypher_text.h"
#include "graph/xml_text.h"
#include "support/error_of.h"
#include "support/sample_graph.h"
#include "support/small_disk.h"
#include "support/temporary.h"
#include "task/delimited.h"

namespace relatum::graph {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::TemporaryFolder;

const ExportRules kRules{"http://example.org/g/"};

class GraphFormats : public ::testing::Test {
 protected:
  GraphFormats() {
    for (int i = 0; i < 20; ++i) {
      results_.push_back(testing::sample_document(i));
      store_.put(results_.back());
    }
    summary_ = store_.finish(testing::sample_rules());
  }
  std::string written(const std::string& format) {
    std::string text;
    find_graph_format(format).stream(store_, kRules, [&](std::string_view part) { text += part; });
    return text;
  }
  const DocumentResult& document(const std::string& id) const {
    return *std::find_if(results_.begin(), results_.end(),
                         [&](const DocumentResult& each) { return each.id == id; });
  }
  std::string slice(const json& mention, const json& stretch) const {
    const DocumentResult& result = document(mention.at("document").get<std::string>());
    return std::string(
        CodePoints(result.text)
            .slice(stretch.at("start").get<int64_t>(), stretch.at("end").get<int64_t>()));
  }

  GraphStore store_{""};
  std::vector<DocumentResult> results_;
  GraphSummary summary_;
};

TEST_F(GraphFormats, AreTheseByName) {
  std::vector<std::string> names;
  for (const GraphFormat* format : graph_formats()) {
    names.emplace_back(format->name);
    EXPECT_NE(format->stream == nullptr, format->write == nullptr);
    EXPECT_EQ(&find_graph_format(format->name), format);
  }
  EXPECT_THAT(names, ::testing::ElementsAre("csv", "cypher", "graphml", "html", "jsonl", "ntriples",
                                            "sqlite", "turtle"));
  EXPECT_THAT(testing::error_of([] { find_graph_format("grapml"); }),
              HasSubstr("Did you mean 'graphml'?"));
}

TEST_F(GraphFormats, JsonLinesHaveTheDocumentedForm) {
  const Schema schema = testing::sample_rules().schema;
  std::map<std::string, std::string> types;
  int64_t entities = 0, edges = 0, mentions = 0, evidence = 0;
  std::istringstream lines(written("jsonl"));
  for (std::string text; std::getline(lines, text);) {
    const json line = json::parse(text);
    if (line.at("kind") == "entity") {
      EXPECT_EQ(edges, 0) << "entities come first";
      ++entities;
      types[line.at("id").get<std::string>()] = line.at("type").get<std::string>();
      for (const json& mention : line.at("mentions")) {
        ++mentions;
        EXPECT_EQ(slice(mention, mention), mention.at("text"));
        EXPECT_FALSE(mention.contains("adapter")) << "adapters answer for pairs";
      }
      continue;
    }
    ++edges;
    const std::string head = types.at(line.at("head").get<std::string>());
    const std::string tail = types.at(line.at("tail").get<std::string>());
    EXPECT_TRUE(schema.allows(line.at("label").get<std::string>(), head, tail));
    std::set<std::string> sentences;
    for (const json& mention : line.at("mentions")) {
      ++evidence;
      EXPECT_EQ(mention.at("adapter"), "adapter-1");
      sentences.insert(mention.at("document").dump() + mention.at("sentence").dump());
      EXPECT_FALSE(slice(mention, mention.at("sentence")).empty());
    }
    EXPECT_EQ(line.at("support"), sentences.size());
  }
  EXPECT_EQ(entities, summary_.entities);
  EXPECT_EQ(edges, summary_.edges);
  EXPECT_EQ(mentions, summary_.mentions);
  EXPECT_EQ(evidence, summary_.evidence);
  EXPECT_GT(edges, 30);
}

TEST_F(GraphFormats, PagesSayWhatTheyWereMadeOf) {
  const auto page = [&](const ExportRules& rules) {
    std::string text;
    find_graph_format("html").stream(store_, rules, [&](std::string_view part) { text += part; });
    return text;
  };
  const std::string named = page({"", "a<b> & c", "run \"</script>\""});
  EXPECT_THAT(named, HasSubstr("<title>Graph of a&lt;b&gt; &amp; c</title>"));
  EXPECT_THAT(named, HasSubstr("<h1>Graph of a&lt;b&gt; &amp; c</h1>"));
  EXPECT_THAT(named, HasSubstr(R"("run":"run \"\u003c/script\u003e\"")"));
  EXPECT_THAT(named, HasSubstr(R"("symmetric":["married_to"])"));
  EXPECT_THAT(page({}), HasSubstr("<title>Graph</title>"));
}

TEST_F(GraphFormats, CsvIsReadBack) {
  const TemporaryFolder folder;
  export_graph(store_, find_graph_format("csv"), kRules, folder / "csv");
  const std::string nodes = read_file(folder / "csv/nodes.csv");
  std::vector<std::string> names;
  task::DelimitedReader reader(nodes, ',');
  task::DelimitedRecord record;
  while (reader.next(record)) {
    ASSERT_EQ(record.problem, "");
    ASSERT_EQ(record.fields.size(), 7);
    EXPECT_EQ(record.line, record.last_line) << "one line each";
    names.push_back(record.fields[1]);
  }
  EXPECT_EQ(names.size(), size_t(summary_.entities) + 1);
  EXPECT_THAT(names, ::testing::Contains("Ann \"the Ax\" O'Neill"));
  EXPECT_THAT(names, ::testing::Contains("line break tab"));
  EXPECT_THAT(nodes, StartsWith("id:ID,name,type,gazetteer,count:int,mentions,:LABEL\n"));
  EXPECT_THAT(read_file(folder / "csv/relationships.csv"),
              StartsWith(":START_ID,:END_ID,:TYPE,probability:double,support:int,mentions\n"));
}

TEST_F(GraphFormats, AreWholeOrNotThere) {
  for (const GraphFormat* format : graph_formats()) {
    const TemporaryFolder folder;
    const fs::path path = folder / "out";
    export_graph(store_, *format, kRules, path);
    const auto bytes = [&] { return read_file(format->name == "csv" ? path / "nodes.csv" : path); };
    const std::string before = bytes();
    export_graph(store_, *format, kRules, path);  // in place of itself
    EXPECT_EQ(bytes(), before) << format->name;
    {
      const testing::SmallDisk disk(5000);
      const std::string said = testing::error_of(
          [&] { export_graph(store_, *format, kRules, path); });
      EXPECT_NE(said, "") << format->name;
      EXPECT_NE(testing::error_of([&] { export_graph(store_, *format, kRules, folder / "new"); }),
                "");
    }
    EXPECT_EQ(bytes(), before) << format->name;
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1) << format->name;
  }
}

TEST_F(GraphFormats, AFolderOfOthersIsLeftAlone) {
  const TemporaryFolder folder;
  write_file(folder / "mine/thesis.txt", "years of work");
  const GraphFormat& csv = find_graph_format("csv");
  EXPECT_THAT(testing::error_of([&] { export_graph(store_, csv, kRules, folder / "mine"); }),
              HasSubstr("holds 'thesis.txt'"));
  EXPECT_EQ(read_file(folder / "mine/thesis.txt"), "years of work");
  EXPECT_THAT(
      testing::error_of([&] { export_graph(store_, csv, kRules, folder / "mine/thesis.txt"); }),
      HasSubstr("is a file"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

TEST_F(GraphFormats, RdfNeedsABase) {
  const GraphFormat& turtle = find_graph_format("turtle");
  const auto said = [&](const std::string& base) {
    return testing::error_of([&] { check_export(turtle, {base}); });
  };
  EXPECT_THAT(said(""), HasSubstr("--base-iri https://example.org/graph/"));
  for (const char* bad : {"graph/", "http://x", "http://x y/", "http://x/<", "1http:/", ":"}) {
    EXPECT_THAT(said(bad), HasSubstr("has to be an absolute IRI")) << bad;
  }
  for (const char* good : {"http://x/", "urn:x:", "https://example.org/ä#"}) {
    EXPECT_EQ(said(good), "") << good;
  }
  EXPECT_EQ(testing::error_of([] { check_export(find_graph_format("jsonl"), {}); }), "");
}

TEST_F(GraphFormats, NTriplesAreOneStatementALine) {
  const std::string text = written("ntriples");
  std::istringstream lines(text);
  int64_t edges = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_THAT(line, StartsWith("<http://example.org/g/"));
    EXPECT_TRUE(line.ends_with(" .")) << line;
    edges += line.find("22-rdf-syntax-ns#Statement>") != line.npos;
  }
  EXPECT_EQ(edges, summary_.edges);
}

TEST(GraphText, IsEscapedForCypher) {
  EXPECT_EQ(cypher_string("it's\n\\ \\u0041 \x07"), R"('it\'s\n\\ \\' + 'u0041 \u0007')");
  EXPECT_EQ(cypher_name("a`b\\c", "X"), "`a``b/c`");
  EXPECT_EQ(cypher_name("", "X"), "`X`");
}

TEST(GraphText, IsEscapedForXml) {
  EXPECT_EQ(xml_text("<a b=\"c\">&\n\t\x07\uFFFE é"),
            "&lt;a b=&quot;c&quot;&gt;&amp;&#10;&#9;\uFFFD\uFFFD é");
}

}  // namespace
}  // namespace relatum::graph
