// Runs merged into their base: what they are held to, what it costs, and how the result is asked.
#include "base/hash.h"
#include "desk.h"
#include "io/gguf.h"
#include "jobs/build_index.h"
#include "jobs/export_adapter.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"
#include "jobs/merge.h"
#include "jobs/run_calibration.h"
#include "support/error_of.h"
#include "support/models.h"

namespace relatum::testing {
namespace {

class MergeRun : public Desk {
 protected:
  void SetUp() override {
    Desk::SetUp();
    jobs::FinetuneOptions options = teach();
    options.training.epochs = 3;
    ASSERT_TRUE(jobs::finetune(options, host_).finished);
    lines_.clear();
  }
  jobs::MergeOptions merging(const std::string& out, const std::string& format,
                             const std::string& data = "") const {
    jobs::MergeOptions options;
    options.use.adapter = path("run");
    options.use.input = data.empty() ? "" : path(data);
    options.format = format;
    options.out = path(out);
    return options;
  }
  jobs::MergeReport merged(const std::string& out, const std::string& format,
                           const std::string& data = "") const {
    const auto report = jobs::merge(merging(out, format, data), host_);
    EXPECT_TRUE(report);
    return *report;
  }
  std::vector<json> answers(const jobs::ExtractOptions& options) {
    out_.clear();
    EXPECT_TRUE(jobs::extract(options, host_).finished);
    return json_lines(out_);
  }
  std::vector<json> answers_of(const fs::path& adapter) {
    jobs::ExtractOptions options = ask();
    options.model.model = adapter == path("run") ? "" : kModel;
    options.model.base = adapter == path("run") ? "auto" : "nf4";
    options.prompt = adapter == path("run") ? "" : path("plain.txt");
    options.adapter = adapter.string();
    if (adapter != path("run")) options.data.labels = path("run/labels.json");
    options.scores = true;
    return answers(options);
  }
  // As the report says it is to be asked.
  std::vector<json> answers_of(const std::string& model, const jobs::RunUse& use) {
    jobs::ExtractOptions options = ask();
    options.model.model = path(model);
    options.model.base = "keep";
    options.prompt = use.prompt;
    options.data.labels = use.labels;
    options.calibration = use.calibration;
    options.scores = true;
    return answers(options);
  }
  static double largest(const std::vector<json>& one, const std::vector<json>& other) {
    double most = 0;
    EXPECT_EQ(one.size(), other.size());
    for (size_t i = 0; i < one.size(); ++i) {
      for (const auto& [label, value] : one[i]["scores"].items()) {
        const double difference = value.get<double>() - other[i]["scores"][label].get<double>();
        most = std::max(most, std::abs(difference));
      }
    }
    return most;
  }
  // A tenth of what examples/from-gpu/score.py allows between PEFT's probabilities and ours.
  static constexpr double kSame = 1e-5;
};

TEST_F(MergeRun, AnswersAsTheAdapterDoesOnTheBaseThatItWasTrainedOn) {
  const auto want = answers_of(path("run"));
  const jobs::MergeReport report = merged("out", "f32");
  EXPECT_EQ(report.base, "nf4");
  EXPECT_FALSE(report.use.other_words);
  for (const char* name : {"labels.json", "prompt.txt"}) {
    EXPECT_EQ(read(std::string("out/") + name), read(std::string("run/") + name));
  }
  EXPECT_EQ(report.use.labels, path("out/labels.json"));
  EXPECT_EQ(report.use.prompt, path("out/prompt.txt"));
  EXPECT_LT(largest(answers_of("out", report.use), want), kSame);
  const jobs::MergeReport file = merged("out.gguf", "f32");
  EXPECT_EQ(file.use.labels, path("run/labels.json"));
  EXPECT_LT(largest(answers_of("out.gguf", file.use), want), kSame);
  EXPECT_GT(largest(
                answers_of("out", report.use),
                [&] {
    jobs::ExtractOptions alone = ask();
    alone.data.labels = path("run/labels.json");
    alone.scores = true;
    return answers(alone);
                }()),
            10 * kSame);
}

// The result is as sure of its answers as the run is.
TEST_F(MergeRun, IsCalibratedAsTheRunIs) {
  const auto raw = answers_of(path("run"));
  jobs::RunCalibration kept;
  kept.adapter_hash = jobs::adapter_hash(path("run"), {});
  kept.examples = 60;
  for (const char* mode : {"scored", "shares", "constrained"}) {
    kept.modes[mode].fit.temperature = 3;
  }
  jobs::write_calibration(path("run"), kept);
  const auto want = answers_of(path("run"));
  ASSERT_GT(largest(want, raw), 10 * kSame);
  const jobs::MergeReport folder = merged("out", "f32", "rows.jsonl");
  EXPECT_EQ(read("out/calibration.json"), read("run/calibration.json"));
  EXPECT_EQ(folder.use.calibration, path("out/calibration.json"));
  EXPECT_LT(largest(answers_of("out", folder.use), want), kSame);
  EXPECT_LT(folder.comparison->largest, kSame);
  const jobs::MergeReport file = merged("out.gguf", "q4_0", "rows.jsonl");
  EXPECT_EQ(file.use.calibration, path("run/calibration.json"));
  // What is told is what the two extractions give, tempered both.
  EXPECT_NEAR(file.comparison->largest, largest(answers_of("out.gguf", file.use), want), 1e-9);
  // One that was fitted with another adapter is known by the record of what was merged.
  json other = json::parse(read("out/calibration.json"));
  other["adapter_hash"] = "0";
  write("out/calibration.json", other.dump());
  EXPECT_THAT(error_of([&] { answers_of("out", folder.use); }),
              HasSubstr("fitted with another adapter"));
  jobs::ExtractOptions named = ask();  // by its name among models
  fs::create_directory(path("models"));
  fs::rename(path("out"), path("models/out"));
  named.model.model = "out";
  named.model.models = path("models");
  named.calibration = path("models/out/calibration.json");
  EXPECT_THAT(error_of([&] { answers(named); }), HasSubstr("fitted with another adapter"));
  jobs::MergeOptions options = merging("without", "f32", "rows.jsonl");
  options.use.no_calibration = true;
  const auto without = jobs::merge(options, host_);
  EXPECT_EQ(without->use.calibration, "");
  EXPECT_FALSE(there("without/calibration.json"));
}

TEST_F(MergeRun, SaysWhatItCosts) {
  const jobs::MergeReport exact = merged("out", "f32", "rows.jsonl");
  ASSERT_TRUE(exact.comparison);
  EXPECT_EQ(exact.comparison->examples, 10);
  EXPECT_EQ(exact.comparison->labels, 4);
  EXPECT_LT(exact.comparison->largest, kSame);
  EXPECT_EQ(exact.comparison->other_answers, 0);
  ASSERT_TRUE(exact.comparison->f1_before && exact.comparison->f1_after);
  EXPECT_EQ(*exact.comparison->f1_before, *exact.comparison->f1_after);
  const jobs::MergeReport coarse = merged("out.gguf", "q4_0", "rows.jsonl");
  // What is told is what the two extractions give.
  const auto before = answers_of(path("run")), after = answers_of("out.gguf", coarse.use);
  EXPECT_NEAR(coarse.comparison->largest, largest(after, before), 1e-9);
  EXPECT_GT(coarse.comparison->largest, 10 * kSame);
  double sum = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    for (const auto& [label, value] : before[i]["scores"].items()) {
      sum += std::abs(value.get<double>() - after[i]["scores"][label].get<double>());
    }
  }
  EXPECT_NEAR(coarse.comparison->mean, sum / 40, 1e-9);
  EXPECT_GE(coarse.comparison->largest, coarse.comparison->mean);
  int64_t others = 0;
  for (size_t i = 0; i < before.size(); ++i) others += before[i]["label"] != after[i]["label"];
  EXPECT_EQ(coarse.comparison->other_answers, others);
}

TEST_F(MergeRun, WithoutLabelsThereIsNoScore) {
  auto rows = corpus();
  for (json& row : rows) row.erase("label");
  write_rows("unlabelled.jsonl", rows);
  const jobs::MergeReport report = merged("out", "bf16", "unlabelled.jsonl");
  EXPECT_FALSE(report.comparison->f1_before);
  EXPECT_GT(report.comparison->largest, 0);
}

TEST_F(MergeRun, AnotherBaseIsRefusedByItsHash) {
  jobs::MergeOptions options = merging("out.gguf", "f32");
  options.use.model.model = kOtherModel;
  EXPECT_THAT(error_of([&] { jobs::merge(options, host_); }), HasSubstr("has other weights"));
  EXPECT_FALSE(there("out.gguf"));
  options.use.force = true;
  EXPECT_TRUE(jobs::merge(options, host_));
  EXPECT_THAT(warnings_, ::testing::Contains(HasSubstr("has other weights")));
  options.use.adapter = path("absent");
  EXPECT_THAT(error_of([&] { jobs::merge(options, host_); }), HasSubstr("there is no adapter at"));
}

TEST_F(MergeRun, SafetensorsIsNoFormatOfAGgufFile) {
  const jobs::MergeOptions options = merging("out.gguf", "safetensors");
  EXPECT_THAT(error_of([&] { jobs::merge(options, host_); }),
              ::testing::AllOf(HasSubstr("has no safetensors"),
                               HasSubstr("For a folder leave out the ending.")));
  jobs::FinetuneOptions of_gguf = teach();
  of_gguf.model.model = kOtherModel;
  of_gguf.out = path("second");
  ASSERT_TRUE(jobs::finetune(of_gguf, host_).finished);
  jobs::MergeOptions other = options;
  other.use.adapter = path("second");
  EXPECT_THAT(error_of([&] { jobs::merge(other, host_); }),
              ::testing::AllOf(HasSubstr("has no safetensors"),
                               HasSubstr("of which no folder can be made."),
                               ::testing::Not(HasSubstr("leave out the ending"))));
}

TEST_F(MergeRun, AnotherFormOfTheBaseIsTold) {
  jobs::MergeOptions options = merging("out", "");
  options.use.model.base = "keep";
  EXPECT_EQ(jobs::merge(options, host_)->base, "keep");
  EXPECT_THAT(warnings_, ::testing::Contains(HasSubstr("trained on a base in nf4 and is merged "
                                                       "into one in keep")));
}

TEST_F(MergeRun, ExportedItAnswersTheSame) {
  jobs::ExportOptions options;
  options.use.adapter = path("run");
  options.out = path("run.gguf");
  const jobs::ExportReport report = jobs::export_adapter(options, host_);
  EXPECT_EQ(report.architecture, "llama");
  EXPECT_EQ(report.base, "nf4");
  EXPECT_LT(largest(answers_of(path("run.gguf")), answers_of(path("run"))), kSame);
  EXPECT_THAT(error_of([&] { jobs::export_adapter(options, host_); }), HasSubstr("--overwrite"));
  options.overwrite = true;
  options.format = "f16";
  jobs::export_adapter(options, host_);
  EXPECT_EQ(io::GgufFile::open(path("run.gguf")).tensors()[0].type, 1);
  options.format = "q4_k";
  EXPECT_THAT(error_of([&] { jobs::export_adapter(options, host_); }), HasSubstr("'q4_k'"));
  // It is merged like a folder.
  jobs::MergeOptions merging;
  merging.use.adapter = path("run.gguf");
  merging.use.model.model = kModel;
  merging.use.model.base = "nf4";
  merging.format = "f32";
  merging.out = path("out");
  EXPECT_TRUE(jobs::merge(merging, host_));
}

// The run was trained from another working directory, and taught words of its own.
TEST_F(MergeRun, WhatTheResultForgetsIsFoundFromHere) {
  jobs::IndexOptions index;
  index.input = path("rows.jsonl");
  index.embedder = kEmbedder;
  index.out = path("index");
  ASSERT_TRUE(jobs::build_index(index, host_));
  json words = json::object();
  for (const json& label : json::parse(read("run/labels.json"))) {
    words[label.get<std::string>()] = label;
  }
  words["part-of"] = "belongs to";
  write("run/answers.json", words.dump());
  json record = json::parse(read("run/run.json"));
  record["index"] = "elsewhere/index";
  record["index_path"] = path("index");
  record["index_hash"] = sha256_file(path("index/index.json"));
  record["files"]["answers.json"] = sha256_file(path("run/answers.json"));
  write("run/run.json", record.dump());
  jobs::ExportOptions options;
  options.use.adapter = path("run");
  options.out = path("run.gguf");
  const jobs::RunUse exported = jobs::export_adapter(options, host_).use;
  const jobs::RunUse use = merged("out.gguf", "f32").use;
  for (const jobs::RunUse& each : {exported, use}) {
    EXPECT_EQ(each.index, path("index"));
    EXPECT_TRUE(each.other_words);
    EXPECT_EQ(each.prompt, path("run/prompt.txt"));
  }
  warnings_.clear();
  fs::remove_all(path("index"));
  options.overwrite = true;
  EXPECT_EQ(jobs::export_adapter(options, host_).use.index, "elsewhere/index");
  EXPECT_THAT(warnings_, ::testing::Contains(HasSubstr("is not at elsewhere/index any more")));
}

}  // namespace
}  // namespace relatum::testing
