// Results files that somebody changed: refused by part and key, or shown; never anything else.
#include "jobs/study_check.h"

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "desk.h"
#include "jobs/study_chart.h"
#include "jobs/study_page.h"
#include "support/error_of.h"

namespace relatum::testing {
namespace {

json figure(double mean) {
  return {{"title", "macro-F1"},
          {"mean", mean},
          {"values", {mean, mean}},
          {"interval", {{"low", mean - 0.1}, {"high", mean + 0.1}}},
          {"seeds", {{"deviation", 0.01}, {"low", mean - 2}, {"high", mean + 2}}}};
}

json difference() {
  return {{"value", 0.1},
          {"interval", {{"low", 0.05}, {"high", 0.2}}},
          {"seeds", {{"low", -3.1}, {"high", 3.2}, {"p", 0.4}}}};
}

json arm(const std::string& name, double mean) {
  return {{"arm", name},
          {"keys", {{"arm", {name}}, {"baseline", {"base"}}}},
          {"seeds", 2},
          {"rows", "c85d"},
          {"official", "macro"},
          {"figures", {{"macro", figure(mean)}}},
          {"difference", {{"macro", difference()}}},
          {"groups",
           {{"explicit", {{"rows", 7}, {"accuracy", figure(mean)}, {"difference", difference()}}},
            {"implicit", {{"rows", 9}, {"accuracy", figure(mean)}}}}}};
}

json cell(const std::string& name) {
  return {{"arm", name},
          {"key", name},
          {"seed", 1},
          {"cpu", "avx2"},
          {"compute", "f32"},
          {"threads", 2},
          {"version", "0.1"},
          {"date", "2026-01-31T12:00:00Z"},
          {"figures", {{"accuracy", 0.5}, {"f1", 0.4}, {"ece", 0.1}, {"examples", 3}}},
          {"rows", "c85d"},
          {"labels", {"a", "b"}},
          {"answers", "1 0+1 -"},
          {"right", "101"},
          {"seconds", {{"training", 100}, {"answering", nullptr}}},
          {"peak_rss_bytes", {{"training", 1e9}}},
          {"training", {{"examples", 20}, {"steps", 4}, {"tokens", 900}, {"batch_tokens", 256}}},
          {"text",
           {{"sha256", "4ea661"},
            {"rows", 3},
            {"tokens", 70},
            {"base_perplexity", 80},
            {"perplexity", 160},
            {"change", 0.69},
            {"error", 0.1}}},
          {"settings",
           {{"finetune",
             {{"settings", {{"rank", "4"}, {"batch-tokens", "0"}}}, {"inputs", {{"m", "ab"}}}}}}}};
}

json results() {
  return {{"format_version", 1},
          {"study",
           {{"name", "s"},
            {"title", "Which?"},
            {"question", "Why?"},
            {"baseline", "base"},
            {"text", {{"name", "plain.txt"}, {"sha256", "4ea661"}}}}},
          {"plan",
           {{{"arm", "base"}, {"seed", 1}, {"key", "base"}, {"axes", {"a", "b"}}},
            {{"arm", "other"}, {"seed", nullptr}, {"key", "other"}}}},
          {"cells", {cell("base"), cell("other")}},
          {"arms", {arm("base", 0.5), arm("other", 0.6)}}};
}

// Pointers to all members, whole and single.
std::vector<json::json_pointer> all_members(const json& value, const json::json_pointer& at) {
  std::vector<json::json_pointer> members;
  if (!at.empty()) members.push_back(at);
  for (const auto& [key, child] : value.items()) {
    if (!value.is_structured()) break;
    const auto below = value.is_array() ? at / size_t(std::stoul(key)) : at / key;
    for (auto& each : all_members(child, below)) members.push_back(each);
  }
  return members;
}

// "refused" with the place, or "shown".
std::string read(const json& all) {
  try {
    jobs::check_study_results(all, "rank.json");
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("rank.json is no results file")) << error.what();
    return "refused";
  }
  try {
    jobs::study_page(all, "rank.svg", "");
  } catch (const Error&) {
    return "shown";  // what belongs together no longer does, which the page finds itself
  }
  EXPECT_LT(jobs::study_chart(all).size(), 100000U);
  return "shown";
}

TEST(StudyCheck, AChangedMemberIsRefusedOrShown) {
  const json whole = results();
  ASSERT_EQ(read(whole), "shown");
  const std::vector<json> others = {json(),        true,          -1, 9.3e18, "text",
                                    json::array(), json::object()};
  std::set<std::string> outcomes;
  for (const auto& member : all_members(whole, json::json_pointer())) {
    for (const json& other : others) {
      json changed = whole;
      changed[member] = other;
      EXPECT_NO_THROW(outcomes.insert(read(changed))) << member << " " << other;
    }
    json lacks = whole;
    const auto parent = member.parent_pointer();
    if (lacks[parent].is_array()) lacks[parent].erase(size_t(std::stoul(member.back())));
    else lacks[parent].erase(member.back());
    EXPECT_NO_THROW(outcomes.insert(read(lacks))) << member;
  }
  EXPECT_EQ(outcomes.size(), 2U);
}

TEST(StudyCheck, TellsPartAndKey) {
  const auto said = [](const std::string& member, const json& value) {
    json changed = results();
    changed[json::json_pointer(member)] = value;
    return error_of([&] { jobs::check_study_results(changed, "rank.json"); });
  };
  EXPECT_THAT(said("/arms/1/figures/macro/values/0", 9.3e18),
              HasSubstr("in arm 'other', figure 'macro', 'values' is no number from 0 to 1"));
  EXPECT_THAT(said("/arms/0/groups/explicit/rows", "x"),
              HasSubstr("in arm 'base', group 'explicit', 'rows' is no number"));
  EXPECT_THAT(said("/arms/0/official", "f1"), HasSubstr("'official' is the name of no figure"));
  EXPECT_THAT(said("/arms/0/difference/macro/interval/low", 0.9),
              HasSubstr("'interval' is an interval that ends before it begins"));
  EXPECT_THAT(said("/cells/1/seconds/training", -3),
              HasSubstr("in a cell of the arm 'other', 'seconds.training' is no number"));
  EXPECT_THAT(said("/cells/0/settings/finetune/settings/rank", 4),
              HasSubstr("settings of 'finetune', 'rank' is no text"));
  EXPECT_THAT(said("/plan/0/axes", {1, 2}), HasSubstr("'axes' is no list of texts"));
  EXPECT_THAT(said("/cells/0/text/perplexity", 0), HasSubstr("'perplexity' is no number"));
  EXPECT_THAT(said("/cells/0/arm", 1), HasSubstr("in one of 'cells', 'arm' is no text"));
  EXPECT_THAT(said("/cells/1/answers", "1 0"), HasSubstr("'answers' is a list of 2 for 3 rows"));
  EXPECT_THAT(said("/cells/1/answers", "1 0+2 -"), HasSubstr("with '0+2', no number of a label"));
  EXPECT_THAT(said("/cells/1/right", "12"), HasSubstr("'right' is not a 1 or 0 for each of 3"));
  EXPECT_THAT(said("/cells/1/labels", {"a", "a"}), HasSubstr("'labels' is a list with 'a' twice"));
  EXPECT_THAT(said("/cells/1/key", "base"), HasSubstr("'key' is that of another cell, too"));
  EXPECT_THAT(said("/arms/0/figures/macro/mean", 0.7), HasSubstr("not the mean of 'values'"));
}

}  // namespace
}  // namespace relatum::testing
