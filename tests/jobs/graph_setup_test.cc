// What a graph is asked for: what is told of it, what is refused, and what a schema and similarity
// do.
#include "jobs/graph_setup.h"

#include "graph_desk.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

using GraphSetupJob = GraphJob;

TEST_F(GraphSetupJob, ASchemaForbidsAndWithoutACommonLabelIsRefused) {
  const std::string types = "[entities]\nTHING = \"A thing.\"\nPERSON = \"A human.\"\n";
  jobs::GraphOptions options = make();
  options.base_iri = "http://a.example/";
  options.floor = 0;
  options.schema = write("schema.toml", types + "[relations.part-of]\nhead = \"THING\"\n");
  const std::vector<std::string> found = facts(graph_of(options));
  EXPECT_FALSE(found.empty());
  for (const std::string& fact : found) EXPECT_THAT(fact, HasSubstr(" part-of "));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("--base-iri has no effect without")));
  EXPECT_THAT(lines_, Contains(HasSubstr("labels that the schema lacks")));
  EXPECT_THAT(lines_, Contains(HasSubstr("that the schema does not allow")));
  EXPECT_THAT(lines_, Not(Contains(HasSubstr("types that"))));
  write("schema.toml", types + "[relations.part-of]\nhead = \"PERSON\"\n");
  EXPECT_THAT(facts(graph_of(options)), IsEmpty());
  EXPECT_THAT(lines_, Contains(HasSubstr("pairs that were not asked: 4 of types")));
  EXPECT_THAT(lines_, Contains(AllOf(HasSubstr("the gazetteer does not find: 'PERSON'"))));
  write("schema.toml", "[relations.bites]\n");
  out_.clear();
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("none of its relations"), HasSubstr("'part-of'")));
}

TEST_F(GraphSetupJob, AFloorAboveTheThresholdIsTold) {
  jobs::GraphOptions options = make();
  options.floor = 0.3;
  options.threshold = "0.1";
  for (const json& each : json_lines(graph_of(options))) {
    if (each["kind"] == "entity") continue;
    EXPECT_GE(each["probability"].get<double>(), 0.3);
  }
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("0.1"), HasSubstr("--floor 0.3"))));
}

// All of it before a model is opened: there is none.
TEST_F(GraphSetupJob, WhatCannotBeHonouredIsRefusedFirst) {
  const auto refused = [&](const auto& change, const std::string& part) {
    jobs::GraphOptions options = make("out.jsonl");
    options.asking.model.model = path("absent");
    change(options);
    EXPECT_THAT(refusal(options), HasSubstr(part));
    EXPECT_FALSE(there("out.jsonl"));
  };
  using Options = jobs::GraphOptions;
  fs::create_directories(path("nothing"));
  refused([&](Options& o) { o.documents = {path("nothing")}; }, "there is no document in");
  refused([&](Options& o) { o.documents = {path("absent")}; }, "cannot open");
  refused([&](Options& o) { o.format = "turtle"; }, "--base-iri");
  refused([&](Options& o) { o.format = "pdf"; }, "graph format 'pdf' is unknown");
  refused([&](Options& o) { o.out = "", o.format = "csv"; }, "is no text for standard output");
  refused([&](Options& o) { o.out = path("graph.xlsx"); },
          "no form of graphs has the ending '.xlsx'. Use .cypher, ");
  refused([&](Options& o) { o.out = path("graph.csv"); }, "by --format csv a folder");
  refused([&](Options& o) { o.out = path("notes/graph.jsonl"); }, "would be one of them");
  refused([&](Options& o) { o.documents = {"txt:" + path("notes")}, o.out = path("notes/g.html"); },
          "would be one of them");
  refused([&](Options& o) { o.documents = {"txt:" + path("notes")}, o.into = path("notes/g"); },
          "would be one of them");
  refused([&](Options& o) { o.out = path("names.csv"), o.format = "jsonl"; }, "is a file that");
  refused([&](Options& o) { o.sync = true; }, "--into");
  refused([&](Options& o) { o.into = o.out; }, "both name");
  refused([&](Options& o) { o.language = "klingon"; }, "klingon");
  refused([&](Options& o) { o.schema = path("absent.toml"); }, "absent.toml");
  refused([](Options& o) { o.out = "", o.json = true; }, "needs another place");
}

TEST_F(GraphSetupJob, RefusesWhatTheRunDoesNotAllow) {
  jobs::GraphOptions options = make();
  options.gazetteer = "";
  EXPECT_THAT(refusal(options), HasSubstr("nothing says which entities"));
  options = make();
  options.threshold = "1.5";
  EXPECT_THAT(refusal(options), HasSubstr("--threshold 1.5"));
  options.threshold = "dev";
  EXPECT_THAT(refusal(options), HasSubstr("no threshold that was chosen on dev data"));
  options.asking.no_calibration = true;
  EXPECT_THAT(refusal(options), HasSubstr("--no-calibration leaves the run's temperature off"));
  options = make();
  options.asking.negative = "nothing";
  EXPECT_THAT(refusal(options), HasSubstr("nothing"));
  write("graph.sqlite", "no database, but a text of more than sixteen bytes");
  options = make();
  options.into = path("graph.sqlite");
  EXPECT_THAT(refusal(options), HasSubstr("graph.sqlite"));
  fs::create_symlink(path("loop"), path("loop"));
  options = make("loop/graph.jsonl");
  options.into = path("new.sqlite");
  EXPECT_THAT(refusal(options), HasSubstr("loop"));
}

TEST_F(GraphSetupJob, SimilarNamesAreOneWhereThatIsAsked) {
  jobs::GraphOptions options = make();
  const auto apart = names(graph_of(options));
  options.asking.embedder = kEmbedder;
  EXPECT_EQ(names(graph_of(options)), apart) << "it is not asked for";
  EXPECT_THAT(lines_, Not(Contains(HasSubstr("similar"))));
  options.similar = 1;
  lines_.clear();
  EXPECT_EQ(names(graph_of(options)), apart);
  EXPECT_THAT(lines_, Contains("no names were similar enough to be one entity"));
  options.similar = 0;
  options.out = path("graph.JSONL");
  const auto joined = names(graph_of(options));
  ASSERT_LT(joined.size(), apart.size());
  const json told = json::parse(read("graph.JSONL.run.json"))["joined"];
  ASSERT_EQ(told.size(), apart.size() - joined.size());
  for (size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i]["type"], "THING");
    for (const json& each : told[i]["names"]) EXPECT_THAT(apart, Contains(each));
    EXPECT_GE(told[i]["similarity"].get<double>(), told[0]["similarity"].get<double>());
  }
  const json& least = told[0];
  EXPECT_THAT(lines_,
              Contains(HasSubstr(fmt::format(
                  "similarity joined {} pairs, the least similar first: '{}' and '{}' ({:.3f})",
                  told.size(), least["names"][0].get<std::string>(),
                  least["names"][1].get<std::string>(), least["similarity"].get<double>()))));
}

}  // namespace
}  // namespace relatum::testing
