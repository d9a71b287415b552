// A classifier from options to predictions: all weights of an encoder, pairs beside one, a decoder.
#include <cmath>

#include "arch/model_files.h"
#include "base/error.h"
#include "desk.h"
#include "io/json.h"
#include "jobs/export_adapter.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"
#include "jobs/finetune_folds.h"
#include "jobs/merge.h"
#include "jobs/run_calibration.h"
#include "jobs/run_record.h"
#include "support/error_of.h"
#include "support/models.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Not;

class ClassifierJob : public Desk {
 protected:
  jobs::FinetuneOptions teach_classes(const std::string& model) const {
    jobs::FinetuneOptions options = teach();
    options.model.model = fixture(model).string();
    options.prompt = "";
    options.head = "classifier";
    options.batch_tokens = 64;
    return options;
  }
  jobs::ExtractOptions ask_run(const std::string& out = "-") const {
    jobs::ExtractOptions options = ask(out);
    options.model.model = "";
    options.prompt = "";
    options.adapter = path("run");
    return options;
  }
  std::vector<json> answers(const jobs::ExtractOptions& options) {
    out_.clear();
    EXPECT_TRUE(jobs::extract(options, host_).finished);
    return json_lines(out_);
  }
  std::string refusal(const jobs::FinetuneOptions& options) {
    const std::string sentence = error_of([&] { jobs::finetune(options, host_); });
    EXPECT_FALSE(there("run"));
    return sentence;
  }
};

constexpr const char* kBert = "bert";
constexpr const char* kRoberta = "encoders/roberta";

// Ten sentences that are gone through often enough are known by heart, whatever the network.
class ClassifierLearns : public ClassifierJob {
 protected:
  void learns(jobs::FinetuneOptions options, const std::string& method) {
    options.training.epochs = 60;
    options.training.warmup = 0;
    EXPECT_TRUE(jobs::finetune(options, host_).finished);
    const jobs::RunInfo run = jobs::read_run(path("run"));
    EXPECT_EQ(run.status, "done");
    EXPECT_EQ(run.method, method);
    EXPECT_EQ(run.head, "classifier");
    EXPECT_EQ(run.marker_tokens.size(), 4u);
    EXPECT_FALSE(there("run/state"));
    jobs::ExtractOptions asked = ask_run();
    asked.scores = true;
    const auto rows = answers(asked);
    ASSERT_EQ(rows.size(), 10u);
    const std::vector<json> gold = corpus();
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(rows[i].at("label"), gold[i].at("label")) << i;
      EXPECT_EQ(rows[i].at("answer"), gold[i].at("label")) << i;
      double sum = 0;
      for (const auto& [label, score] : rows[i].at("scores").items()) sum += score.get<double>();
      EXPECT_NEAR(sum, 1, 1e-9);
    }
    EXPECT_TRUE(warnings_.empty()) << warnings_[0];
  }
};

TEST_F(ClassifierLearns, WithAllWeightsOfAnEncoder) {
  jobs::FinetuneOptions options = teach_classes(kBert);
  options.learning_rate = 3e-3;
  learns(options, "full");
  // The markers are words of the model that was written.
  const auto base = arch::ModelFiles::open(fixture(kBert)),
             trained = arch::ModelFiles::open(path("run/model"));
  const auto words = io::require_int(*base.config(), "vocab_size", "");
  EXPECT_EQ(io::require_int(*trained.config(), "vocab_size", ""), words + 4);
  EXPECT_EQ(jobs::read_run(path("run")).marker_tokens,
            (std::vector<int64_t>{words, words + 1, words + 2, words + 3}));
}

TEST_F(ClassifierLearns, WithPairsBesideAnEncoder) {
  jobs::FinetuneOptions options = teach_classes(kRoberta);
  options.method = "lora";
  options.method_given = true;
  options.model.base = "f32";
  options.learning_rate = 2e-3;
  options.head_learning_rate = 1e-2;
  learns(options, "lora");
  EXPECT_TRUE(there("run/adapter_model.safetensors"));
  EXPECT_FALSE(there("run/model"));
}

TEST_F(ClassifierLearns, WithPairsBesideADecoder) {
  jobs::FinetuneOptions options = teach_classes("llama/tied");
  options.learning_rate = 1e-2;
  options.head_learning_rate = 1e-2;
  options.model.base = "f32";
  learns(options, "lora");
}

TEST_F(ClassifierLearns, WithAllWeightsOfADecoder) {
  jobs::FinetuneOptions options = teach_classes("llama/tied");
  options.method = "full";
  options.method_given = true;
  options.learning_rate = 3e-3;
  learns(options, "full");
}

TEST_F(ClassifierJob, StopsAndGoesOnToTheSameClassifier) {
  jobs::FinetuneOptions options = teach_classes(kBert);
  options.training.epochs = 3;
  jobs::finetune(options, host_);
  const std::string model = read("run/model/model.safetensors"),
                    classifier = read("run/classifier.safetensors");
  options.out = path("again");
  host_.context.progress = [&](const Progress& p) { stop_ = p.done >= 3; };
  EXPECT_FALSE(jobs::finetune(options, host_).finished);
  EXPECT_FALSE(there("again/classifier.safetensors"));
  stop_ = false;
  host_.context.progress = nullptr;
  options.resume = true;
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(read("again/model/model.safetensors"), model);
  EXPECT_EQ(read("again/classifier.safetensors"), classifier);
}

TEST_F(ClassifierJob, AStateOfOtherDropoutIsNotGoneOnWith) {
  jobs::FinetuneOptions options = teach_classes(kBert);
  options.training.epochs = 3;
  host_.context.progress = [&](const Progress& p) { stop_ = p.done >= 3; };
  EXPECT_FALSE(jobs::finetune(options, host_).finished);
  stop_ = false;
  host_.context.progress = nullptr;
  options.resume = true;
  options.hidden_dropout = 0.2;
  EXPECT_THAT(error_of([&] { jobs::finetune(options, host_); }), HasSubstr("--hidden-dropout"));
}

// A label that is not asked for shares its probability out among the others.
TEST_F(ClassifierJob, AnswersWithTheLabelsThatAreAskedFor) {
  jobs::finetune(teach_classes(kBert), host_);
  const auto all = answers([&] {
    jobs::ExtractOptions options = ask_run();
    options.scores = true;
    return options;
  }());
  const json known = json::parse(read("run/labels.json"));
  const std::string left_out = known[0].get<std::string>();
  json some = known;
  some.erase(0);
  jobs::ExtractOptions options = ask_run();
  options.scores = true;
  options.data.labels = write("some.json", some.dump());
  const auto fewer = answers(options);
  for (size_t i = 0; i < fewer.size(); ++i) {
    const json &scores = all[i].at("scores"), &now = fewer[i].at("scores");
    EXPECT_EQ(now.size(), some.size());
    const double rest = 1 - scores.at(left_out).get<double>();
    for (const auto& [label, score] : now.items()) {
      EXPECT_NEAR(score.get<double>(), scores.at(label).get<double>() / rest, 1e-6);
    }
  }
  some.push_back("never-seen");
  options.data.labels = write("other.json", some.dump());
  EXPECT_THAT(error_of([&] { jobs::extract(options, host_); }),
              HasSubstr("not trained on the label 'never-seen'"));
}

// What a mask forbids has no probability, whichever batch its row is in.
TEST_F(ClassifierJob, TypesForbidLabels) {
  jobs::finetune(teach_classes(kBert), host_);
  std::vector<json> rows = corpus();
  for (size_t i = 0; i < rows.size(); i += 2) {
    rows[i]["head"]["type"] = "A";
    rows[i]["tail"]["type"] = "B";
  }
  jobs::ExtractOptions options = ask_run();
  options.input = write_rows("typed.jsonl", rows);
  options.scores = true;
  options.batch_tokens = 32;
  const auto all = answers(options);
  const std::string allowed = "part-of";
  options.types = write(
      "types.json",
      json{{"pairs", {{{"head", "A"}, {"tail", "B"}, {"labels", {allowed}}}}}}.dump());
  const auto held = answers(options);
  ASSERT_EQ(held.size(), rows.size());
  for (size_t i = 0; i < held.size(); ++i) {
    const json &scores = all[i].at("scores"), &now = held[i].at("scores");
    if (i % 2) {
      EXPECT_EQ(now, scores) << i;
      continue;
    }
    const double left = scores.at(allowed).get<double>() + scores.at("no_relation").get<double>();
    for (const auto& [label, score] : now.items()) {
      const bool may = label == allowed || label == "no_relation";
      EXPECT_NEAR(score.get<double>(), may ? scores.at(label).get<double>() / left : 0, 1e-12);
    }
  }
}

// Of two probabilities the ratio is the root of what it was.
TEST_F(ClassifierJob, ATemperatureIsFittedAndApplied) {
  jobs::FinetuneOptions taught = teach_classes(kBert);
  taught.dev = write_rows("dev.jsonl", many(60));
  jobs::finetune(taught, host_);
  const jobs::RunInfo run = jobs::read_run(path("run"));
  auto kept = jobs::read_calibration(path("run"), run);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->examples, 60);
  kept->modes.at("scored").fit.temperature = 2;
  jobs::write_calibration(path("run"), *kept);
  jobs::ExtractOptions options = ask_run();
  options.scores = true;
  const auto told = answers(options);
  options.no_calibration = true;
  const auto raw = answers(options);
  for (size_t i = 0; i < told.size(); ++i) {
    const json &now = told[i].at("scores"), &then = raw[i].at("scores");
    const auto ratio = [](const json& scores) {
      return scores.at("part-of").get<double>() / scores.at("no_relation").get<double>();
    };
    EXPECT_NEAR(ratio(now), std::sqrt(ratio(then)), 1e-9 * ratio(now)) << i;
  }
}

TEST_F(ClassifierJob, WhatIsTooLongIsNamedWithoutAPromptStyle) {
  std::vector<json> rows = corpus();
  std::string text = rows[3]["text"];
  for (int word = 0; word < 100; ++word) text += " in";
  rows[3]["text"] = text;
  jobs::FinetuneOptions options = teach_classes(kBert);
  options.train = write_rows("long.jsonl", rows);
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("'4' takes"), HasSubstr("with its markers"),
                                      HasSubstr("--skip-bad-rows"), Not(HasSubstr("style"))));
  options.data.skip_bad_rows = true;
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  jobs::ExtractOptions asked = ask_run();
  asked.input = options.train;
  EXPECT_THAT(
      error_of([&] { jobs::extract(asked, host_); }),
      AllOf(HasSubstr("with its markers"), HasSubstr("--skip-bad-rows"), Not(HasSubstr("style"))));
}

TEST_F(ClassifierJob, TheBestOnDevIsKeptAndAFoldIsARun) {
  jobs::FinetuneOptions options = teach_classes(kBert);
  options.holdout = 3;
  options.training.epochs = 2;
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_TRUE(json::parse(read("run/run.json")).at("best_dev_f1").is_number());
  options.holdout = 0;
  options.folds = 2;
  options.out = path("folds");
  write_rows("rows.jsonl", many(20));
  EXPECT_TRUE(jobs::finetune_folds(options, host_).finished);
  EXPECT_EQ(read_rows("folds/predictions.jsonl").size(), 20u);
}

// What nobody named follows from what was given, and is said.
TEST_F(ClassifierJob, AnAdaptersOptionDecidesOnTheMethodAndIsTold) {
  jobs::FinetuneOptions options = teach_classes(kRoberta);
  options.model.base = "f32";
  options.adapter_flags = {"--rank", "--alpha"};
  jobs::finetune(options, host_);
  EXPECT_THAT(warnings_,
              ::testing::ElementsAre(AllOf(HasSubstr("--rank and --alpha are for an adapter"),
                                           HasSubstr("--method lora"))));
  EXPECT_EQ(jobs::read_run(path("run")).method, "lora");
  warnings_.clear();
  options.method = "lora";
  options.method_given = true;
  options.overwrite = true;
  jobs::finetune(options, host_);
  EXPECT_TRUE(warnings_.empty());
}

// A label that weighs nothing next to the others is never answered.
TEST_F(ClassifierJob, LabelWeightsCount) {
  jobs::FinetuneOptions options = teach_classes(kBert);
  options.training.epochs = 20;
  options.learning_rate = 3e-3;
  json weights = json::object();
  const std::vector<json> gold = corpus();
  const std::string heavy = gold[0].at("label").get<std::string>();
  for (const json& row : gold) weights[row.at("label").get<std::string>()] = 1e-6;
  weights[heavy] = 1e3;
  options.label_weights = write("weights.json", weights.dump());
  jobs::finetune(options, host_);
  for (const json& row : answers(ask_run())) EXPECT_EQ(row.at("label"), heavy);
}

TEST_F(ClassifierJob, AnswersAreHeldAgainstTheRecord) {
  jobs::finetune(teach_classes(kBert), host_);
  std::string bytes = read("run/classifier.safetensors");
  bytes.back() = char(bytes.back() ^ 1);
  write("run/classifier.safetensors", bytes);
  EXPECT_THAT(error_of([&] { jobs::extract(ask_run(), host_); }),
              HasSubstr("classifier.safetensors is not what the run wrote"));
}

TEST_F(ClassifierJob, WhatItKnowsNothingOfIsRefusedByName) {
  const auto changed = [&](const auto& change) {
    jobs::FinetuneOptions options = teach_classes(kBert);
    change(options);
    return options;
  };
  using Options = jobs::FinetuneOptions;
  EXPECT_THAT(refusal(changed([](Options& o) { o.prompt = "compact"; })), HasSubstr("--prompt"));
  EXPECT_THAT(refusal(changed([](Options& o) { o.chat = true; })), HasSubstr("--chat"));
  EXPECT_THAT(refusal(changed([](Options& o) { o.index = "there"; })), HasSubstr("--index"));
  EXPECT_THAT(refusal(changed([](Options& o) { o.head_dropout = 1; })),
              HasSubstr("--head-dropout 1"));
  EXPECT_THAT(refusal(changed([](Options& o) {
                o.adapter_flags = {"--rank"};
                o.method = "full";
              })),
              HasSubstr("--rank"));
  EXPECT_THAT(refusal(changed([](Options& o) {
                o.head = "lm";
                o.head_flags = {"--head-lr"};
              })),
              AllOf(HasSubstr("--head-lr"), HasSubstr("--head classifier")));
  EXPECT_THAT(refusal(changed([](Options& o) { o.head = "lm"; })), HasSubstr("--head classifier"));
  EXPECT_THAT(refusal(changed([](Options& o) {
                o.method = "lora";
                o.method_given = true;
                o.model.base = "f32";
              })),
              HasSubstr("no token of its own for '['"));
}

TEST_F(ClassifierJob, ExtractionRefusesWhatIsForWords) {
  jobs::finetune(teach_classes(kBert), host_);
  const auto refused = [&](const auto& change) {
    jobs::ExtractOptions options = ask_run();
    change(options);
    return error_of([&] { jobs::extract(options, host_); });
  };
  using Options = jobs::ExtractOptions;
  EXPECT_THAT(refused([](Options& o) { o.prompt = "compact"; }), HasSubstr("--prompt"));
  EXPECT_THAT(refused([](Options& o) { o.answer = "free"; }), HasSubstr("--answer"));
  EXPECT_THAT(refused([](Options& o) { o.chat = true; }), HasSubstr("--chat"));
  EXPECT_THAT(refused([&](Options& o) {
                o.adapter = "";
                o.adapters = {{"a", path("run")}, {"b", path("run")}};
              }),
              HasSubstr("holds a classifier"));
}

TEST_F(ClassifierJob, ModelsThatWriteHaveNoPlaceForIt) {
  jobs::finetune(teach_classes(kBert), host_);
  jobs::MergeOptions merged;
  merged.use = ask_run();
  merged.out = path("merged");
  EXPECT_THAT(error_of([&] { jobs::merge(merged, host_); }), HasSubstr("holds a classifier"));
  jobs::ExportOptions exported;
  exported.use = ask_run();
  exported.out = path("lora.gguf");
  EXPECT_THAT(error_of([&] { jobs::export_adapter(exported, host_); }),
              HasSubstr("holds a classifier"));
}

}  // namespace
}  // namespace relatum::testing
