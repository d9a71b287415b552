// Studies as a library: cells, what they share, stopping, the results file, time left.
#include "jobs/study.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/parallel_for.h"
#include "desk.h"
#include "jobs/study_cell.h"
#include "jobs/study_progress.h"
#include "jobs/study_results.h"
#include "jobs/study_split.h"
#include "jobs/study_summary.h"
#include "support/error_of.h"

namespace relatum::testing {
namespace {

class StudyJob : public Desk {
 protected:
  void SetUp() override {
    Desk::SetUp();
    set_thread_count(1);
  }

  // As the program would plan it: places are named by what decides a stage.
  jobs::StudyCell cell(const std::string& arm, int64_t rank, uint64_t seed,
                       const std::string& answer = "scored") const {
    jobs::StudyCell cell;
    cell.arm = arm;
    cell.seed = seed;
    cell.finetune = teach();
    cell.finetune->adapter.rank = rank;
    cell.finetune->training.seed = seed;
    cell.finetune->training.epochs = 2;
    cell.finetune->batch_tokens = 64;
    cell.finetune->training.save_every = 1;
    cell.finetune->out = path("work/run-" + std::to_string(rank) + "-" + std::to_string(seed));
    cell.extract = ask("work/answers-" + std::to_string(rank) + "-" + std::to_string(seed) +
                       answer + ".jsonl");
    cell.extract.adapter = cell.finetune->out;
    cell.extract.answer = answer;
    cell.gold = path("rows.jsonl");
    cell.facts["finetune"].settings = {{"rank", std::to_string(rank)},
                                       {"seed", std::to_string(seed)}};
    cell.facts["extract"].settings = {{"answer", answer}};
    cell.key = jobs::study_key(cell.facts);
    return cell;
  }
  jobs::Study study(std::vector<jobs::StudyCell> cells, const std::string& baseline = "") const {
    jobs::Study study;
    study.name = "ranks";
    study.title = "Ranks";
    study.baseline = baseline;
    study.results = path("ranks.json");
    study.work = path("work");
    study.cells = std::move(cells);
    return study;
  }
  json results() const { return json::parse(read("ranks.json")); }
};

TEST_F(StudyJob, RunsEachCellOnceAndKeepsWhatItGave) {
  const jobs::Study two = study({cell("small", 2, 1), cell("large", 8, 1)}, "small");
  const auto outcome = jobs::run_study(two, {}, host_);
  EXPECT_TRUE(outcome.finished);
  EXPECT_EQ(outcome.run, 2);
  EXPECT_EQ(outcome.done, 2);
  const json all = results();
  ASSERT_EQ(all["cells"].size(), 2u);
  for (const json& record : all["cells"]) {
    EXPECT_EQ(record["figures"]["examples"], 10);
    EXPECT_EQ(record["right"].get<std::string>().size(), 10u);
    EXPECT_GT(record["training"]["tokens"], 0);
    EXPECT_GT(record["peak_rss_bytes"]["training"], 0);
    const std::string right = record["right"];
    EXPECT_EQ(double(std::ranges::count(right, '1')) / 10, record["figures"]["accuracy"]);
  }
  ASSERT_EQ(all["arms"].size(), 2u);
  EXPECT_EQ(all["arms"][1]["arm"], "large");
  EXPECT_EQ(all["arms"][1]["mcnemar"].size(), 1u);
  const json& figures = all["arms"][0]["figures"];
  EXPECT_EQ(figures["accuracy"]["mean"], all["cells"][0]["figures"]["accuracy"]);
  const std::string before = read("ranks.json");
  EXPECT_EQ(jobs::run_study(two, {}, host_).run, 0);
  EXPECT_EQ(read("ranks.json"), before);
}

TEST_F(StudyJob, GivesBackTheAnswersThatWereRecorded) {
  jobs::run_study(study({cell("small", 2, 1)}), {}, host_);
  const auto data = jobs::DataChoice{}.load(path("rows.jsonl"), true, host_);
  const auto answers = jobs::recorded_answers(results()["cells"][0], data);
  const auto written = task::read_predictions(path("work/answers-2-1scored.jsonl"));
  ASSERT_EQ(answers.size(), written.size());
  for (size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i].id, written[i].id);
    EXPECT_EQ(answers[i].label, written[i].label);
  }
  auto rows = corpus();
  rows.pop_back();
  write_rows("rows.jsonl", rows);
  const auto fewer = jobs::DataChoice{}.load(path("rows.jsonl"), true, host_);
  const json all = results();
  EXPECT_THAT([&] { jobs::recorded_answers(all["cells"][0], fewer); },
              ThrowsMessage<Error>(HasSubstr("not the rows that 'small' was measured on")));
}

// Of two arms that answer the same rows; an earlier version's summaries are made anew.
TEST_F(StudyJob, TellsExplicitAndImplicitRelationsApart) {
  jobs::Study plain = study({cell("small", 2, 1), cell("large", 4, 1)}, "small");
  jobs::run_study(plain, {}, host_);
  EXPECT_FALSE(results()["arms"][0].contains("groups"));
  for (jobs::StudyCell& each : plain.cells) each.cues = path("rows.jsonl");
  jobs::run_study(plain, {}, host_);
  const json all = results();
  int64_t rows = 0;
  double right = 0;
  for (const auto& [name, group] : all["arms"][1]["groups"].items()) {
    rows += group["rows"].get<int64_t>();
    right += group["rows"].get<double>() * group["accuracy"]["mean"].get<double>();
    const double base = all["arms"][0]["groups"][name]["accuracy"]["mean"];
    EXPECT_NEAR(group["difference"]["value"].get<double>(),
                group["accuracy"]["mean"].get<double>() - base, 1e-12);
  }
  const auto written = corpus();
  const std::string marks = all["cells"][1]["right"];
  int64_t related = 0, related_right = 0;
  for (size_t i = 0; i < written.size(); ++i) {
    if (written[i].at("label") == "no_relation") continue;
    ++related;
    related_right += marks[i] == '1';
  }
  EXPECT_LT(related, int64_t(written.size()));
  EXPECT_EQ(rows, related);
  EXPECT_NEAR(right, double(related_right), 1e-9);
  EXPECT_FALSE(all["arms"][0]["groups"].begin()->contains("difference"));
}

TEST_F(StudyJob, CellsThatTrainAlikeShareTheTraining) {
  jobs::run_study(study({cell("scored", 2, 1)}), {}, host_);
  const std::string trained = read("work/run-2-1/run.json");
  const auto outcome = jobs::run_study(
      study({cell("scored", 2, 1), cell("greedy", 2, 1, "constrained")}), {}, host_);
  EXPECT_EQ(outcome.run, 1);
  EXPECT_EQ(read("work/run-2-1/run.json"), trained);
  EXPECT_EQ(results()["cells"].size(), 2u);
}

TEST_F(StudyJob, TakesCellsThatAnotherStudyHas) {
  jobs::run_study(study({cell("as it is", 2, 1)}), {}, host_);
  jobs::Study other = study({cell("small", 2, 1), cell("large", 4, 1)}, "small");
  other.name = "others";
  other.results = path("others.json");
  other.also = {path("ranks.json")};
  const auto outcome = jobs::run_study(other, {}, host_);
  EXPECT_EQ(outcome.run, 1);
  EXPECT_EQ(outcome.done, 2);
  const json all = json::parse(read("others.json"));
  EXPECT_EQ(all["cells"][0]["arm"], "small");
  EXPECT_EQ(all["cells"][0]["answers"], results()["cells"][0]["answers"]);
  EXPECT_EQ(all["arms"][1]["difference"].size(), all["arms"][1]["figures"].size());
  json cut = results();
  cut["cells"][0].erase("answers");
  write("cut.json", cut.dump());
  other.also = {path("cut.json")};
  other.results = path("third.json");
  EXPECT_THAT(error_of([&] { jobs::run_study(other, {}, host_); }),
              HasSubstr("cut.json: its cell of the arm 'as it is' lacks 'answers'"));
  other.also = {path("nowhere.json")};
  EXPECT_THAT(error_of([&] { jobs::run_study(other, {}, host_); }),
              HasSubstr("nowhere.json is named by 'also'"));
}

TEST_F(StudyJob, RunsAPartOnly) {
  const jobs::Study all = study({cell("a", 2, 1), cell("a", 2, 2), cell("b", 4, 1)});
  EXPECT_EQ(jobs::run_study(all, {.arm = "b"}, host_).done, 1);
  EXPECT_EQ(results()["cells"][0]["arm"], "b");
  const auto outcome = jobs::run_study(all, {.most_cells = 1}, host_);
  EXPECT_EQ(outcome.run, 1);
  EXPECT_EQ(outcome.done, 2);
  EXPECT_EQ(results()["plan"].size(), 3u);
}

// A stop within the second cell's training: the first is kept, and going on gives the same answers.
TEST_F(StudyJob, StopsWithinACellAndGoesOn) {
  const jobs::Study two = study({cell("small", 2, 1), cell("large", 8, 1)});
  jobs::run_study(two, {}, host_);
  const json whole = results();
  fs::remove_all(path("work"));
  fs::remove(path("ranks.json"));
  host_.context.progress = [&](const Progress& p) {
    const bool second = p.note.find("large") != p.note.npos;
    if (second && p.note.find("training 3/") != p.note.npos) stop_ = true;
  };
  const auto stopped = jobs::run_study(two, {}, host_);
  EXPECT_FALSE(stopped.finished);
  EXPECT_EQ(stopped.done, 1);
  EXPECT_TRUE(there("work/run-8-1/state/state.safetensors"));
  EXPECT_EQ(results()["cells"].size(), 1u);
  stop_ = false;
  bool again = false;  // from its first step
  host_.context.progress = [&](const Progress& p) {
    again = again || p.note.find("training 1/") != p.note.npos;
  };
  const auto rest = jobs::run_study(two, {}, host_);
  EXPECT_FALSE(again);
  EXPECT_TRUE(rest.finished);
  EXPECT_EQ(rest.run, 1);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(results()["cells"][i]["answers"], whole["cells"][i]["answers"]);
    EXPECT_EQ(results()["cells"][i]["training"]["final_loss"],
              whole["cells"][i]["training"]["final_loss"]);
  }
  EXPECT_EQ(results()["arms"], whole["arms"]);
}

TEST_F(StudyJob, RefusesResultsOfAnotherStudyOrForm) {
  const jobs::Study one = study({cell("small", 2, 1)});
  write("ranks.json", R"({"format_version":1,"cells":[],"study":{"name":"sizes"}})");
  EXPECT_THAT([&] { jobs::run_study(one, {}, host_); },
              ThrowsMessage<Error>(HasSubstr("results of the study 'sizes'")));
  write("ranks.json", R"({"format_version":2,"cells":[]})");
  EXPECT_THAT([&] { jobs::run_study(one, {}, host_); },
              ThrowsMessage<Error>(HasSubstr("format_version 2")));
  write("ranks.json", R"({"format_version":1,"cells":[{"arm":"small"}]})");
  EXPECT_THAT([&] { jobs::run_study(one, {}, host_); }, ThrowsMessage<Error>(HasSubstr("key")));
}

// An option that came after a record counts as at its default there; any other does not.
TEST_F(StudyJob, FindsRecordsOfVersionsWithFewerOptions) {
  jobs::StudyCell now = cell("small", 2, 1);
  now.facts["extract"].inputs["adapter"] = "known by the stage that made it";
  now.key = jobs::study_key(now.facts);
  {
    jobs::StudyResults file(path("ranks.json"));
    file.add(now, {{"figures", json::object()}});
    file.save();
  }
  const jobs::StudyResults file(path("ranks.json"));
  const auto found = [&](const std::string& value) {
    jobs::StudyCell newer = now;
    newer.facts["finetune"].settings["shuffle"] = value;
    newer.facts["finetune"].defaults["shuffle"] = "yes";
    newer.facts["extract"].inputs["adapter"] = "known by that stage, and so by another key";
    newer.key = jobs::study_key(newer.facts);
    return file.find(newer) != nullptr;
  };
  EXPECT_TRUE(file.find(now));
  EXPECT_TRUE(found("yes"));
  EXPECT_FALSE(found("no"));
  jobs::StudyCell other = cell("small", 4, 1);
  EXPECT_FALSE(file.find(other));
  other = now;
  other.facts["finetune"].inputs["train"] = "another file";
  other.key = jobs::study_key(other.facts);
  EXPECT_FALSE(file.find(other));
  // An adapter that no stage of the cell makes is known by its content.
  now.facts.erase("finetune");
  now.key = jobs::study_key(now.facts);
  other = now;
  other.facts["extract"].inputs["adapter"] = "another adapter";
  other.key = jobs::study_key(other.facts);
  jobs::StudyResults answered(path("answered.json"));
  answered.add(now, {{"figures", json::object()}});
  EXPECT_TRUE(answered.find(now));
  EXPECT_FALSE(answered.find(other));
}

TEST_F(StudyJob, HoldsTheSameRowsOut) {
  write_rows("many.jsonl", many(60));
  const auto split = jobs::split_training(path("many.jsonl"), {}, 20, path("work"), host_);
  const auto lines = [](const fs::path& file) { return json_lines(read_file(file)); };
  EXPECT_EQ(lines(split.held_out).size(), 20u);
  EXPECT_EQ(lines(split.train).size(), 40u);
  std::set<std::string> ids;
  for (const auto& file : {split.train, split.held_out}) {
    for (const json& row : lines(file)) ids.insert(row["id"]);
  }
  EXPECT_EQ(ids.size(), 60u);
  const auto again = jobs::split_training(path("many.jsonl"), {}, 20, path("work"), host_);
  EXPECT_EQ(again.train, split.train);
  const auto data = jobs::DataChoice{}.load(path("many.jsonl"), true, host_);
  EXPECT_EQ(task::load_labels(split.labels), data.labels);
}

// As rows of their own they would forget which document they are of.
TEST_F(StudyJob, HoldsNoPartsOfDocumentsOut) {
  const std::string text =
      "Ann met Bo in Rome on a day in May. Much later, when all of it was long "
      "forgotten, Cy met Di in Oslo.";
  const auto entity = [&](const std::string& id, const std::string& name) {
    const auto start = int64_t(text.find(name));
    return json{{"id", id}, {"start", start}, {"end", start + int64_t(name.size())}};
  };
  const json document = {
      {"id", "d"},
      {"text", text},
      {"entities",
       {entity("T1", "Ann"), entity("T2", "Bo"), entity("T3", "Cy"), entity("T4", "Di")}},
      {"relations",
       {{{"head", "T1"}, {"tail", "T2"}, {"label", "met"}},
        {{"head", "T3"}, {"tail", "T4"}, {"label", "met"}}}}};
  write_rows("documents.jsonl", {document});
  EXPECT_THAT(
      [&] {
    jobs::split_training(path("documents.jsonl") + "?window=20", {}, 2, path("work"), host_);
      },
      ThrowsMessage<Error>(HasSubstr("rows of document 'd' show different parts of it")));
}

TEST_F(StudyJob, TellsTheTimeThatIsLeft) {
  const jobs::StudyCell a = cell("a", 2, 1), b = cell("a", 2, 2), c = cell("c", 4, 1);
  jobs::StudyClock clock({&a, &b, &c});
  EXPECT_FALSE(clock.left(0));
  clock.begin(100);
  EXPECT_FALSE(clock.left(105));
  clock.reading({"training", 1, 4, "steps", ""}, 110);
  EXPECT_DOUBLE_EQ(*clock.left(110), 30 + 2 * 40);  // a quarter in ten seconds, and two alike
  clock.took(a, 50);
  clock.begin(150);
  EXPECT_DOUBLE_EQ(*clock.left(160), 40 + 50);
  clock.reading({"training", 1, 2, "steps", ""}, 190);
  EXPECT_DOUBLE_EQ(*clock.left(190), 40 + 50);  // slower than the one before
  EXPECT_EQ(clock.number(), 2u);
  jobs::StudyClock rest({&c}, 2);
  rest.begin(0);
  EXPECT_EQ(rest.number(), 3u);
  jobs::StudyClock one({&a, &b, &c});
  one.took(a, 10);
  one.stop_after(1);
  one.begin(0);
  EXPECT_DOUBLE_EQ(*one.left(0), 10);
  one.passed_over();
  EXPECT_DOUBLE_EQ(*one.left(0), 20);
}

}  // namespace
}  // namespace relatum::testing
