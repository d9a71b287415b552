// Fine-tuning as a library's user has it, and its stages one by one.
#include "jobs/finetune.h"

#include "base/error.h"
#include "desk.h"
#include "jobs/answerer.h"
#include "jobs/extract.h"
#include "jobs/finetune_data.h"
#include "jobs/finetune_folder.h"
#include "jobs/finetune_plan.h"
#include "jobs/finetune_rows.h"
#include "jobs/finetune_text.h"
#include "jobs/run_record.h"
#include "jobs/running_mean.h"
#include "jobs/training_log.h"
#include "task/prompt.h"

namespace relatum::testing {
namespace {

using FinetuneJob = Desk;

TEST_F(FinetuneJob, WritesARunThatExtractionTakesUp) {
  const auto result = jobs::finetune(teach(), host_);
  EXPECT_TRUE(result.finished);
  EXPECT_GT(result.training.steps, 0);
  EXPECT_EQ(jobs::read_run(path("run")).status, "done");
  jobs::ExtractOptions options = ask();
  options.model = {};
  options.model.compute = "f32";
  options.prompt = "";
  options.adapter = path("run");
  EXPECT_TRUE(jobs::extract(options, host_).finished);
  EXPECT_EQ(json_lines(out_).size(), 10u);
  EXPECT_TRUE(warnings_.empty()) << warnings_[0];
}

TEST_F(FinetuneJob, AnAnswererAnswersExamplesInMemoryLikeExtraction) {
  jobs::finetune(teach(), host_);
  jobs::ExtractOptions options = ask();
  options.adapter = path("run");
  jobs::extract(options, host_);
  const jobs::ExtractSetup setup = jobs::settle_extract(options, host_);
  jobs::Answerer answerer(options, setup, *setup.labels, host_);
  const auto data = options.data.load(options.input, true, host_);
  std::string answers;
  for (const auto& each : answerer.answer(data.examples)) answers += task::to_json(each) + "\n";
  EXPECT_EQ(answers, out_);
}

TEST_F(FinetuneJob, IsSilentAndNeedsNoHost) {
  const auto result = jobs::finetune(teach(), jobs::Host{});
  EXPECT_TRUE(result.finished);
}

TEST_F(FinetuneJob, StopsAndGoesOnToTheSameAdapter) {
  jobs::FinetuneOptions options = teach();
  options.training.epochs = 3;
  options.batch_tokens = 64;
  jobs::finetune(options, host_);
  const std::string want = read("run/adapter_model.safetensors");
  options.out = path("again");
  host_.context.progress = [&](const Progress& p) { stop_ = p.done >= 3; };
  const auto stopped = jobs::finetune(options, host_);
  EXPECT_FALSE(stopped.finished);
  EXPECT_EQ(jobs::read_run(path("again")).status, "interrupted");
  stop_ = false;
  host_.context.progress = nullptr;
  options.resume = true;
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(read("again/adapter_model.safetensors"), want);
}

TEST_F(FinetuneJob, GoesOnWithTheTokensAtOnceThatItBeganWith) {
  EXPECT_EQ(train::default_micro_tokens(DType::kF32), 1024);
  EXPECT_EQ(train::default_micro_tokens(DType::kBF16), 2048);
  const auto at_once = [&] { return json::parse(read("run/run.json")).at("micro_tokens"); };
  jobs::FinetuneOptions options = teach();
  options.batch_tokens = 4096;
  jobs::finetune(options, host_);
  EXPECT_EQ(at_once(), 1024);
  options.overwrite = true;
  options.micro_tokens = 0;
  jobs::finetune(options, host_);
  EXPECT_EQ(at_once(), 4096);
  options.batch_tokens = 128;
  options.micro_tokens = 64;
  host_.context.progress = [&](const Progress& p) { stop_ = p.done >= 1; };
  EXPECT_FALSE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(at_once(), 64);
  stop_ = false;
  host_.context.progress = nullptr;
  options.micro_tokens.reset();
  options.resume = true;
  options.overwrite = false;
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(at_once(), 64);
}

TEST_F(FinetuneJob, ChangesNothingWhenStoppedBeforeItBegins) {
  stop_ = true;
  EXPECT_FALSE(jobs::finetune(teach(), host_).finished);
  EXPECT_FALSE(there("run"));
}

TEST_F(FinetuneJob, DataShareOneInventoryAndNeedLabels) {
  jobs::FinetuneOptions options = teach();
  options.holdout = 3;
  const auto data = jobs::load_finetune_data(options, host_);
  EXPECT_EQ(data.train.examples.size() + data.dev.examples.size(), 10u);
  EXPECT_EQ(data.train.labels, data.dev.labels);
  options.negative = "nothing";
  EXPECT_THAT([&] { jobs::load_finetune_data(options, host_); },
              ThrowsMessage<Error>(HasSubstr("--negative")));
  auto rows = corpus();
  rows[4].erase("label");
  write_rows("rows.jsonl", rows);
  EXPECT_THAT([&] { jobs::load_finetune_data(teach(), host_); },
              ThrowsMessage<Error>(HasSubstr("rows.jsonl:5: example '5' has no label")));
}

TEST_F(FinetuneJob, ValuesThatAreNoneAreRefusedAndOddOnesTold) {
  jobs::FinetuneOptions options = teach();
  jobs::check_finetune_values(options, host_.context);
  EXPECT_TRUE(warnings_.empty());
  options.learning_rate = 0.5;
  options.neighbours_given = true;
  jobs::check_finetune_values(options, host_.context);
  EXPECT_EQ(warnings_.size(), 2u);
  options.holdout = 2;
  options.dev = options.train;
  EXPECT_THAT([&] { jobs::check_finetune_values(options, host_.context); },
              ThrowsMessage<Error>(HasSubstr("exclude each other")));
}

TEST_F(FinetuneJob, RowsKnowWhereTheirAnswersBegin) {
  const jobs::FinetuneOptions options = teach();
  jobs::FinetuneData data = jobs::load_finetune_data(options, host_);
  const task::PromptRenderer renderer(task::load_style(options.prompt), data.train.labels);
  const auto session = jobs::open_language_model(options.model.path(host_),
                                                 options.model.session());
  const auto rows = jobs::make_finetune_rows(options, data, *session, renderer, host_);
  ASSERT_EQ(rows.train.size(), 10u);
  for (size_t i = 0; i < rows.train.size(); ++i) {
    const auto prompt = engine::prompt_tokens(*session,
                                              renderer.render(data.train.examples[i]).prompt);
    EXPECT_EQ(rows.train[i].prompt_length, int64_t(prompt.size()));
    EXPECT_TRUE(std::equal(prompt.begin(), prompt.end(), rows.train[i].tokens.begin()));
  }
  EXPECT_THAT(rows.places[2], HasSubstr("rows.jsonl:3"));
}

TEST_F(FinetuneJob, SaysWhatItNeedsAndWhatItFound) {
  jobs::finetune(teach(), host_);
  const std::string all = ::testing::PrintToString(lines_);
  for (const char* part : {"10 training examples", "4 labels", "needs about", "fewer than 10",
                           "trained", "adapter written to"}) {
    EXPECT_THAT(all, HasSubstr(part));
  }
  EXPECT_THAT(all, Not(HasSubstr("evaluations apart")));
  jobs::FinetuneOptions options = teach();
  options.holdout = 3;
  options.overwrite = true;
  jobs::finetune(options, host_);
  EXPECT_THAT(lines_, Contains(HasSubstr("tokens, evaluations apart")));
}

TEST_F(FinetuneJob, AnEncoderIsRefused) {
  jobs::FinetuneOptions options = teach();
  options.model.model = kEmbedder;
  EXPECT_THAT([&] { jobs::finetune(options, host_); },
              ThrowsMessage<Error>(HasSubstr("is an encoder")));
}

TEST_F(FinetuneJob, AResumedLogHasADueEvaluationOnce) {
  write("log.jsonl",
        "{\"step\":1,\"loss\":1.0}\n{\"step\":2,\"loss\":1.0}\n"
        "{\"dev_f1\":0.5,\"step\":2}\n{\"step\":3,\"loss\":1.0}\n");
  jobs::TrainingLog().open(path("log.jsonl"), 2, false);
  EXPECT_EQ(json_lines(read("log.jsonl")).size(), 3u);
  jobs::TrainingLog().open(path("log.jsonl"), 2, true);
  EXPECT_EQ(json_lines(read("log.jsonl")).size(), 2u);
}

TEST(RunningMean, IsRightFromTheFirstValueOn) {
  jobs::RunningMean mean;
  double last = 0;
  EXPECT_DOUBLE_EQ(mean.add(5.0), 5.0);
  for (int i = 0; i < 200; ++i) last = mean.add(1.0);
  EXPECT_LT(last, 1.001);
  jobs::RunningMean falling;
  double sum = 0;
  for (int i = 0; i < 10; ++i) {
    sum += 10.0 - i;
    last = falling.add(10.0 - i);
  }
  EXPECT_LT(last, sum / 10);  // later values count more; a mean begun at the first lags above it
  EXPECT_GT(last, 1.0);
}

TEST_F(FinetuneJob, ADiskThatIsTooSmallIsToldBefore) {
  EXPECT_NO_THROW(jobs::check_free_space(folder_ / "a/b", 1));
  EXPECT_THROW(jobs::check_free_space(folder_ / "a/b", int64_t{1} << 60), Error);
}

}  // namespace
}  // namespace relatum::testing
