// Options that change nothing, values that cannot be meant, and what a log says of the training.
#include "jobs/without_effect.h"

#include "base/error.h"
#include "desk.h"
#include "jobs/extract.h"
#include "jobs/extract_setup.h"
#include "jobs/finetune.h"
#include "jobs/finetune_plan.h"
#include "jobs/training_log.h"
#include "support/error_of.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

class WithoutEffect : public Desk {
 protected:
  std::vector<std::string> told(const jobs::ExtractOptions& options) {
    warnings_.clear();
    const std::vector<jobs::NamedSetup> setups{{"", options, {}}};
    jobs::tell_without_effect(options, setups, host_.context);
    return warnings_;
  }
  std::vector<std::string> told(const jobs::FinetuneOptions& options) {
    warnings_.clear();
    lines_.clear();
    jobs::check_finetune_values(options, host_.context);
    return warnings_;
  }
};

TEST_F(WithoutEffect, OptionsOfExtractNameWhatTheyNeed) {
  jobs::ExtractOptions options = ask();
  EXPECT_TRUE(told(options).empty());
  options.negative = "no_relation";
  options.max_new_tokens = 5;
  options.embedder = kEmbedder;
  EXPECT_THAT(
      told(options),
      ElementsAre("--negative has no effect without --skip-negative, --threshold or --multi-label.",
                  "--max-new-tokens has no effect without --answer free.",
                  "--embedder has no effect without --index."));
  options = ask();
  options.answer = "constrained";
  options.negligible = 0.001;
  options.scores = true;
  EXPECT_THAT(told(options), ElementsAre("--negligible and --scores have no effect without "
                                         "--answer scored or shares."));
  options = ask();
  options.answer = "free";
  options.max_new_tokens = 5;
  EXPECT_TRUE(told(options).empty());
}

TEST_F(WithoutEffect, OptionsOfFinetuneNameWhatTheyNeed) {
  jobs::FinetuneOptions options = teach();
  options.neighbours_given = options.examples_given = true;
  options.embedder = kEmbedder;
  options.training.patience = 2;
  EXPECT_THAT(told(options), ElementsAre("--neighbours, --examples and --embedder have no "
                                         "effect without --index.",
                                         "--patience has no effect without --dev or --holdout."));
  options = teach();
  options.training.eval_every = 3;  // states are saved then, all the same
  EXPECT_TRUE(told(options).empty());
  EXPECT_THAT(lines_, ElementsAre(HasSubstr("--eval-every")));
  options.training.save_every = 2;
  EXPECT_THAT(told(options), ElementsAre(HasSubstr("--eval-every has no effect")));
  options.holdout = 2;
  EXPECT_TRUE(told(options).empty());
}

TEST_F(WithoutEffect, ValuesThatLeadNowhereAreRefusedOrTold) {
  jobs::FinetuneOptions options = teach();
  for (const double alpha : {0.0, -8.0}) {
    options.adapter.alpha = alpha;
    EXPECT_THAT(error_of([&] { told(options); }),
                AllOf(HasSubstr("--alpha"), HasSubstr("above 0")));
  }
  options = teach();
  options.learning_rate = 1e-8;
  EXPECT_THAT(told(options), ElementsAre(HasSubstr("--lr 1e-08 is far below the usual")));
  options.learning_rate = 1e-6;
  EXPECT_TRUE(told(options).empty());
}

TEST_F(WithoutEffect, LabelsThatAreTheDatasOwnAreTold) {
  jobs::extract(ask("p.jsonl"), host_);
  EXPECT_THAT(lines_, Contains("labels: the 4 that occur in " + path("rows.jsonl") +
                               " (--labels names others)."));
  jobs::ExtractOptions named = ask("q.jsonl");
  named.data.labels = write("labels.json", json(kLabels).dump());
  lines_.clear();
  jobs::extract(named, host_);
  EXPECT_THAT(lines_, Not(Contains(HasSubstr("that occur in"))));
}

TEST_F(WithoutEffect, WhatIsMissingIsNamedAtOnce) {
  jobs::ExtractOptions options = ask();
  options.prompt.clear();
  EXPECT_THAT(error_of([&] { jobs::settle_extract(options, host_); }),
              AllOf(HasSubstr("--prompt is missing"), HasSubstr("roles-nolist")));
  options.model.model.clear();
  options.adapter = RELATUM_FIXTURES "/llama/lora";
  EXPECT_THAT(error_of([&] { jobs::settle_extract(options, host_); }),
              AllOf(HasSubstr("base model, prompt style and labels"),
                    HasSubstr("--model, --prompt and --labels"), HasSubstr("roles-nolist")));
  jobs::FinetuneOptions full = teach();
  full.method = "full";
  ASSERT_TRUE(jobs::finetune(full, host_).finished);
  options.adapter.clear();
  for (const char* model : {"run/model", "run/model/"}) {
    options.model.model = path(model);
    EXPECT_THAT(error_of([&] { jobs::settle_extract(options, host_); }),
                AllOf(HasSubstr("--adapter " + path("run")), HasSubstr("knows its style")))
        << model;
  }
}

TEST_F(WithoutEffect, AFolderThatIsNoAdapterIsCalledWhatItIs) {
  fs::create_directories(path("folds/fold-1"));
  write("folds/folds.json", "{}");
  jobs::ExtractOptions options = ask();
  options.adapter = path("folds");
  EXPECT_THAT(error_of([&] { jobs::settle_extract(options, host_); }),
              AllOf(HasSubstr("folder of folds"), HasSubstr("fold-1")));
  options.adapter = kModel;
  EXPECT_THAT(error_of([&] { jobs::settle_extract(options, host_); }),
              HasSubstr("a model's folder"));
}

TEST_F(WithoutEffect, ALogTellsHowTheLossWent) {
  EXPECT_FALSE(jobs::loss_course(path("absent.jsonl")));
  EXPECT_FALSE(jobs::loss_course(write("empty.jsonl", "{\"dev_f1\":0.5,\"step\":2}\n")));
  std::string log;
  for (int i = 0; i < 20; ++i) {
    log += json{{"step", i + 1}, {"loss", 20.0 - i}, {"grad_norm", i == 7 ? 1.5 : 0.0}}.dump();
    log += "\n{\"dev_f1\":0.5,\"step\":1}\n";
  }
  const auto course = jobs::loss_course(write("log.jsonl", log));
  ASSERT_TRUE(course);
  EXPECT_EQ(course->steps, 20);
  EXPECT_DOUBLE_EQ(course->first, 19.5);  // of 20 and 19
  EXPECT_DOUBLE_EQ(course->last, 1.5);    // of 2 and 1
  EXPECT_TRUE(course->moved);
  const auto still = jobs::loss_course(
      write("still.jsonl", "{\"step\":1,\"loss\":2.0,\"grad_norm\":0.0}\n"));
  ASSERT_TRUE(still);
  EXPECT_FALSE(still->moved);
}

// A rate that moves nothing leaves the loss where it was, but for the order of the rows.
TEST_F(WithoutEffect, ALossThatDoesNotFallIsAWarning) {
  jobs::FinetuneOptions options = teach();
  options.train = write_rows("one.jsonl", {corpus()[0]});
  options.training.epochs = 30;
  options.adapter.dropout = 0;
  options.learning_rate = 1e-30;
  jobs::finetune(options, host_);
  EXPECT_THAT(warnings_, Contains(HasSubstr("the loss did not fall")));
  EXPECT_THAT(lines_, Contains(HasSubstr("at first, ")));
  warnings_.clear();
  options.learning_rate = 0.01;
  options.overwrite = true;
  jobs::finetune(options, host_);
  EXPECT_THAT(warnings_, Not(Contains(HasSubstr("did not fall"))));
}

TEST_F(WithoutEffect, NoNegativesMeansThatTheyAreNeverLearned) {
  jobs::FinetuneOptions options = teach();
  options.negatives = 0;
  jobs::finetune(options, host_);
  EXPECT_THAT(warnings_, Contains(AllOf(HasSubstr("--negatives 0"), HasSubstr("'no_relation'"),
                                        HasSubstr("never learned"))));
  const std::string all = ::testing::PrintToString(lines_);
  EXPECT_THAT(all, Not(HasSubstr("drawn anew")));
  EXPECT_THAT(all, HasSubstr("3 of 3 labels have fewer than 10 training examples in an epoch"));
}

TEST_F(WithoutEffect, AWordThatIsNoFileOfWeightsIsToldTheWord) {
  jobs::FinetuneOptions options = teach();
  options.label_weights = "Balanced";
  EXPECT_THAT(error_of([&] { jobs::finetune(options, host_); }),
              AllOf(HasSubstr("--label-weights Balanced"), HasSubstr("only word is balanced")));
}

}  // namespace
}  // namespace relatum::testing
