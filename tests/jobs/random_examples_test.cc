// Random examples in the place of similar ones: by run and by option, alone and together.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "jobs/ask_command.h"
#include "jobs/build_index.h"
#include "jobs/desk.h"
#include "jobs/export_adapter.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"
#include "jobs/retrieval.h"
#include "support/error_of.h"

namespace relatum::testing {
namespace {

class RandomExamples : public Desk {
 protected:
  void SetUp() override {
    Desk::SetUp();
    write_rows("rows.jsonl", many(20));
    jobs::IndexOptions index;
    index.input = path("rows.jsonl");
    index.embedder = kEmbedder;
    index.out = path("index");
    ASSERT_TRUE(jobs::build_index(index, host_));
    style_ = write("maybe.txt",
                   "{{#example}}{{example_text}} {{example_label}}\n{{/example}}{{text}}:");
  }
  jobs::FinetuneOptions teach_random() const {
    jobs::FinetuneOptions options = teach();
    options.prompt = style_;
    options.index = path("index");
    options.embedder = kEmbedder;
    options.examples = "random";
    options.training.seed = 5;
    return options;
  }
  // Which examples the predictions name, per row.
  std::vector<std::vector<std::string>> shown(jobs::ExtractOptions options) {
    options.model.model.clear();
    options.prompt.clear();
    options.adapter = path("run");
    out_.clear();
    jobs::extract(options, host_);
    std::vector<std::vector<std::string>> all;
    for (const json& row : json_lines(out_)) {
      all.emplace_back();
      for (const json& each : row["neighbours"]) all.back().push_back(each["id"]);
    }
    return all;
  }
  std::vector<std::vector<std::string>> drawn(const jobs::ExampleChoice& choice) {
    jobs::Retrieval retrieval(path("index"), kEmbedder, "", host_);
    const auto data = task::load_dataset("jsonl:" + path("rows.jsonl"));
    std::vector<std::vector<std::string>> all;
    const auto found = retrieval.find(data.examples, choice, jobs::QueryKind::kTest, host_.context);
    for (const auto& row : found.references) {
      all.emplace_back();
      for (const auto& each : row) all.back().push_back(each.id);
    }
    return all;
  }
  std::string style_;
};

TEST_F(RandomExamples, AreKeptWithTheRunAndUsedByIt) {
  ASSERT_TRUE(jobs::finetune(teach_random(), host_).finished);
  const json record = json::parse(read("run/run.json"));
  EXPECT_EQ(record["example_choice"], "random");
  EXPECT_THAT(read("run/README.md"), HasSubstr("Each prompt shows random ones of the sentences"));
  EXPECT_EQ(shown(ask()), drawn({1, 5}));
  jobs::ExtractOptions other = ask();
  other.examples_seed = 6;
  EXPECT_EQ(shown(other), drawn({1, 6}));
  EXPECT_NE(shown(other), drawn({1, 5}));
  other = ask();
  other.examples = "nearest";
  EXPECT_EQ(shown(other), drawn({1}));
  EXPECT_NE(shown(other), drawn({1, 5}));
  other = ask();
  other.neighbours = 3;
  other.data.limit = 4;  // fewer rows draw the same
  auto three = drawn({3, 5});
  three.resize(4);
  EXPECT_EQ(shown(other), three);
}

TEST_F(RandomExamples, AnExtractionSaysWhatItShows) {
  jobs::ExtractOptions options = ask("answers.jsonl");
  options.prompt = style_;
  options.index = path("index");
  options.embedder = kEmbedder;
  options.examples = "random";
  options.examples_seed = 9;
  jobs::extract(options, host_);
  const json record = json::parse(read("answers.jsonl.run.json"));
  EXPECT_EQ(record["example_choice"], "random");
  EXPECT_EQ(record["examples_seed"], 9);
}

TEST_F(RandomExamples, ARunThatIsResumedWithOthersIsRefused) {
  jobs::FinetuneOptions options = teach_random();
  options.training.epochs = 3;
  options.training.save_every = 1;
  train_until(2, options);
  options.examples = "nearest";
  EXPECT_THAT(error_of([&] { jobs::finetune(options, host_); }), HasSubstr("--examples"));
}

TEST_F(RandomExamples, TheCommandForWhatIsMadeOfTheRunNamesThem) {
  ASSERT_TRUE(jobs::finetune(teach_random(), host_).finished);
  jobs::ExportOptions options;
  options.use.adapter = path("run");
  options.out = path("run.gguf");
  const jobs::RunUse use = jobs::export_adapter(options, host_).use;
  EXPECT_THAT(jobs::extract_command("m.gguf", use),
              HasSubstr(" --examples random --examples-seed 5 "));
}

TEST_F(RandomExamples, OtherKindsOfARecordAreRefused) {
  ASSERT_TRUE(jobs::finetune(teach_random(), host_).finished);
  json record = json::parse(read("run/run.json"));
  record["example_choice"] = "diverse";
  write("run/run.json", record.dump());
  EXPECT_THAT(error_of([&] { shown(ask()); }), HasSubstr("'diverse'"));
  record.erase("example_choice");  // as earlier versions had it
  write("run/run.json", record.dump());
  EXPECT_EQ(shown(ask()), drawn({1}));
}

TEST_F(RandomExamples, WithoutAnIndexTheyAreNoneAndThatIsSaid) {
  jobs::ExtractOptions options = ask();
  options.examples = "random";
  jobs::extract(options, host_);
  EXPECT_THAT(warnings_, ::testing::Contains("--examples has no effect without --index."));
}

}  // namespace
}  // namespace relatum::testing
