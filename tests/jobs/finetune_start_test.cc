// --init-adapter: another run's adapter, or PEFT's, as the first values of a new run.
#include "jobs/finetune_start.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hash.h"
#include "desk.h"
#include "jobs/export_adapter.h"
#include "jobs/finetune.h"
#include "jobs/finetune_plan.h"
#include "support/error_of.h"
#include "support/models.h"
#include "support/sessions.h"
#include "train/peft.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;

class Start : public Desk {
 protected:
  json record(const std::string& run) const { return json::parse(read(run + "/run.json")); }
  std::string adapter(const std::string& run) const {
    return read(run + "/adapter_model.safetensors");
  }
  // As a command line would have it that names the adapter alone.
  jobs::FinetuneOptions go_on(const std::string& from, const std::string& out) const {
    jobs::FinetuneOptions options = teach();
    options.model.model.clear();
    options.prompt.clear();
    options.init_adapter = path(from);
    options.out = path(out);
    return options;
  }
  // A rate so small that a step moves no number by more than it.
  static void hardly(jobs::FinetuneOptions& options) { options.learning_rate = 1e-30; }
  std::string error(jobs::FinetuneOptions options) {
    return error_of([&] { jobs::finetune(options, host_); });
  }
};

TEST_F(Start, ANewRunBeginsWithTheNumbersOfTheOld) {
  jobs::FinetuneOptions first = teach();
  first.adapter = {.rank = 3, .alpha = 5, .dropout = 0.1};
  first.targets = "q_proj,v_proj";
  first.training.epochs = 2;
  jobs::finetune(first, host_);
  jobs::FinetuneOptions second = go_on("run", "second");
  hardly(second);
  EXPECT_TRUE(jobs::finetune(second, host_).finished);
  const auto model = load(kModel);
  const auto before = train::load_peft(path("run"), *model, DType::kF32);
  const auto after = train::load_peft(path("second"), *model, DType::kF32);
  ASSERT_EQ(before->values().size(), after->values().size());
  for (size_t i = 0; i < before->values().size(); ++i) {
    EXPECT_EQ(before->values()[i], after->values()[i]) << i;
  }
  const json got = record("second");
  EXPECT_EQ(got["rank"], 3);
  EXPECT_EQ(got["alpha"], 5.0);
  EXPECT_EQ(got["dropout"], 0.1);
  EXPECT_EQ(got["targets"], "q_proj,v_proj");
  EXPECT_EQ(got["init_adapter"], path("run"));
  EXPECT_EQ(got["init_adapter_hash"], sha256_file(path("run/adapter_model.safetensors")));
  EXPECT_EQ(got["init_adapter_base_hash"], got["base_hash"]);
  EXPECT_EQ(got["init_adapter_forced"], false);
  EXPECT_EQ(got["prompt_hash"], record("run")["prompt_hash"]) << "the run's own template";
  EXPECT_FALSE(record("run").contains("init_adapter"));
}

TEST_F(Start, TheFirstLossIsThatOfTheAdapter) {
  jobs::FinetuneOptions first = teach();
  first.training.epochs = 30;
  first.learning_rate = 0.02;
  jobs::finetune(first, host_);
  const auto first_loss = [&](const std::string& run) {
    return read_rows(run + "/log.jsonl")[0]["loss"].get<double>();
  };
  const double learned = read_rows("run/log.jsonl").back()["loss"].get<double>();
  jobs::finetune(go_on("run", "second"), host_);
  EXPECT_LT(std::abs(first_loss("second") - learned), 0.5 * (first_loss("run") - learned));
}

TEST_F(Start, OtherLabelsAreTheNewDatasAndToldInALine) {
  jobs::finetune(teach(), host_);
  auto rows = corpus();
  for (json& each : rows) {
    if (each["label"] == "part-of") each["label"] = "piece-of";
  }
  jobs::FinetuneOptions second = go_on("run", "second");
  second.train = write_rows("other.jsonl", rows);
  lines_.clear();
  EXPECT_TRUE(jobs::finetune(second, host_).finished);
  EXPECT_EQ(json::parse(read("second/labels.json"))[1], "piece-of");
  int told = 0;
  for (const std::string& line : lines_) {
    if (line.find("was taught") == line.npos) continue;
    ++told;
    EXPECT_THAT(line, AllOf(HasSubstr("new 'piece-of'"), HasSubstr("gone 'part-of'")));
  }
  EXPECT_EQ(told, 1);
  lines_.clear();
  jobs::finetune(go_on("run", "third"), host_);
  EXPECT_THAT(::testing::PrintToString(lines_), ::testing::Not(HasSubstr("was taught")));
}

TEST_F(Start, AFolderOfPeftsNeedsAModelAndBringsItsForm) {
  jobs::FinetuneOptions options = go_on("none", "run");
  options.init_adapter = fixture("llama/lora");
  options.prompt = path("plain.txt");
  EXPECT_THAT(error(options), HasSubstr("Give --model"));
  options.model.model = kModel;
  hardly(options);
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  const auto model = load(kModel);
  const auto before = train::load_peft(fixture("llama/lora"), *model, DType::kF32);
  const auto after = train::load_peft(path("run"), *model, DType::kF32);
  EXPECT_EQ(std::vector(before->values().begin(), before->values().end()),
            std::vector(after->values().begin(), after->values().end()));
  EXPECT_EQ(record("run")["rank"], before->config().rank);
  EXPECT_EQ(record("run")["init_adapter_base_hash"], "");
}

// What `export` wrote has the run's numbers; model and style have to be named.
TEST_F(Start, AGgufFileBeginsARunToo) {
  jobs::finetune(teach(), host_);
  jobs::ExportOptions exported;
  exported.use.adapter = path("run");
  exported.out = path("run.gguf");
  const jobs::ExportReport report = jobs::export_adapter(exported, host_);
  EXPECT_EQ(report.model, kModel);
  EXPECT_EQ(report.use.labels, path("run/labels.json"));
  EXPECT_EQ(report.use.prompt, path("run/prompt.txt"));
  jobs::FinetuneOptions options = go_on("run.gguf", "second");
  EXPECT_THAT(error(options), AllOf(HasSubstr("run.gguf"), HasSubstr("Give --model")));
  options.model.model = kModel;
  options.prompt = path("plain.txt");
  hardly(options);
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  const auto model = load(kModel);
  const auto before = train::load_peft(path("run"), *model, DType::kF32);
  const auto after = train::load_peft(path("second"), *model, DType::kF32);
  EXPECT_EQ(std::vector(before->values().begin(), before->values().end()),
            std::vector(after->values().begin(), after->values().end()));
  EXPECT_EQ(record("second")["init_adapter_hash"], sha256_file(path("run.gguf")));
  options.init_adapter = fixture("llama/tiny.gguf");
  options.out = path("third");
  EXPECT_THAT(error(options), HasSubstr("this is no adapter"));
}

TEST_F(Start, AMethodThatTheRunsBaseContradictsIsRefused) {
  jobs::FinetuneOptions first = teach();
  first.model.base = "f32";
  jobs::finetune(first, host_);
  jobs::FinetuneOptions options = go_on("run", "second");
  options.method = "qlora";
  options.method_given = true;
  EXPECT_THAT(error(options), AllOf(HasSubstr("--method qlora"), HasSubstr("its base in f32"),
                                    HasSubstr("Leave --method out")));
}

TEST_F(Start, AnOptionThatContradictsIsNamed) {
  jobs::finetune(teach(), host_);
  const auto with = [&](const std::string& flag, const auto& change) {
    jobs::FinetuneOptions options = go_on("run", "second");
    options.adapter_flags = {flag};
    change(options);
    return error(options);
  };
  EXPECT_THAT(with("--rank", [](auto& o) { o.adapter.rank = 8; }),
              AllOf(HasSubstr("--rank 8"), HasSubstr("rank 16"), HasSubstr(path("run"))));
  EXPECT_THAT(with("--alpha", [](auto& o) { o.adapter.alpha = 7; }),
              AllOf(HasSubstr("--alpha 7"), HasSubstr("alpha 32")));
  EXPECT_THAT(with("--rslora", [](auto& o) { o.adapter.rank_stabilised = true; }),
              HasSubstr("--rslora"));
  EXPECT_THAT(with("--targets", [](auto& o) { o.targets = "q_proj"; }),
              AllOf(HasSubstr("--targets q_proj"), HasSubstr("down_proj")));
  EXPECT_FALSE(there("second"));
  EXPECT_EQ(with("--rank", [](auto&) {}), "") << "the same is no contradiction";
}

TEST_F(Start, DropoutIsOfTheTraining) {
  jobs::finetune(teach(), host_);
  jobs::FinetuneOptions options = go_on("run", "second");
  options.adapter_flags = {"--dropout"};
  options.adapter.dropout = 0.25;
  hardly(options);
  jobs::finetune(options, host_);
  EXPECT_EQ(record("second")["dropout"], 0.25);
  const auto model = load(kModel);
  const auto before = train::load_peft(path("run"), *model, DType::kF32);
  const auto after = train::load_peft(path("second"), *model, DType::kF32);
  EXPECT_EQ(std::vector(before->values().begin(), before->values().end()),
            std::vector(after->values().begin(), after->values().end()));
}

TEST_F(Start, AnotherBaseIsRefusedUnlessForcedAndThenRecorded) {
  jobs::finetune(teach(), host_);
  fs::copy(kModel, path("model"), fs::copy_options::recursive);
  std::string weights = read("model/model.safetensors");
  weights.back() = char(weights.back() ^ 1);
  write("model/model.safetensors", weights);
  jobs::FinetuneOptions options = go_on("run", "second");
  options.model.model = path("model");
  EXPECT_THAT(error(options), AllOf(HasSubstr("has other weights"), HasSubstr("--force")));
  EXPECT_FALSE(there("second"));
  options.force = true;
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(record("second")["init_adapter_forced"], true);
  EXPECT_EQ(record("second")["init_adapter_force"], true);
  EXPECT_NE(record("second")["init_adapter_base_hash"], record("second")["base_hash"]);
}

TEST_F(Start, WhatIsNoAdapterIsRefused) {
  EXPECT_THAT(error(go_on("absent", "run")), HasSubstr("absent"));
  jobs::FinetuneOptions full = teach();
  full.method = "full";
  full.init_adapter = fixture("llama/lora");
  EXPECT_THAT(error(full), AllOf(HasSubstr("--init-adapter"), HasSubstr("--method full")));
  jobs::FinetuneOptions same = go_on("run", "run");
  jobs::finetune(teach(), host_);
  same.overwrite = true;
  const std::string before = adapter("run");
  EXPECT_THAT(error(same), HasSubstr("is read by this command"));
  EXPECT_EQ(adapter("run"), before);
}

TEST_F(Start, AStoppedRunGoesOnAndKnowsItsAdapter) {
  jobs::finetune(teach(), host_);
  jobs::FinetuneOptions options = go_on("run", "whole");
  options.batch_tokens = 64;
  options.training.epochs = 3;
  jobs::finetune(options, host_);
  options.out = path("again");
  host_.context.progress = [&](const Progress& p) { stop_ = p.done >= 3; };
  EXPECT_FALSE(jobs::finetune(options, host_).finished);
  stop_ = false;
  host_.context.progress = nullptr;
  options.resume = true;
  options.model.model = kModel;
  options.prompt = path("plain.txt");
  jobs::FinetuneOptions other = options;
  jobs::FinetuneOptions fresh = teach();
  fresh.out = path("other");
  fresh.training.seed = 2;
  jobs::finetune(fresh, host_);
  other.init_adapter = path("other");
  EXPECT_THAT(error(other), HasSubstr("--init-adapter was "));
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(adapter("again"), adapter("whole"));
}

}  // namespace
}  // namespace relatum::testing
