// Pairs whose head stands behind the tail, asked of runs that learned each pair the other way
// round.
#include "jobs/turned_pairs.h"

#include "joint_desk.h"
#include "support/error_of.h"

namespace relatum::testing {
namespace {

TEST(TurnedPairs, LabelsSayTheSameOfTheTurnedPair) {
  const task::Labels labels(
      {"founded(e1,e2)", "founded(e2,e1)", "knows", "left", "left(e2,e1)", "no_relation"});
  EXPECT_EQ(jobs::turned_in(labels, "founded(e1,e2)"), "founded(e2,e1)");
  EXPECT_EQ(jobs::turned_in(labels, "founded(e2,e1)"), "founded(e1,e2)");
  EXPECT_EQ(jobs::turned_in(labels, "left"), "left(e2,e1)");
  EXPECT_EQ(jobs::turned_in(labels, "left(e2,e1)"), "left");
  EXPECT_EQ(jobs::turned_in(labels, "knows"), "knows");
  EXPECT_EQ(jobs::turned_in(labels, "no_relation"), "no_relation");
}

TEST(TurnedPairs, AnswersAreTurnedWithAllThatTheySay) {
  const task::PromptRenderer renderer(task::load_style("compact"),
                                      task::Labels({"left(e1,e2)", "left(e2,e1)", "other"}));
  task::Prediction answer;
  answer.label = "left(e1,e2)";
  answer.probability = 0.5;
  answer.scores = {{"left(e1,e2)", 0.5}, {"left(e2,e1)", 0.3}, {"other", 0.2}};
  answer.labels = {"left(e1,e2)", "other"};
  jobs::turn(renderer, answer);
  EXPECT_EQ(answer.label, "left(e2,e1)");
  EXPECT_EQ(answer.answer, renderer.answers()[1]);
  EXPECT_EQ(answer.scores, (std::vector<std::pair<std::string, double>>{
                               {"left(e1,e2)", 0.3}, {"left(e2,e1)", 0.5}, {"other", 0.2}}));
  EXPECT_EQ(answer.labels, (std::vector<std::string>{"left(e2,e1)", "other"}));
  task::Prediction none;  // an answer that could not be parsed
  jobs::turn(renderer, none);
  EXPECT_FALSE(none.label);
}

// The pair that a document's sentence has in the text's order, as rows of either order.
TEST_F(JointDesk, ARowsHeadMayStandBehindItsTail) {
  std::vector<json> rows = with_relations();
  rows[1]["relations"][0]["label"] = "left(e1,e2)";  // a label in one direction, one in the other
  rows[0]["relations"] = json::array();
  rows[3]["relations"] = json::array();
  relate(rows[0], "E1", "E2", "employs(e2,e1)");
  relate(rows[3], "E3", "E2", "employs(e1,e2)");
  write_rows("documents.jsonl", rows);
  EXPECT_TRUE(jobs::finetune(teach_both(), host_).finished);
  const auto mark = [](const char* tag, const std::string& name) {
    return "<" + std::string(tag) + ">" + name + "</" + tag + ">";
  };
  const auto row = [&](const char* id, const char* first, const char* second) {
    return json{{"id", id},
                {"text", "In Lima, " + mark(first, "Ana") + " sings for " +
                             mark(second, "Dolm Air") + "."}};
  };
  write_rows("pairs.jsonl", {row("a", "e1", "e2"), row("b", "e2", "e1")});
  jobs::ExtractOptions asked = ask_run();
  asked.task = "relations";
  asked.scores = true;
  asked.input = path("pairs.jsonl");
  const auto got = answers(asked);
  EXPECT_EQ(got.at(0).at("label"), "employs(e2,e1)");
  EXPECT_EQ(got.at(1).at("label"), "employs(e1,e2)");
  EXPECT_EQ(got[1].at("probability"), got[0].at("probability"));
  EXPECT_EQ(got[1]["scores"]["employs(e1,e2)"], got[0]["scores"]["employs(e2,e1)"]);
  EXPECT_EQ(got[1]["scores"]["no_relation"], got[0]["scores"]["no_relation"]);
}

TEST_F(JointDesk, DocumentsRulesForProbabilitiesAreChecked) {
  EXPECT_TRUE(jobs::finetune(teach_both(), host_).finished);
  const auto refusal = [&](auto change) {
    jobs::ExtractOptions options = ask_run();
    change(options);
    return error_of([&] { jobs::extract(options, host_); });
  };
  EXPECT_THAT(refusal([](auto& o) { o.threshold = "0,9"; }),
              HasSubstr("--threshold 0,9: expected a number"));
  EXPECT_THAT(refusal([](auto& o) {
                o.threshold = "0.9";
                o.answer = "free";
              }),
              HasSubstr("--threshold needs the probabilities of all labels"));
  EXPECT_THAT(refusal([](auto& o) { o.threshold = "dev"; }),
              HasSubstr("on dev data (--dev, --holdout) of at least 50 pairs"));
  jobs::ExtractOptions options = ask_run("found.jsonl");
  options.threshold = "0.6";
  lines_.clear();
  EXPECT_TRUE(jobs::extract(options, host_).finished);
  EXPECT_THAT(lines_, ::testing::Contains(HasSubstr("answers: threshold 0.6")));
  const json record = json::parse(read("found.jsonl.run.json"));
  EXPECT_EQ(record.at("threshold"), 0.6);
  EXPECT_EQ(record.at("answer"), "scored");
  // What has no probability says none.
  options = ask_run();
  options.answer = "free";
  const auto rows = answers(options);
  EXPECT_EQ(rows.at(0).at("relations").at(0).at("label"), "works_for");
  EXPECT_FALSE(rows[0]["relations"][0].contains("probability"));
}

TEST_F(JointDesk, ARecordThatContradictsItselfIsRefused) {
  EXPECT_TRUE(jobs::finetune(teach_both(1), host_).finished);
  const json record = json::parse(read("run/run.json"));
  const auto refusal = [&](auto change) {
    json changed = record;
    change(changed);
    write("run/run.json", changed.dump());
    return error_of([&] { jobs::extract(ask_run(), host_); });
  };
  EXPECT_THAT(refusal([](json& each) { each["entities"]["types"][0] = ""; }),
              HasSubstr("'types' has to name each type once"));
  EXPECT_THAT(
      refusal([](json& each) { each["entities"]["types"][0] = each["entities"]["types"][1]; }),
      HasSubstr("'types' has to name each type once"));
  EXPECT_THAT(refusal([](json& each) { each["task"] = "relations"; }),
              HasSubstr("'task' says 'relations'"));
  EXPECT_THAT(refusal([](json& each) { each["entities"]["pair_hidden"] = 8; }),
              HasSubstr("'head' has to be"));
}

}  // namespace
}  // namespace relatum::testing
