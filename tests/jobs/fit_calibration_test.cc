// What is fitted to answers' probabilities and gold labels.
#include "jobs/fit_calibration.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "jobs/run_calibration.h"
#include "support/temporary.h"

namespace relatum::testing {
namespace {

using ::testing::HasSubstr;

TEST(FitCalibration, ThresholdsAreChosenByTheFigureOfTheDatasFormat) {
  const task::Labels labels({"a", "b", "no_relation"});
  task::Dataset data;
  std::vector<task::AnswerScores> scores;
  for (int i = 0; i < 6; ++i) {
    task::Example& example = data.examples.emplace_back();
    example.label = labels.name(i % 3);
    if (i == 0) example.more_labels = {"b"};
    const std::vector<double> logs{std::log(0.2), std::log(0.3), std::log(0.5)};
    scores.push_back({logs, logs, 2, 0.5});
  }
  const auto metrics = [&](const std::string& format) {
    data.format = format;
    const auto modes = jobs::fit_calibration(scores, data, labels, {});
    return std::pair(modes.at("scored").negative->metric, modes.at("shares").several->metric);
  };
  EXPECT_EQ(metrics("crossre"), std::pair(std::string("macro"), std::string("macro")));
  EXPECT_EQ(metrics("jsonl"), std::pair(std::string("tacred_micro"), std::string("tacred_micro")));
}

/// `count` answers of two labels with probabilities around 0.9, of which five in six are right.
std::map<std::string, jobs::ModeCalibration> fit_to_overconfident(int count) {
  const task::Labels labels({"a", "b"});
  task::Dataset data;
  std::vector<task::AnswerScores> scores;
  for (int i = 0; i < count; ++i) {
    data.examples.emplace_back().label = i % 6 == 0 ? "b" : "a";
    const double p = 0.9 + 0.01 * i / count;
    const std::vector<double> logs{std::log(p), std::log1p(-p)};
    scores.push_back({logs, logs, 0, p});
  }
  return jobs::fit_calibration(scores, data, labels, {});
}

TEST(FitCalibration, ATemperatureThatMayBeOneIsLeftOffWhereItRaisesTheError) {
  for (const auto& [name, mode] : fit_to_overconfident(12)) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(mode.fit.found);
    EXPECT_LT(mode.fit.low, 1);
    EXPECT_GT(mode.left_off.value_or(0), 1);
    EXPECT_EQ(mode.fit.temperature, 1);
    EXPECT_EQ(mode.fit.after, mode.fit.before);
    EXPECT_EQ(mode.gain.ece_after, mode.gain.ece_before);
  }
  for (const auto& [name, mode] : fit_to_overconfident(600)) {  // enough to tell it from 1
    SCOPED_TRACE(name);
    EXPECT_FALSE(mode.left_off);
    EXPECT_GT(mode.fit.low, 1);
    EXPECT_LT(mode.gain.ece_after, mode.gain.ece_before);
  }
}

TEST(FitCalibration, WhatIsLeftOffIsKeptForPeople) {
  const TemporaryFolder folder;
  jobs::RunCalibration calibration;
  calibration.modes = fit_to_overconfident(12);
  calibration.examples = 12;
  jobs::write_calibration(folder.path(), calibration);
  const auto back = jobs::load_calibration(jobs::calibration_file(folder.path()));
  EXPECT_EQ(back.modes.at("scored").left_off, calibration.modes.at("scored").left_off);
  const auto lines = jobs::calibration_lines(back);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr(fmt::format("no temperature, as {:.3g} would fit best (",
                                              *back.modes.at("scored").left_off)));
  EXPECT_THAT(lines[0],
              HasSubstr("raise the calibration error, which is 22.96 % on the 12 examples"));
}

}  // namespace
}  // namespace relatum::testing
