// Curves over a grid's numbers, and where there are none.
#include "jobs/study_curves.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "jobs/study_chart.h"

namespace relatum::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

json study(const std::vector<std::vector<std::string>>& arms) {
  json all = {{"plan", json::array()}, {"arms", json::array()}};
  double mean = 0.5;
  for (const std::vector<std::string>& axes : arms) {
    std::string name;
    for (const std::string& axis : axes) name += (name.empty() ? "" : ", ") + axis;
    all["plan"].push_back({{"arm", name}, {"key", name}, {"axes", axes}});
    mean += 0.05;
    all["arms"].push_back({{"arm", name},
                           {"official", "macro"},
                           {"figures",
                            {{"macro",
                              {{"title", "macro-F1"},
                               {"mean", mean},
                               {"values", {mean - 0.01, mean + 0.01}},
                               {"interval", {{"low", mean - 0.1}, {"high", mean + 0.1}}}}}}}});
  }
  return all;
}

std::string drawn(const std::vector<std::vector<std::string>>& arms) {
  const json all = study(arms);
  const auto rows = jobs::chart_rows(all);
  const std::string curves = jobs::study_curves(all, rows);
  EXPECT_EQ(jobs::study_chart(all) == curves, !curves.empty());
  return curves;
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(StudyCurves, HasOneForEachValueOfWhatElseDiffers) {
  const std::string svg = drawn({{"train sample=50", "no index"},
                                 {"train sample=50", "index"},
                                 {"train sample=2000", "no index"},
                                 {"train sample=2000", "index"},
                                 {"train sample=200", "no index"},
                                 {"train sample=200", "index"}});
  EXPECT_EQ(count(svg, "<polyline"), 2u);
  EXPECT_THAT(svg, HasSubstr(">no index</text>"));
  EXPECT_THAT(svg, HasSubstr(">index</text>"));
  EXPECT_THAT(svg, HasSubstr(">2,000</text>"));
  EXPECT_THAT(svg, HasSubstr("train sample (logarithmic)"));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(StudyCurves, OneCurveNeedsNoLegend) {
  const std::string svg = drawn({{"rank 4"}, {"rank 8"}, {"rank 16"}});
  EXPECT_EQ(count(svg, "<polyline"), 1u);
  EXPECT_EQ(count(svg, "<circle"), 3u);
  EXPECT_THAT(svg, HasSubstr(">rank</text>"));
  // In order of the numbers, whatever the order of the arms: the later, the higher here.
  const std::string back = drawn({{"rank 16"}, {"rank 8"}, {"rank 4"}});
  EXPECT_NE(back, svg);
  EXPECT_EQ(count(back, "<polyline"), 1u);
}

TEST(StudyCurves, ArmsOfNumbersNeedNoGrid) {
  json all = study({{"rank 4"}, {"rank 8"}, {"rank 16"}});
  const std::string grid = jobs::study_chart(all);
  for (json& planned : all["plan"]) planned.erase("axes");
  EXPECT_EQ(jobs::study_chart(all), grid);
}

// Cells that are fine-tuned and answer, but for those of `base`, which answer alone.
json with_cells(json all, const std::vector<std::string>& base) {
  for (const json& planned : all["plan"]) {
    json settings = {{"finetune", json::object()}, {"extract", json::object()}};
    if (std::ranges::find(base, planned["arm"].get<std::string>()) != base.end()) {
      settings.erase("finetune");
    }
    all["cells"].push_back({{"key", planned["key"]}, {"settings", settings}});
  }
  return all;
}

TEST(StudyCurves, ArmsOfFewerStagesAreLevelLines) {
  const json all = study({{"base"}, {"rank 4"}, {"rank 8"}, {"rank 16"}, {"random"}});
  const std::string svg = jobs::study_chart(with_cells(all, {"base", "random"}));
  EXPECT_EQ(count(svg, "<polyline"), 1u);
  EXPECT_EQ(count(svg, "stroke-dasharray"), 4u) << "two lines, and their keys";
  EXPECT_THAT(svg, HasSubstr(">base</text>"));
  EXPECT_THAT(svg, HasSubstr(">random</text>"));
  EXPECT_EQ(count(svg, ">rank</text>"), 2u) << "the axis, and the curve's key";
  // One that trains, too, has a rank of its own, whatever it is called.
  EXPECT_EQ(count(jobs::study_chart(with_cells(all, {"base"})), "<polyline"), 0u);
  EXPECT_EQ(count(jobs::study_chart(all), "<polyline"), 0u);
  json copies = all;  // of a grid over the number, which changed nothing in them
  copies["plan"][0]["copies"] = copies["plan"][4]["copies"] = {"a", "b"};
  EXPECT_EQ(count(jobs::study_chart(copies), "<polyline"), 1u);
}

TEST(StudyCurves, NamesInTheFileHavePartsBesideAGrid) {
  json all = {{"plan", json::array()}, {"arms", json::array()}};
  for (const char* epochs : {"1 epoch", "2 epochs", "4 epochs"}) {
    for (const char* prompt : {"prompt a", "prompt b"}) {
      const std::string name = "LoRA, " + std::string(epochs) + ", " + prompt;
      const json one = study({{name}});
      all["plan"].push_back({{"arm", name}, {"key", name}, {"axes", {prompt}}});
      all["arms"].push_back(one["arms"][0]);
    }
  }
  const std::string svg = jobs::study_chart(all);
  EXPECT_EQ(count(svg, "<polyline"), 2u);
  EXPECT_THAT(svg, HasSubstr(">LoRA, prompt b</text>"));
}

TEST(StudyCurves, NumbersMayBeAsFarApartAsDoublesAre) {
  const std::vector<std::vector<std::vector<std::string>>> studies = {
      {{"rate -1e308"}, {"rate 0"}, {"rate 1e308"}}, {{"rate 1e-320"}, {"rate 1"}, {"rate 1e308"}}};
  for (const auto& arms : studies) {
    const std::string svg = drawn(arms);
    EXPECT_EQ(count(svg, "<polyline"), 1u);
    EXPECT_EQ(count(svg, "nan"), 0u);
    EXPECT_EQ(count(svg, "inf"), 0u);
  }
}

TEST(StudyCurves, NumbersStandInPartsOfNames) {
  json all = study({{"LoRA, rank 4"}, {"LoRA, rank 8"}, {"QLoRA, rank 8"}, {"LoRA, rank 2,000"}});
  for (json& planned : all["plan"]) planned.erase("axes");
  const std::string svg = jobs::study_chart(all);
  EXPECT_EQ(count(svg, "<polyline"), 2u);
  EXPECT_THAT(svg, HasSubstr(">LoRA</text>"));
  EXPECT_THAT(svg, HasSubstr(">QLoRA</text>"));
  EXPECT_THAT(svg, HasSubstr(">2,000</text>"));
  const std::string first = drawn({{"1 epoch"}, {"2 epochs"}, {"4 epochs"}});
  EXPECT_EQ(count(first, "<polyline"), 1u);
  EXPECT_THAT(first, HasSubstr(">epochs</text>"));
}

TEST(StudyCurves, PointsStandFromLeftToRight) {
  const std::string svg = drawn({{"rate 0.001"}, {"rate -1"}, {"rate 2"}});
  EXPECT_THAT(svg, Not(HasSubstr("logarithmic")));
  const size_t at = svg.find("points=\"") + 8;
  double last = -1;
  std::istringstream points(svg.substr(at, svg.find('"', at) - at));
  for (std::string point; points >> point;) {
    EXPECT_GT(std::stod(point), last);
    last = std::stod(point);
  }
}

TEST(StudyCurves, ThereAreNoneWithoutOneAxisOfThreeNumbers) {
  EXPECT_EQ(drawn({{"rank 4"}, {"rank 8"}}), "");
  EXPECT_EQ(drawn({{"style a"}, {"style b"}, {"style c"}}), "");
  EXPECT_EQ(drawn({{"rank 4"}, {"rank 8"}, {"rank 16"}, {"a"}, {"b"}, {"c"}}), "");
  EXPECT_EQ(drawn({{"rank 4"}, {"rank 8"}, {"rank 16"}, {"rank 4.0"}}), "");
  EXPECT_EQ(drawn({{"a 1,5"}, {"a 1,234,5"}, {"a ,200"}, {"a 1000,200"}}), "");
  EXPECT_EQ(drawn({{"rank 4"}, {"rank 8"}, {"rank 1e999"}}), "");
  EXPECT_EQ(drawn({{"4"}, {"8"}, {"16"}}), "");
  std::vector<std::vector<std::string>> both, many;
  for (const char* first : {"rank 4", "rank 8", "rank 16"}) {
    for (const char* second : {"alpha 1", "alpha 2", "alpha 3"}) both.push_back({first, second});
    for (const char* style : {"a", "b", "c", "d", "e", "f", "g"}) {
      many.push_back({first, "style " + std::string(style)});
    }
  }
  EXPECT_EQ(drawn(both), "");
  EXPECT_EQ(drawn(many), "");
}

}  // namespace
}  // namespace relatum::testing
