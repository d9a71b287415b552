// Temperatures and thresholds of a run: fitted, kept, applied, and refused where they do not fit.
#include <cmath>
#include <map>

#include "base/error.h"
#include "desk.h"
#include "jobs/answer_rule.h"
#include "jobs/calibrate.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"
#include "jobs/run_calibration.h"
#include "support/models.h"
#include "task/temperature.h"

namespace relatum::testing {
namespace {

class Calibration : public Desk {
 protected:
  void SetUp() override {
    Desk::SetUp();
    write_rows("dev.jsonl", many(60));
    write_rows("few.jsonl", many(10));
  }

  /// A run that was trained with these dev data.
  void train(const std::string& dev) {
    jobs::FinetuneOptions options = teach();
    options.dev = dev.empty() ? "" : path(dev);
    options.overwrite = true;
    ASSERT_TRUE(jobs::finetune(options, host_).finished);
  }
  jobs::ExtractOptions from_run() const {
    jobs::ExtractOptions options = ask();
    options.model = {};
    options.model.compute = "f32";
    options.prompt = "";
    options.adapter = path("run");
    options.scores = true;
    return options;
  }
  std::vector<json> answers(const jobs::ExtractOptions& options) {
    out_.clear();
    EXPECT_TRUE(jobs::extract(options, host_).finished);
    return json_lines(out_);
  }
  /// A file as a fit would leave it.
  void keep(double temperature, double threshold, double several, double f1 = 0.5) {
    jobs::RunCalibration calibration;
    calibration.adapter_hash = jobs::adapter_hash(path("run"), {});
    calibration.examples = 60;
    for (const char* mode : {"scored", "shares", "constrained"}) {
      jobs::ModeCalibration& each = calibration.modes[mode];
      each.fit.temperature = temperature;
      each.negative = task::TunedThreshold{threshold, "tacred_micro", f1, 0.4};
      each.several = task::TunedThreshold{several, "tacred_micro", 0.5, 0.4};
    }
    jobs::write_calibration(path("run"), calibration);
  }
};

TEST_F(Calibration, IsFittedOnDevDataAndKept) {
  train("dev.jsonl");
  const auto kept = jobs::read_calibration(path("run"), jobs::read_run(path("run")));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->examples, 60);
  EXPECT_EQ(kept->data, path("dev.jsonl"));
  ASSERT_EQ(kept->modes.size(), 3u);
  // The same temperature as from the answers that extract gives without one.
  jobs::ExtractOptions options = from_run();
  options.input = path("dev.jsonl");
  options.no_calibration = true;
  const std::vector<json> dev = many(60);
  for (const char* mode : {"scored", "shares"}) {
    SCOPED_TRACE(mode);
    options.answer = mode;
    std::vector<task::ScoredExample> examples;
    const std::vector<json> raw = answers(options);
    for (size_t i = 0; i < raw.size(); ++i) {
      task::ScoredExample& example = examples.emplace_back();
      for (const auto& score : raw[i]["scores"].items()) {
        if (score.key() == dev[i]["label"]) example.gold.push_back(example.log_scores.size());
        example.log_scores.push_back(std::log(score.value().get<double>()));
      }
    }
    const task::TemperatureFit fit = task::fit_temperature(examples);
    EXPECT_EQ(fit.found, kept->modes.at(mode).fit.found);
    // Batches differ, so scores do in their last digits of f32; a minimum keeps half of those.
    const jobs::ModeCalibration& own = kept->modes.at(mode);
    EXPECT_NEAR(fit.temperature, own.left_off.value_or(own.fit.temperature),
                1e-2 * fit.temperature);
    EXPECT_NEAR(fit.before, kept->modes.at(mode).fit.before, 1e-4);
  }
  // And as from the command, which replaces the file only where it is told to.
  jobs::ExtractOptions again = from_run();
  again.input = path("dev.jsonl");
  EXPECT_THAT([&] { jobs::calibrate(again, host_); }, ThrowsMessage<Error>(HasSubstr("overwrite")));
  again.overwrite = true;
  const auto fitted = jobs::calibrate(again, host_);
  EXPECT_TRUE(fitted.finished);
  for (const auto& [mode, each] : fitted.calibration.modes) {
    EXPECT_NEAR(each.fit.before, kept->modes.at(mode).fit.before, 1e-4) << mode;
  }
}

TEST_F(Calibration, FineTuningTellsItInALine) {
  train("dev.jsonl");
  EXPECT_EQ(
      std::ranges::count_if(
          lines_,
          [](const std::string& line) { return line.find("calibration error") != line.npos; }),
      1);
}

TEST_F(Calibration, RenewsTheCardAndTellsOfTrainingData) {
  const auto card = [&] { return read_file(path("run/README.md")); };
  const auto of_training = [&] {
    return std::ranges::count_if(warnings_, [](const std::string& line) {
      return line.find("was trained on sentences of") != line.npos;
    });
  };
  train("");
  EXPECT_THAT(card(), HasSubstr("Nothing is calibrated"));
  jobs::ExtractOptions options = from_run();
  options.input = path("dev.jsonl");
  jobs::calibrate(options, host_);
  EXPECT_EQ(of_training(), 0);
  EXPECT_THAT(card(), ::testing::Not(HasSubstr("Nothing is calibrated")));
  options.input = teach().train;
  options.overwrite = true;
  jobs::calibrate(options, host_);
  EXPECT_EQ(of_training(), 1);
  json record = json::parse(read("run/run.json"));  // as from another folder, of a part
  record["train"] = "jsonl:rows.jsonl?limit=5";
  write("run/run.json", record.dump());
  jobs::calibrate(options, host_);
  EXPECT_EQ(of_training(), 1);
  EXPECT_THAT(warnings_, ::testing::Contains(HasSubstr("was trained on a part of")));
  write("run/README.md", "Mine.");
  jobs::calibrate(options, host_);
  EXPECT_EQ(card(), "Mine.");
}

TEST_F(Calibration, FewDevRowsTellNone) {
  train("few.jsonl");
  EXPECT_FALSE(there("run/calibration.json"));
  EXPECT_THAT(lines_, ::testing::Contains(HasSubstr("no temperature was fitted: 10 sentences")));
  train("dev.jsonl");
  EXPECT_TRUE(there("run/calibration.json"));
  train("");  // a run that is replaced leaves none behind
  EXPECT_FALSE(there("run/calibration.json"));
}

TEST_F(Calibration, IsKeptWithWhateverWasTrained) {
  struct Case {
    const char *model, *head, *method;
  };
  for (const auto& [model, head, method] :
       {Case{"llama/tied", "", "full"}, Case{"bert", "classifier", "full"},
        Case{"encoders/roberta", "classifier", "lora"}}) {
    SCOPED_TRACE(std::string(model) + " " + head + " " + method);
    jobs::FinetuneOptions options = teach();
    options.model.model = fixture(model).string();
    options.dev = path("dev.jsonl");
    options.overwrite = true;
    options.method = method;
    options.method_given = true;
    options.batch_tokens = 64;
    const bool classifies = std::string(head) == "classifier";
    if (classifies) {
      options.head = head;
      options.prompt = "";
    }
    ASSERT_TRUE(jobs::finetune(options, host_).finished);
    jobs::RunCalibration kept = *jobs::read_calibration(path("run"), jobs::read_run(path("run")));
    EXPECT_EQ(kept.modes.size(), classifies ? 1u : 3u);  // a classifier answers in one way
    EXPECT_EQ(kept.modes.at("scored").fit.examples, 60);
    jobs::ExtractOptions asked = from_run();
    asked.no_calibration = true;
    const std::vector<json> raw = answers(asked);
    kept.modes.at("scored").fit.temperature = 2;
    jobs::write_calibration(path("run"), kept);
    asked.no_calibration = false;
    const std::vector<json> with = answers(asked);
    double sum = 0;
    for (const auto& score : raw[0]["scores"].items()) {
      sum += std::sqrt(score.value().get<double>());
    }
    EXPECT_NEAR(with[0]["probability"].get<double>(),
                std::sqrt(raw[0]["probability"].get<double>()) / sum, 1e-12);
    asked.input = path("dev.jsonl");
    asked.overwrite = true;
    EXPECT_NEAR(jobs::calibrate(asked, host_).calibration.modes.at("scored").fit.before,
                kept.modes.at("scored").fit.before, 1e-4);
  }
}

TEST_F(Calibration, DividesLogProbabilities) {
  train("");
  keep(2, 0.5, 0.5);
  for (const char* mode : {"scored", "shares"}) {
    SCOPED_TRACE(mode);
    jobs::ExtractOptions options = from_run();
    options.answer = mode;
    const std::vector<json> with = answers(options);
    options.no_calibration = true;
    const std::vector<json> raw = answers(options);
    for (size_t i = 0; i < raw.size(); ++i) {
      EXPECT_EQ(with[i]["label"], raw[i]["label"]);
      double sum = 0;
      for (const auto& score : raw[i]["scores"].items()) {
        sum += std::sqrt(score.value().get<double>());
      }
      for (const auto& score : raw[i]["scores"].items()) {
        EXPECT_NEAR(with[i]["scores"][score.key()].get<double>(),
                    std::sqrt(score.value().get<double>()) / sum, 1e-12);
      }
      EXPECT_EQ(with[i]["probability"], with[i]["scores"][with[i]["label"].get<std::string>()]);
    }
  }
  jobs::ExtractOptions options = from_run();
  options.scores = false;
  options.answer = "constrained";
  const double with = answers(options)[0]["probability"];
  options.no_calibration = true;
  const double raw = answers(options)[0]["probability"];
  EXPECT_NEAR(with / (1 - with), std::sqrt(raw / (1 - raw)), 1e-9);
}

TEST_F(Calibration, ThresholdsDecideBetweenRelationAndNone) {
  train("");
  jobs::ExtractOptions options = from_run();
  const std::vector<json> plain = answers(options);
  const std::string negative = plain[0]["label"];
  // The likeliest label is called the negative one, so that some relation comes below it.
  options.negative = negative;
  options.threshold = "0";
  double highest = 0;
  std::string relation;
  for (const auto& score : plain[0]["scores"].items()) {
    if (score.key() == negative || score.value().get<double>() <= highest) continue;
    highest = score.value().get<double>();
    relation = score.key();
  }
  EXPECT_EQ(answers(options)[0]["label"], relation);
  options.threshold = std::to_string(highest + 1e-3);
  EXPECT_EQ(answers(options)[0]["label"], negative);
  keep(1, highest / 2, 0.9);
  options.threshold = "dev";
  EXPECT_EQ(answers(options)[0]["label"], relation);
  EXPECT_THAT(warnings_, ::testing::Each(::testing::Not(HasSubstr("no threshold was better"))));
  keep(1, highest / 2, 0.9, 0.4);
  EXPECT_EQ(answers(options)[0]["label"], relation);
  EXPECT_THAT(warnings_, ::testing::Contains(HasSubstr(
                             "no threshold was better than the likeliest label (F1 40.00;")));
  // Without a threshold the likeliest label stays the answer.
  options.threshold = "";
  options.negative.reset();
  EXPECT_EQ(answers(options)[0]["label"], negative);
}

TEST_F(Calibration, SeveralLabelsAreThoseAboveTheThreshold) {
  train("");
  keep(1, 0.5, 0.1);
  jobs::ExtractOptions options = from_run();
  options.multi_label = true;
  options.negative = "nothing";
  EXPECT_THAT([&] { jobs::extract(options, host_); }, ThrowsMessage<Error>(HasSubstr("nothing")));
  options.negative.reset();
  for (const json& row : answers(options)) {
    std::map<double, std::string, std::greater<>> above;
    for (const auto& score : row["scores"].items()) {
      const double p = score.value().get<double>();
      if (score.key() != "no_relation" && p >= 0.1) above[p] = score.key();
    }
    std::vector<std::string> want;
    for (const auto& [p, label] : above) want.push_back(label);
    if (want.empty()) want = {"no_relation"};
    EXPECT_EQ(row["labels"].get<std::vector<std::string>>(), want) << row.dump();
    EXPECT_EQ(row["probabilities"].size(), want.size());
  }
}

TEST_F(Calibration, WhatDoesNotFitIsRefused) {
  train("");
  const auto refused = [&](const jobs::ExtractOptions& options, const std::string& part) {
    EXPECT_THAT([&] { jobs::extract(options, host_); }, ThrowsMessage<Error>(HasSubstr(part)));
  };
  jobs::ExtractOptions options = from_run();
  options.threshold = "dev";
  refused(options, "relatum calibrate");
  options.threshold = "1.5";
  refused(options, "--threshold 1.5");
  options.threshold = "0.5";
  options.answer = "constrained";
  options.scores = false;
  refused(options, "--answer constrained");
  options = from_run();
  options.multi_label = true;
  options.no_calibration = true;
  refused(options, "--no-calibration");
  options = from_run();
  options.scores = false;
  options.multi_label = true;
  options.threshold = "0.5";
  options.format = "csv";
  refused(options, "--multi-label");
  keep(2, 0.5, 0.5);
  std::string file = read("run/calibration.json");
  const size_t at = file.find("\"adapter_hash\": \"") + 17;
  file[at] = file[at] == '0' ? '1' : '0';
  write("run/calibration.json", file);
  refused(from_run(), "another adapter");
  options = from_run();
  options.no_calibration = true;
  EXPECT_EQ(answers(options).size(), 10u);
  write("run/calibration.json", "{\"format_version\": 2}");
  refused(from_run(), "format");
}

// What a model was made of keeps its temperature elsewhere.
TEST_F(Calibration, AFileIsUsedThatIsNamed) {
  train("");
  keep(2, 0.5, 0.5);
  jobs::ExtractOptions options = from_run();
  const std::vector<json> with = answers(options);
  fs::rename(path("run/calibration.json"), path("kept.json"));
  EXPECT_NE(answers(options), with);
  options.calibration = path("kept.json");
  EXPECT_EQ(answers(options), with);
  const auto refused = [&](const jobs::ExtractOptions& asked, const std::string& part) {
    EXPECT_THAT([&] { jobs::extract(asked, host_); }, ThrowsMessage<Error>(HasSubstr(part)));
  };
  options.no_calibration = true;
  refused(options, "exclude each other");
  options.no_calibration = false;
  options.calibration = path("absent.json");
  refused(options, "absent.json");
  options.calibration = path("kept.json");
  options.out = path("kept.json");
  options.overwrite = true;
  refused(options, "reads");
  std::string file = read("kept.json");
  const size_t at = file.find("\"adapter_hash\": \"") + 17;
  file[at] = file[at] == '0' ? '1' : '0';
  write("kept.json", file);
  options.out = "-";
  options.overwrite = false;
  refused(options, "another adapter than that of " + path("run"));
  options.adapter = "";
  options.adapters = {{"a", path("run")}};
  refused(options, "--calibration names one file");
}

TEST_F(Calibration, SeveralLabelsOfAPairAreLearnedAsRows) {
  auto rows = corpus();
  const std::string first = rows[0]["label"], second = rows[1]["label"];
  rows[0].erase("label");
  rows[0]["labels"] = {first, second};
  write_rows("rows.jsonl", rows);
  jobs::FinetuneOptions options = teach();
  ASSERT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(json::parse(read("run/run.json")).at("examples"), 10);
  options.multi_label = true;
  options.overwrite = true;
  ASSERT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(json::parse(read("run/run.json")).at("examples"), 11);
}

}  // namespace
}  // namespace relatum::testing
