// What people are told of temperatures and thresholds.
#include <gmock/gmock.h>

#include "jobs/answer_rule.h"
#include "jobs/fit_calibration.h"
#include "jobs/run_calibration.h"

namespace relatum::testing {
namespace {

using ::testing::HasSubstr;

jobs::ModeCalibration mode_of(double temperature, bool found = true) {
  jobs::ModeCalibration mode;
  mode.fit = {};
  mode.fit.temperature = temperature;
  mode.fit.low = temperature / 2;
  mode.fit.high = temperature * 2;
  mode.fit.found = found;
  mode.fit.examples = 60;
  mode.gain.ece_before = 0.05;
  mode.gain.ece_after = 0.02;
  return mode;
}

TEST(CalibrationText, SaysWhatIsTheSameOnce) {
  jobs::RunCalibration kept;
  EXPECT_EQ(jobs::calibration_line(kept), "");
  kept.modes["scored"] = mode_of(1.23456);
  EXPECT_EQ(jobs::calibration_line(kept),
            "calibrated on 60 examples: temperature 1.23 (0.617 to 2.47); calibration error 5.00 "
            "-> 2.00 %");
  kept.modes["shares"] = mode_of(1.23411);  // other digits that nobody is told
  kept.modes["scored"].negative = task::TunedThreshold{0.53, "tacred_micro", 0.881, 0.879};
  EXPECT_EQ(
      jobs::calibration_line(kept),
      "calibrated on 60 examples: temperature 1.23 (0.617 to 2.47); calibration error 5.00 "
      "-> 2.00 % (scored); with a threshold of 0.53 F1 is 88.10, with the likeliest label 87.90");
  kept.modes["constrained"] = mode_of(2);
  EXPECT_THAT(jobs::calibration_line(kept),
              HasSubstr(": temperature 1.23 (0.617 to 2.47) for scored and shares, temperature 2 "
                        "(1 to 4) for constrained; calibration"));
  EXPECT_EQ(jobs::calibration_lines(kept).size(), 3u);  // one has a threshold
  kept.modes["scored"].negative.reset();
  const auto lines = jobs::calibration_lines(kept);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], ::testing::StartsWith("--answer scored and shares: temperature 1.23 ("));
  kept.modes["constrained"] = mode_of(1, false);
  EXPECT_THAT(jobs::calibration_line(kept), HasSubstr("no temperature, as they tell none"));
}

TEST(CalibrationText, RulesAreToldInThreeDigitsAndByName) {
  const task::Labels labels({"a", "none"});
  task::AnswerRule rule;
  EXPECT_EQ(jobs::rule_text(rule, labels), "");
  rule.temperature = 1.0990433919722788;
  EXPECT_EQ(jobs::rule_text(rule, labels), "temperature 1.1");
  rule.threshold = 0.53;
  rule.negative = 1;
  EXPECT_EQ(jobs::rule_text(rule, labels),
            "temperature 1.1, threshold 0.53, negative label 'none'");
}

}  // namespace
}  // namespace relatum::testing
