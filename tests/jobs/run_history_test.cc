// How a run's log and record are read again, and held against the record of answers.
#include "jobs/run_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/error_of.h"
#include "support/temporary.h"
#include "task/support.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;
using relatum::testing::error_of;
using task::testing::Scratch;
using ::testing::HasSubstr;

std::string step(int64_t number, double loss) {
  return json({{"step", number}, {"loss", loss}, {"grad_norm", 1}}).dump() + "\n";
}
std::string evaluation(int64_t number, double f1) {
  return json({{"step", number}, {"dev_f1", f1}, {"dev_metric", "macro"}, {"dev_accuracy", 0.5}})
             .dump() +
         "\n";
}

TEST(RunHistory, TheLossIsTheMeanOfItsWindow) {
  const Scratch scratch;
  std::string log;
  for (int64_t i = 1; i <= 7; ++i) log += step(i, double(i));
  log += evaluation(7, 0.25);
  const TrainingCourse course = read_course(scratch.file("log.jsonl", log), 3);
  EXPECT_EQ(course.steps, 7);
  ASSERT_EQ(course.loss.size(), 3u);  // of three, three and one step
  EXPECT_EQ(course.loss[1].first, 4);
  EXPECT_EQ(course.loss[1].last, 6);
  EXPECT_DOUBLE_EQ(course.loss[1].loss, 5);
  EXPECT_DOUBLE_EQ(course.loss[2].loss, 7);
  ASSERT_EQ(course.dev.size(), 1u);
  EXPECT_EQ(course.dev[0].f1, 0.25);
  EXPECT_EQ(course.dev[0].metric, "macro");
}

TEST(RunHistory, ManyEvaluationsAreThinnedAndTheLastStays) {
  const Scratch scratch;
  std::string log;
  for (int64_t i = 1; i <= 10; ++i) log += evaluation(i, double(i) / 10);
  const TrainingCourse course = read_course(scratch.file("log.jsonl", log), 4);
  EXPECT_LE(course.dev.size(), 4u);
  EXPECT_EQ(course.dev.back().step, 10);
  EXPECT_EQ(course.dev_left_out + int64_t(course.dev.size()), 10);
}

TEST(RunHistory, HalfALineAtTheEndIsPassedOverAndNoOther) {
  const Scratch scratch;
  EXPECT_EQ(read_course(scratch.file("log.jsonl", step(1, 2) + R"({"step": 2, "lo)"), 9).steps, 1);
  EXPECT_THAT(error_of([&] { read_course(scratch.file("log.jsonl", "{\n" + step(1, 2)), 9); }),
              HasSubstr("log.jsonl:1"));
  EXPECT_THAT(error_of([&] { read_course(scratch.file("log.jsonl", "{\"loss\": 1}\n"), 9); }),
              HasSubstr("'step'"));
}

/// A folder with a record; `more` is added to it.
std::string run_in(const Scratch& scratch, const json& more = json::object()) {
  json record = {{"model", "m"},       {"base", "nf4"},      {"base_hash", "abc"},
                 {"prompt", "roles"},  {"prompt_hash", "p"}, {"status", "done"},
                 {"seconds", 61.5},    {"steps", 7},         {"peak_rss_bytes", 2'000'000'000},
                 {"best_dev_f1", 0.5}, {"best_step", 4}};
  record.update(more);
  scratch.file("run.json", record.dump());
  return std::filesystem::path(scratch.path("run.json")).parent_path().string();
}

TEST(RunHistory, ReadsWhatARunCost) {
  const Scratch scratch;
  scratch.file("log.jsonl", step(1, 2) + evaluation(4, 0.5));
  const RunHistory history = read_history(run_in(scratch));
  EXPECT_EQ(history.seconds, 61.5);
  EXPECT_EQ(history.steps, 7);
  EXPECT_EQ(history.peak_rss_bytes, 2'000'000'000);
  EXPECT_EQ(history.best_step, 4);
  EXPECT_TRUE(history.notes.empty());
  const json out = json::parse(history_json(history));
  EXPECT_EQ(out["run"]["base_hash"], "abc");
  EXPECT_EQ(out["training"]["loss"], json({{{"first", 1}, {"last", 1}, {"loss", 2.0}}}));
  EXPECT_THAT(history_text(history), ::testing::AllOf(HasSubstr("1 min 02 s"), HasSubstr("2.00 GB"),
                                                      HasSubstr("dev F1 50.00 (macro)")));
}

// A killed run's loss is told like that of one that came to its end.
TEST(RunHistory, HalfALineLeavesTheLossOfTheOthers) {
  const Scratch scratch;
  scratch.file("log.jsonl", step(1, 2) + step(2, 1) + R"({"step": 3, "lo)");
  const RunHistory history = read_history(run_in(scratch));
  EXPECT_TRUE(history.notes.empty());
  EXPECT_EQ(history.course.steps, 2);
  ASSERT_TRUE(history.loss);
  EXPECT_EQ(history.loss->last, 1);
  EXPECT_THAT(history_text(history), HasSubstr("loss 2 at first, 1 at the end"));
}

TEST(RunHistory, WhatIsMissingIsToldAndWhatIsNoRunIsRefused) {
  const Scratch scratch;
  EXPECT_THAT(error_of([&] { read_history(scratch.path("none")); }), HasSubstr("no run.json"));
  const std::string run = run_in(scratch);
  ASSERT_EQ(read_history(run).notes.size(), 1u);
  EXPECT_THAT(read_history(run).notes[0], HasSubstr("no log.jsonl"));
  scratch.file("log.jsonl", "nothing\nof the kind\n");
  ASSERT_EQ(read_history(run).notes.size(), 1u);
  EXPECT_THAT(read_history(run).notes[0], HasSubstr("log.jsonl:1"));
  run_in(scratch, {{"format_version", 99}});
  EXPECT_THAT(error_of([&] { read_history(run); }), HasSubstr("99"));
  run_in(scratch, {{"seconds", "long"}});
  EXPECT_THAT(error_of([&] { read_history(run); }), HasSubstr("'seconds'"));
}

TEST(RunHistory, AnswersOfAnotherRunAreRefused) {
  const Scratch scratch;
  const RunHistory history = read_history(run_in(scratch));
  const auto refusal = [&](const json& record) {
    scratch.file("p.jsonl.run.json", record.dump());
    const AnswersRecord answers = read_answers_record(scratch.path("p.jsonl"));
    return error_of([&] { check_same_run(answers, history); });
  };
  EXPECT_EQ(refusal({{"base_hash", "abc"}, {"trained", {{"prompt_hash", "p"}}}}), "");
  EXPECT_EQ(refusal({{"model", "unknown"}}), "");
  EXPECT_THAT(refusal({{"base_hash", "other"}}), HasSubstr("another base model"));
  EXPECT_THAT(refusal({{"base_hash", "abc"}, {"trained", {{"prompt_hash", "q"}}}}),
              HasSubstr("another prompt style"));
  EXPECT_EQ(read_answers_record(scratch.path("absent")).record, "");
  scratch.file("list.run.json", "[]");
  EXPECT_THAT(error_of([&] { read_answers_record(scratch.path("list")); }),
              HasSubstr("no record of answers"));
}

TEST(RunHistory, AnotherFolderThanTheRecordNamesIsTold) {
  const Scratch scratch, other;
  const RunHistory history = read_history(run_in(scratch));
  AnswersRecord answers;
  for (const std::string& same :
       {std::string(), history.folder, history.folder + "/.", scratch.path("moved away")}) {
    answers.adapter = same;
    EXPECT_EQ(check_same_run(answers, history), "") << same;
  }
  answers.adapter = run_in(other);
  EXPECT_THAT(check_same_run(answers, history),
              ::testing::AllOf(HasSubstr(answers.adapter), HasSubstr(history.folder)));
}

TEST(RunHistory, ARunOfAllWeightsIsKnownByItsOwnModel) {
  const Scratch scratch;
  const std::string run = run_in(scratch, {{"method", "full"}, {"trained_hash", "own"}});
  EXPECT_EQ(read_history(run).base_hash, "own");
}

}  // namespace
}  // namespace relatum::jobs
