// relatum graph: what it prints and writes, and that killed ones go on to the same bytes.
#include <fmt/format.h>

#include "app/workbench.h"
#include "graph/format.h"

namespace relatum::testing {
namespace {

class GraphCommand : public Workbench {
 protected:
  void SetUp() override {
    Workbench::SetUp();
    write("labels.json", json(kLabels).dump());
    write("names.csv", "name,type\nRain,THING\nroad,THING\nSmoke,THING\nfire,THING\nTom,MAN\n");
    write("notes/a.txt", "Rain made the road wet. Smoke came from a fire.\n");
    write("notes/b.txt", "Tom saw a fire.\n");
  }
  Arguments graph(const Arguments& more = {}) const {
    const Arguments model = {"--model", kModel, "--prompt", path("plain.txt"), "--compute", "f32"};
    return Arguments{"graph"} + model + Arguments{"--labels", path("labels.json")} +
           Arguments{"--threshold", "0.02", "--gazetteer", path("names.csv"), "--threads", "1"} +
           more;
  }
  Arguments notes() const { return {path("notes")}; }
};

TEST_F(GraphCommand, PrintsJsonLinesWhereNobodyLooks) {
  const Outcome outcome = done(graph(notes()));
  std::vector<std::string> kinds;
  for (const json& each : json_lines(outcome.out)) kinds.push_back(each["kind"]);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "entity"), 5);
  const auto edges = std::count(kinds.begin(), kinds.end(), "relation");
  EXPECT_GT(edges, 1);
  EXPECT_EQ(kinds.back(), "relation");
  EXPECT_THAT(outcome.err, HasSubstr(fmt::format("5 entities and {} edges", edges)));
  EXPECT_EQ(done(graph(Arguments{"--out", "-"} + notes())).out, outcome.out);
  const std::string text = read("notes/a.txt");
  EXPECT_THAT(done(graph({"-"}), {.input = text}).out, HasSubstr("\"document\":\"stdin\""));
}

// By the ending, and by name; beside each what it was made with.
TEST_F(GraphCommand, WritesEveryForm) {
  int edges = 0;
  for (const json& each : json_lines(done(graph(notes())).out)) edges += each["kind"] != "entity";
  for (const graph::GraphFormat* format : graph::graph_formats()) {
    const std::string name(format->name), ending(format->ending);
    SCOPED_TRACE(name);
    Arguments arguments = graph({"--out", path("by_name_" + name), "--format", name});
    if (format->needs_base) arguments = arguments + Arguments{"--base-iri", "http://a.example/"};
    done(arguments + notes());
    EXPECT_TRUE(there("by_name_" + name));
    const json record = json::parse(read("by_name_" + name + ".run.json"));
    EXPECT_EQ(record["edges"], edges);
    EXPECT_EQ(record["pairs"], 3);
    refused(arguments + notes(), {"--overwrite"});
    if (ending.empty()) continue;
    *(std::find(arguments.begin(), arguments.end(), "--out") + 1) = path("graph" + ending);
    arguments.erase(std::find(arguments.begin(), arguments.end(), "--format"));
    arguments.erase(std::find(arguments.begin(), arguments.end(), name));
    done(arguments + notes());
    EXPECT_EQ(read("graph" + ending), read("by_name_" + name));
  }
}

TEST_F(GraphCommand, PrintsItsSummaryAsJson) {
  const Outcome outcome = done(
      graph(Arguments{"--json", "--quiet", "--into", path("new/graph.sqlite")} + notes()));
  const json record = json::parse(outcome.out);
  EXPECT_EQ(record["documents"], 2);
  EXPECT_EQ(record["sentences"], 3);
  EXPECT_EQ(record["entities"], 5);
  EXPECT_EQ(record["unproven"], 0);
  EXPECT_EQ(record["settings"]["window"], "1");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(GraphCommand, RefusesInOneSentence) {
  fs::create_directories(path("empty"));
  refused(graph({path("empty")}), {"there is no document in"});
  refused(graph(Arguments{"--format", "turtle", "--out", path("x")} + notes()), {"--base-iri"});
  refused(graph(Arguments{"--schema", path("names.csv")} + notes()), {"names.csv"});
  refused(graph(Arguments{"--out", path("names.csv/x.jsonl")} + notes()), {"names.csv"});
  EXPECT_EQ(run_program(graph()).status, 2);
}

TEST_F(GraphCommand, AFullDiskIsOneSentenceAndLeavesNothingHalfWritten) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += fmt::format("Rain made the road {} wet. ", i);
  write("notes/c.txt", text);
  const auto before = listing();
  const Outcome outcome = run_program(graph(Arguments{"--out", path("graph.jsonl")} + notes()),
                                      {.file_size = 20'000});
  EXPECT_EQ(outcome.status, 1) << outcome.err;
  EXPECT_EQ(sentences(outcome.err), 1) << outcome.err;
  EXPECT_EQ(listing(), before);
}

// Whatever was kept when it was killed, the same command ends with what one run gives.
TEST_F(GraphCommand, KilledOnesGoOnToTheSameBytes) {
  for (int i = 0; i < 40; ++i) {
    std::string text;
    for (int k = 0; k < 6; ++k) text += fmt::format("Rain, Smoke, {} fire, Tom, road. ", i * k);
    write(fmt::format("notes/{}.txt", i), text);
  }
  const auto export_of = [&](const Arguments& more) {
    return done(graph(more + Arguments{"--out", "-"} + notes())).out;
  };
  const std::string whole = export_of({});
  const Arguments into = {"--into", path("graph.sqlite")};
  const std::string log = path("graph.sqlite-wal");
  int kills = 0;
  uintmax_t kept = 0;
  for (int i = 0; i < 3; ++i) {
    Program program(graph(into + Arguments{"--out", "-"} + notes()));
    std::error_code absent;
    // Until it has kept something more; the destructor kills it.
    while (program.running()) {
      const uintmax_t size = fs::file_size(log, absent);
      if (!absent && size > kept + 100'000) break;
    }
    if (!program.running()) break;
    ++kills;
    kept = fs::file_size(log, absent);
    if (absent) kept = 0;
  }
  EXPECT_GT(kills, 0);
  const Outcome last = done(graph(into + Arguments{"--out", "-"} + notes()));
  EXPECT_EQ(last.out, whole);
  EXPECT_THAT(last.err, HasSubstr(" unchanged")) << "what was kept is not read again";
  EXPECT_EQ(export_of(into), whole);
}

}  // namespace
}  // namespace relatum::testing
