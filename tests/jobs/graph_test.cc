// From documents to a graph. Most tests ask the tiny model as it is: what it answers says nothing,
// but is the same each time.
#include "jobs/graph.h"

#include <fmt/format.h>

#include <map>

#include "graph_desk.h"
#include "jobs/extract.h"
#include "jobs/run_calibration.h"
#include "support/models.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

TEST_F(GraphJob, FindsWhatItWasTaught) {
  teach_run();
  const std::string graph = graph_of(make_taught());
  EXPECT_THAT(facts(graph),
              ElementsAre("Rain causes road", "fire causes Smoke", "wheel part-of car"));
  const std::map<std::string, std::string> texts = {{"a.txt", read("notes/a.txt")},
                                                    {"b.md", read("notes/b.md")}};
  int mentions = 0;
  for (const json& each : json_lines(graph)) {
    if (each["kind"] != "entity") continue;
    for (const json& mention : each["mentions"]) {
      const size_t start = mention["start"], end = mention["end"];
      EXPECT_EQ(texts.at(mention["document"]).substr(start, end - start), mention["text"]);
      ++mentions;
    }
  }
  EXPECT_EQ(mentions, 8);
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_THAT(lines_, Contains(HasSubstr("read 2 documents with 4 sentences and 4 pairs")));
  EXPECT_THAT(lines_, Contains(HasSubstr("the graph of 2 documents has 8 entities and 3 edges")));
}

// Probabilities are those of extract, to the rounding of other batches: f32, some hundred sums.
TEST_F(GraphJob, AnEdgeIsAsProbableAsExtractsAnswer) {
  jobs::ExtractOptions extraction = ask();
  extraction.scores = true;
  EXPECT_TRUE(jobs::extract(extraction, host_).finished);
  const json scores = json_lines(out_)[0]["scores"];
  jobs::GraphOptions options = make();
  options.asking.multi_label = true;
  int compared = 0;
  for (const json& each : json_lines(graph_of(options))) {
    if (each["kind"] == "entity") continue;
    const json& mention = each["mentions"][0];
    if (mention["document"] != "a.txt" || mention["sentence"]["start"] != 0) continue;
    const bool forward = mention["head"] == json{{"start", 0}, {"end", 4}};
    const std::string label = each["label"] == "part-of" ? "part-of"
                              : forward                  ? "causes(e1,e2)"
                                                         : "causes(e2,e1)";
    EXPECT_EQ(mention[forward ? "tail" : "head"], (json{{"start", 14}, {"end", 18}}));
    EXPECT_NEAR(mention["probability"].get<double>(), scores[label].get<double>(), 1e-5);
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

TEST_F(GraphJob, GivenEntitiesAreTakenAsTheyAre) {
  std::vector<json> rows = {{{"id", "x"}, {"text", read("notes/a.txt")}}};
  jobs::GraphOptions options = make();
  options.documents = {write_rows("rows/d.jsonl", rows)};
  const std::string by_names = graph_of(options);
  EXPECT_THAT(names(by_names), ElementsAre("Rain", "Smoke", "fire", "road"));
  const auto entity = [](const char* id, int start, int end) {
    return json{{"id", id}, {"start", start}, {"end", end}, {"type", "THING"}};
  };
  rows[0]["entities"] = {entity("T1", 0, 4), entity("T2", 14, 18), entity("T3", 24, 29),
                         entity("T4", 42, 46)};
  write_rows("rows/d.jsonl", rows);
  options.gazetteer = "";
  EXPECT_EQ(graph_of(options), by_names);
}

TEST_F(GraphJob, IntoReadsWhatIsNewAndSyncRemovesWhatIsGone) {
  jobs::GraphOptions options = make();
  options.into = path("graph.sqlite");
  options.format = "jsonl";
  const auto read_now = [&] {
    lines_.clear();
    return graph_of(options);
  };
  const std::string first = read_now();
  EXPECT_THAT(lines_, Contains(HasSubstr("read 2 documents with")));
  EXPECT_EQ(read_now(), first);
  EXPECT_THAT(lines_, Contains(HasSubstr("read 0 documents (2 unchanged)")));
  write("notes/b.md", "Heat made the ice melt.\n");
  EXPECT_THAT(names(read_now()), ElementsAre("Heat", "Rain", "Smoke", "fire", "ice", "road"));
  EXPECT_THAT(lines_, Contains(HasSubstr("read 1 document (1 unchanged)")));
  fs::remove(path("notes/a.txt"));
  EXPECT_THAT(names(read_now()), Contains("Rain"));
  options.sync = true;
  EXPECT_THAT(names(read_now()), ElementsAre("Heat", "ice"));
  EXPECT_THAT(lines_, Contains(HasSubstr("read 0 documents (1 unchanged, 1 removed)")));
  // Another way to ask reads all of it again; another way to choose does not.
  options.threshold = "0.99999999";
  EXPECT_THAT(facts(read_now()), IsEmpty());
  EXPECT_THAT(lines_, Contains(HasSubstr("1 unchanged")));
  options.window = 2;
  read_now();
  EXPECT_THAT(lines_, Contains(HasSubstr("read 1 document with")));
}

// Enough pairs for several sets. Wherever it is stopped, the rest is cut as it would have been.
TEST_F(GraphJob, AStoppedOneGoesOnToTheSameBytes) {
  for (int i = 0; i < 60; ++i) {
    std::string text;
    for (int k = 0; k < 3; ++k) {
      text += fmt::format("{} Near {} Ann met Tom, a fire, rain, ice and wind.\n\n",
                          corpus()[size_t(i + k) % 10]["text"].get<std::string>(), i);
    }
    write(fmt::format("notes/{}.txt", i), text);
  }
  write("names.csv", names_ + "wind,THING,\n");
  jobs::GraphOptions options = make();
  options.format = "jsonl";
  const std::string whole = graph_of(options);
  EXPECT_GT(json_lines(whole).size(), 30u);
  options.into = path("graph.sqlite");
  int stopped = 0;
  for (bool finished = false; !finished && stopped < 20;) {
    stop_ = false;
    out_.clear();
    lines_.clear();
    host_.context.progress = [&](const Progress& progress) {
      // After a set or two; later ones in the midst of one.
      if (!progress.note.starts_with("0 doc") && int(progress.done * 7) % 3 == 1) stop_ = true;
    };
    finished = jobs::graph(options, host_).finished;
    stopped += !finished;
    if (!finished) {
      EXPECT_EQ(out_, "");
      EXPECT_THAT(lines_, Contains(AllOf(HasSubstr("interrupted; "), HasSubstr("goes on"))));
    }
  }
  EXPECT_GT(stopped, 0);
  EXPECT_EQ(out_, whole);
  // What was kept is not read again.
  EXPECT_THAT(lines_, Contains(HasSubstr(" unchanged) with ")));
}

TEST_F(GraphJob, AClassifierIsAskedTheSameWay) {
  jobs::FinetuneOptions options = teach();
  options.model.model = fixture("bert").string();
  options.prompt = "";
  options.head = "classifier";
  options.batch_tokens = 64;
  options.learning_rate = 3e-3;
  options.training.warmup = 0;
  options.training.epochs = 60;
  ASSERT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_THAT(facts(graph_of(make_taught())), Contains("Rain causes road"));
}

TEST_F(GraphJob, WithoutEntitiesThereIsAGraphOfNothingAndAWarning) {
  write("names.csv", "name,type\nNobody,PERSON\n");
  write("notes/empty.txt", "");
  EXPECT_EQ(graph_of(make()), "");
  EXPECT_THAT(warnings_, ElementsAre("no entity was found in the documents that were read."));
  EXPECT_THAT(lines_, Contains(HasSubstr("read 3 documents (1 empty)")));
}

TEST_F(GraphJob, APairThatIsTooLongIsLeftOutAndTold) {
  std::string text = "Rain";
  for (int i = 0; i < 120; ++i) text += " and on";
  write("notes/a.txt", text + " a road.\n");
  for (const std::string& each : facts(graph_of(make()))) {
    EXPECT_THAT(each, Not(HasSubstr("Rain")));
  }
  EXPECT_THAT(lines_, Contains(HasSubstr(" and 2 pairs in ")));
  EXPECT_THAT(lines_, Contains(HasSubstr("pairs that were not asked: 1 too long")));
  EXPECT_THAT(warnings_, Contains(AllOf(HasSubstr("the model's context is"),
                                        HasSubstr("This pair is left out."))));
}

TEST_F(GraphJob, TheRunsThresholdsAreItsOwn) {
  teach_run();
  jobs::RunCalibration calibration;
  calibration.adapter_hash = jobs::adapter_hash(path("run"), {});
  calibration.examples = 60;
  jobs::ModeCalibration& scored = calibration.modes["scored"];
  scored.negative = task::TunedThreshold{0.125, "tacred_micro", 0.5, 0.4};
  scored.several = task::TunedThreshold{0.375, "tacred_micro", 0.5, 0.4};
  jobs::write_calibration(path("run"), calibration);
  jobs::GraphOptions options = make_taught();
  const auto threshold = [&] {
    lines_.clear();
    graph_of(options);
    for (const std::string& line : lines_) {
      if (line.starts_with("edges: from")) return line.substr(0, line.find(" on"));
    }
    return std::string();
  };
  EXPECT_EQ(threshold(), "edges: from a probability of 0.5");
  options.asking.multi_label = true;
  EXPECT_EQ(threshold(), "edges: from a probability of 0.375");
  options.asking.multi_label = false;
  options.threshold = "dev";
  EXPECT_EQ(threshold(), "edges: from a probability of 0.125");
}

TEST_F(GraphJob, BadDocumentsStopItOrAreListed) {
  write("notes/c.txt", "caf\xe9");
  EXPECT_THAT(refusal(make()), HasSubstr("c.txt has the byte 0xE9"));
  jobs::GraphOptions options = make();
  options.asking.data.skip_bad_rows = true;
  EXPECT_EQ(names(graph_of(options)).size(), 8u);
  EXPECT_THAT(warnings_, Contains(AllOf(HasSubstr("left out: "), HasSubstr("c.txt"))));
}

}  // namespace
}  // namespace relatum::testing
