// What arms cost, as a page tells it.
#include "jobs/study_cost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace relatum::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

json cell(const std::string& key, const std::string& arm, double tokens, double training) {
  return {{"arm", arm},
          {"key", key},
          {"figures", {{"examples", 800}}},
          {"training", {{"examples", 400}, {"steps", 57}, {"tokens", tokens}}},
          {"seconds", {{"training", training}, {"answering", 40}}},
          {"peak_rss_bytes", {{"training", 1.25e9}, {"answering", 0.8e9}}}};
}

json results() {
  json all = {
      {"cells",
       {cell("a1", "none", 1000, 10), cell("a2", "none", 3000, 30), cell("b", "one", 4000, 20)}},
      {"plan", json::array()},
      {"arms", json::array()}};
  for (const json& each : all["cells"]) {
    all["plan"].push_back({{"arm", each["arm"]}, {"key", each["key"]}});
  }
  for (const char* arm : {"none", "one"}) all["arms"].push_back({{"arm", arm}});
  return all;
}

std::string section(const json& all, bool with_baseline) {
  std::vector<const json*> arms;
  for (const json& each : all.at("arms")) arms.push_back(&each);
  return jobs::study_cost_text(all, arms, with_baseline ? arms[0] : nullptr);
}

TEST(StudyCost, HasMeansRatesAndMultiplesOfTheBaseline) {
  const std::string text = section(results(), true);
  EXPECT_THAT(text, HasSubstr("| arm | rows trained on | steps | tokens | times those of none |"));
  EXPECT_THAT(text,
              HasSubstr("| none | 400 | 57 | 2,000 | 1.00 | 20 s | 100 | 40 s | 20 | 1.25 GB |\n"));
  EXPECT_THAT(text,
              HasSubstr("| one | 400 | 57 | 4,000 | 2.00 | 20 s | 200 | 40 s | 20 | 1.25 GB |\n"));
  EXPECT_THAT(section(results(), false), Not(HasSubstr("times those")));
}

TEST(StudyCost, LeavesOutWhatWasNotRecorded) {
  json all = results();
  for (json& each : all["cells"]) {
    each.erase("peak_rss_bytes");
    if (each["arm"] == "none") each.erase("training");
  }
  all["cells"][2]["seconds"]["answering"] = 0;
  const std::string text = section(all, true);
  EXPECT_THAT(text, Not(HasSubstr("times those"))) << "no baseline to be a multiple of";
  EXPECT_THAT(text, HasSubstr("| none |  |  |  | 20 s |  | 40 s | 20 |  |\n"));
  EXPECT_THAT(text, HasSubstr("| one | 400 | 57 | 4,000 | 20 s | 200 | 0.0 s |  |  |\n"));
}

// Of a training that went on after a stop nothing is known, and it may have held more.
TEST(StudyCost, MemoryIsToldWhereBothStagesAreKnown) {
  json all = results();
  all["cells"][2]["settings"]["finetune"] = json::object();
  EXPECT_THAT(section(all, true), HasSubstr("| 20 | 1.25 GB |\n| one | 400"));
  EXPECT_THAT(section(all, true), HasSubstr("| 40 s | 20 | 1.25 GB |\n\n"));
  all["cells"][2]["peak_rss_bytes"]["training"] = nullptr;
  EXPECT_THAT(section(all, true), HasSubstr("| 40 s | 20 |  |\n\n"));
  all["cells"][2]["settings"].erase("finetune");
  EXPECT_THAT(section(all, true), HasSubstr("| 40 s | 20 | 0.80 GB |\n\n"));
  all["cells"][2]["peak_rss_bytes"]["answering"] = nullptr;
  EXPECT_THAT(section(all, true), HasSubstr("| 40 s | 20 |  |\n\n"));
}

TEST(StudyCost, ASlowRateHasADigitMore) {
  json all = results();
  all["cells"][2]["seconds"]["answering"] = 320;
  EXPECT_THAT(section(all, true), HasSubstr("| 2.5 | 1.25 GB |"));
}

TEST(StudyCost, MeansAreOverCellsThatHaveTheNumber) {
  const json all = results();
  EXPECT_EQ(jobs::mean_over_cells(all, "none", {"training", "tokens"}), 2000);
  EXPECT_EQ(jobs::mean_over_cells(all, "none", {"training", "nothing"}), std::nullopt);
  EXPECT_EQ(jobs::mean_over_cells(all, "nobody", {"training", "tokens"}), std::nullopt);
}

}  // namespace
}  // namespace relatum::testing
