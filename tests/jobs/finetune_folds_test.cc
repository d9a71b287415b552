// --folds: every row is answered once, by an adapter that did not see it; stopped, it goes on.
#include "jobs/finetune_folds.h"

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "desk.h"
#include "jobs/finetune.h"
#include "jobs/finetune_data.h"
#include "jobs/run_record.h"
#include "support/error_of.h"
#include "task/evaluate.h"
#include "task/folds.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Not;

class FoldsJob : public Desk {
 protected:
  jobs::FinetuneOptions three() const {
    jobs::FinetuneOptions options = teach();
    options.train = path("many.jsonl");
    options.folds = 3;
    options.batch_tokens = 96;
    options.training.save_every = 1;
    return options;
  }
  void SetUp() override {
    Desk::SetUp();
    write_rows("many.jsonl", many(24));
  }
  task::Report score(const std::string& predictions) {
    const auto data = task::load_dataset(path("many.jsonl"));
    return task::evaluate(data, task::read_predictions(path(predictions)), {.samples = 0});
  }
};

TEST_F(FoldsJob, AnswersEachRowByAnAdapterThatDidNotSeeIt) {
  const jobs::FoldsResult result = jobs::finetune_folds(three(), host_);
  ASSERT_TRUE(result.finished);
  ASSERT_EQ(result.folds.size(), 3u);
  std::set<std::string> asked;
  for (int64_t fold = 0; fold < 3; ++fold) {
    const std::string folder = "run/fold-" + std::to_string(fold + 1);
    const json record = json::parse(read(folder + "/run.json"));
    EXPECT_EQ(record["status"], "done");
    EXPECT_EQ(record["fold"], fold + 1);
    EXPECT_EQ(record["folds"], 3);
    const auto answers = read_rows(folder + "/predictions.jsonl");
    EXPECT_EQ(record["test_examples"], answers.size());
    EXPECT_EQ(record["examples"].get<size_t>() + answers.size(), 24u);
    for (const json& each : answers) EXPECT_TRUE(asked.insert(each["id"]).second);
    jobs::FinetuneOptions options = three();
    options.folds = 0;
    options.fold = jobs::Fold{fold, 3};
    const auto data = jobs::load_finetune_data(options, host_);
    EXPECT_EQ(data.test.examples.size(), answers.size());
    for (const auto& example : data.train.examples) {
      for (const json& each : answers) EXPECT_NE(each["id"], example.id);
    }
  }
  EXPECT_EQ(asked.size(), 24u);
  EXPECT_EQ(read_rows("run/predictions.jsonl").size(), 24u);
}

TEST_F(FoldsJob, TheFiguresAreThoseOfTheAnswers) {
  const jobs::FoldsResult result = jobs::finetune_folds(three(), host_);
  const task::Report all = score("run/predictions.jsonl");
  EXPECT_DOUBLE_EQ(result.pooled.accuracy, all.accuracy);
  EXPECT_DOUBLE_EQ(result.pooled.official, all.official.scores->f1);
  EXPECT_EQ(result.metric, all.official.title);
  double mean = 0;
  int64_t rows = 0, right = 0;
  for (const jobs::FoldScore& fold : result.folds) {
    mean += fold.accuracy / 3;
    rows += fold.rows;
    right += std::llround(fold.accuracy * double(fold.rows));
  }
  EXPECT_EQ(rows, 24);
  EXPECT_EQ(right, all.right);
  EXPECT_DOUBLE_EQ(result.accuracy.mean, mean);
  EXPECT_LE(result.accuracy.low, mean);
  const json record = json::parse(read("run/folds.json"));
  EXPECT_EQ(record["status"], "done");
  EXPECT_EQ(record["scores"]["accuracy"]["mean"].get<double>(), mean);
  const std::string text = jobs::folds_text(result);
  for (const char* part : {"fold 3", "mean", "deviation", "95 % from", "all rows", "micro-F1"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST_F(FoldsJob, StoppedAnywhereItGoesOnToTheSameAnswers) {
  jobs::finetune_folds(three(), host_);
  const std::string want = read("run/predictions.jsonl");
  const std::string second = read("run/fold-2/adapter_model.safetensors");
  jobs::FinetuneOptions options = three();
  options.out = path("again");
  int tasks = 0;
  host_.context.progress = [&](const Progress& p) {
    stop_ = p.task == "training" && p.done == 2 && ++tasks == 2;  // in the second fold
  };
  EXPECT_FALSE(jobs::finetune_folds(options, host_).finished);
  EXPECT_EQ(json::parse(read("again/folds.json"))["status"], "interrupted");
  const auto first = fs::last_write_time(path("again/fold-1/adapter_model.safetensors"));
  stop_ = false;
  host_.context.progress = nullptr;
  EXPECT_THAT(error_of([&] { jobs::finetune_folds(options, host_); }),
              AllOf(HasSubstr("folds.json"), HasSubstr("--resume")));
  options.resume = true;
  EXPECT_TRUE(jobs::finetune_folds(options, host_).finished);
  EXPECT_EQ(read("again/predictions.jsonl"), want);
  EXPECT_EQ(read("again/fold-2/adapter_model.safetensors"), second);
  EXPECT_EQ(fs::last_write_time(path("again/fold-1/adapter_model.safetensors")), first);
  lines_.clear();
  EXPECT_TRUE(jobs::finetune_folds(options, host_).finished);  // all of them are there
  EXPECT_THAT(::testing::PrintToString(lines_), HasSubstr("fold 3 of 3: finished before"));
}

TEST_F(FoldsJob, GoesOnWithTheSameDataAlone) {
  jobs::finetune_folds(three(), host_);
  jobs::FinetuneOptions options = three();
  options.resume = true;
  auto rows = many(24);
  rows[3]["label"] = "part-of";
  rows[4]["label"] = "causes(e1,e2)";
  options.train = write_rows("changed.jsonl", rows);
  EXPECT_THAT(error_of([&] { jobs::finetune_folds(options, host_); }),
              HasSubstr("training data are not those"));
  options = three();
  options.resume = true;
  options.folds = 4;
  EXPECT_THAT(error_of([&] { jobs::finetune_folds(options, host_); }),
              HasSubstr("--folds was 3 and is now 4"));
  options = three();
  options.overwrite = true;
  options.training.seed = 2;
  EXPECT_TRUE(jobs::finetune_folds(options, host_).finished);
}

TEST_F(FoldsJob, SmallLabelsAreAWarningAndTooFewTextsAnError) {
  jobs::FinetuneOptions options = three();
  options.train = path("rows.jsonl");  // two labels have two rows
  EXPECT_TRUE(jobs::finetune_folds(options, host_).finished);
  const std::string all = ::testing::PrintToString(warnings_);
  EXPECT_THAT(
      all, AllOf(HasSubstr("2 labels with fewer rows than the 3 folds"), HasSubstr("no_relation")));
  options.folds = 11;
  options.out = path("other");
  EXPECT_THAT(error_of([&] { jobs::finetune_folds(options, host_); }),
              HasSubstr("10 different texts"));
  options.folds = 3;
  options.train = "-";
  EXPECT_THAT(error_of([&] { jobs::finetune_folds(options, host_); }), HasSubstr("standard input"));
  EXPECT_FALSE(there("other"));
}

TEST_F(FoldsJob, ARunIsNoPlaceForFoldsNorFoldsForARun) {
  jobs::finetune(teach(), host_);
  EXPECT_THAT(error_of([&] { jobs::finetune_folds(three(), host_); }),
              HasSubstr("holds a run of one training"));
  jobs::FinetuneOptions folds = three();
  folds.out = path("folds");
  jobs::finetune_folds(folds, host_);
  jobs::FinetuneOptions one = teach();
  one.out = path("folds");
  one.overwrite = true;
  EXPECT_THAT(error_of([&] { jobs::finetune(one, host_); }),
              HasSubstr("folds of a cross-validation"));
}

TEST_F(FoldsJob, WhatIsRefusedLeavesNothing) {
  jobs::FinetuneOptions options = three();
  options.targets = "no_such";
  EXPECT_THAT(error_of([&] { jobs::finetune_folds(options, host_); }), HasSubstr("no_such"));
  EXPECT_FALSE(there("run"));
  jobs::finetune_folds(three(), host_);
  const std::string before = read("run/folds.json"), answers = read("run/predictions.jsonl");
  options.overwrite = true;
  EXPECT_THAT(error_of([&] { jobs::finetune_folds(options, host_); }), HasSubstr("no_such"));
  EXPECT_EQ(read("run/folds.json"), before);
  EXPECT_EQ(read("run/predictions.jsonl"), answers);
}

// Else --resume would take folds of the run that was replaced for its own.
TEST_F(FoldsJob, WhatIsReplacedLeavesNoFold) {
  jobs::finetune_folds(three(), host_);
  EXPECT_TRUE(there("run/fold-3"));
  jobs::FinetuneOptions options = three();
  options.folds = 2;
  options.overwrite = true;
  jobs::finetune_folds(options, host_);
  EXPECT_TRUE(there("run/fold-2"));
  EXPECT_FALSE(there("run/fold-3"));
}

// The common record holds what was given, and the adapter's run says the rest each time.
TEST_F(FoldsJob, GoOnFromAnAdapterThatNamesTheModel) {
  jobs::FinetuneOptions one = teach();
  one.out = path("first");
  jobs::finetune(one, host_);
  jobs::FinetuneOptions options = three();
  options.model.model.clear();
  options.prompt.clear();
  options.init_adapter = path("first");
  jobs::finetune_folds(options, host_);
  const std::string answers = read("run/predictions.jsonl");
  fs::remove_all(path("run/fold-2"));
  options.resume = true;
  EXPECT_TRUE(jobs::finetune_folds(options, host_).finished);
  EXPECT_EQ(read("run/predictions.jsonl"), answers);
  EXPECT_FALSE(json::parse(read("run/folds.json")).contains("init_adapter_forced"));
}

// Of the rows that are left for a fold's training, not of those it is asked for.
TEST_F(FoldsJob, HoldsOutWithinAFold) {
  jobs::FinetuneOptions options = three();
  options.folds = 0;
  options.fold = jobs::Fold{0, 3};
  options.holdout = 4;
  const auto data = jobs::load_finetune_data(options, host_);
  EXPECT_EQ(data.dev.examples.size(), 4u);
  EXPECT_EQ(data.dev.examples.size() + data.train.examples.size() + data.test.examples.size(), 24u);
  EXPECT_EQ(data.test.labels, data.train.labels);
}

// Runs that earlier versions began drew regardless of labels, or cut documents apart; they go on
// with the same rows.
TEST_F(FoldsJob, AnEarlierRunHoldsOutWhatItHeldOut) {
  jobs::FinetuneOptions options = three();
  options.folds = 0;
  options.holdout = 8;
  EXPECT_EQ(jobs::holdout_by(options), jobs::kHoldoutWhole);
  jobs::finetune(options, host_);
  json record = json::parse(read("run/run.json"));
  EXPECT_EQ(record["holdout_by"], jobs::kHoldoutWhole);
  options.resume = true;
  EXPECT_EQ(jobs::holdout_by(options), jobs::kHoldoutWhole);
  const auto now = jobs::load_finetune_data(options, host_).dev.examples;
  record["holdout_by"] = jobs::kHoldoutByLabel;
  write("run/run.json", record.dump());
  EXPECT_EQ(jobs::holdout_by(options), jobs::kHoldoutByLabel);
  record.erase("holdout_by");
  write("run/run.json", record.dump());
  EXPECT_EQ(jobs::holdout_by(options), jobs::kHoldoutRegardless);
  const auto then = jobs::load_finetune_data(options, host_).dev.examples;
  ASSERT_EQ(now.size(), then.size());
  std::set<std::string> ids, earlier;
  for (const auto& each : now) ids.insert(each.id);
  for (const auto& each : then) earlier.insert(each.id);
  EXPECT_NE(ids, earlier);
}

}  // namespace
}  // namespace relatum::testing
