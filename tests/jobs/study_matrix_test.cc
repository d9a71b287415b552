// Grids of two axes as tables.
#include "jobs/study_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace relatum::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

json arm(const std::string& name, double mean) {
  return {{"arm", name},
          {"official", "macro"},
          {"figures", {{"macro", {{"title", "macro-F1"}, {"mean", mean}}}}}};
}

// A results file: its plan says which values made an arm.
json grid(int rows, int columns) {
  json all = {{"plan", json::array()}, {"arms", json::array()}};
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      const std::string down = "train " + std::to_string(r), across = "test " + std::to_string(c);
      all["plan"].push_back({{"arm", down + ", " + across}, {"axes", {down, across}}});
      all["arms"].push_back(arm(down + ", " + across, 0.1 * r + 0.01 * c));
    }
  }
  return all;
}

std::string table(const json& all) {
  std::vector<const json*> pointers;
  for (const json& each : all.at("arms")) pointers.push_back(&each);
  return jobs::study_matrix_text(all, pointers);
}

TEST(StudyMatrix, PutsOneAxisDownAndOneAcross) {
  const std::string text = table(grid(4, 3));
  EXPECT_THAT(text, HasSubstr("| | test 0 | test 1 | test 2 |\n| --- | ---: | ---: | ---: |\n"
                              "| train 0 | 0.0 | 1.0 | 2.0 |\n"));
  EXPECT_THAT(text, HasSubstr("| train 3 | 30.0 | 31.0 | 32.0 |\n"));
  EXPECT_THAT(text, HasSubstr("macro-F1, means over cells"));
}

TEST(StudyMatrix, TakesValuesWithCommasWhole) {
  json all = grid(3, 3);
  all["plan"][4]["arm"] = all["arms"][4]["arm"] = "sixteen, 32";
  EXPECT_EQ(table(all), table(grid(3, 3)));
}

TEST(StudyMatrix, IsNoneOfWhatIsNoWholeGrid) {
  EXPECT_EQ(table(grid(2, 4)), "");
  json all = grid(3, 3);
  all["arms"].erase(8);
  EXPECT_EQ(table(all), "") << "a cell without results";
  all = grid(3, 3);
  all["plan"][4]["axes"].push_back("seen");
  EXPECT_EQ(table(all), "") << "a third axis";
  all = grid(3, 3);
  all["plan"].push_back({{"arm", "base, alone"}});
  all["arms"].push_back(arm("base, alone", 0.5));
  EXPECT_EQ(table(all), table(grid(3, 3))) << "an arm beside the grid";
  all = grid(3, 3);
  all["arms"][4].erase("figures");
  EXPECT_EQ(table(all), "");
  EXPECT_EQ(table({{"arms", json::array()}}), "");
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(StudyMatrix, IsDrawnAsFields) {
  const std::vector<std::string> domains = {"ai", "art", "law"};
  json all = {{"plan", json::array()}, {"arms", json::array()}};
  double mean = 0;
  for (const std::string& from : domains) {
    for (const std::string& to : domains) {
      const std::string down = "train " + from + "-train.json";
      const std::string across = "test " + to + "-dev.json?sample=30", name = down + ", " + across;
      all["plan"].push_back({{"arm", name}, {"axes", {down, across}}});
      all["arms"].push_back(arm(name, mean += 0.1));
    }
  }
  const std::string svg = jobs::study_matrix_chart(all);
  EXPECT_EQ(count(svg, "<rect"), 10u) << "the ground and nine fields";
  EXPECT_THAT(svg, HasSubstr("down: train …-train.json</text>"));
  EXPECT_THAT(svg, HasSubstr("across: test …-dev.json?sample=30</text>"));
  EXPECT_EQ(count(svg, ">art</text>"), 2u);
  EXPECT_THAT(svg, HasSubstr(">90.0</text>"));
  EXPECT_EQ(jobs::study_matrix_chart(grid(2, 4)), "");
  all["arms"].push_back(arm("base", 0.5));
  all["arms"].push_back(arm("random", 0.25));
  EXPECT_THAT(jobs::study_matrix_chart(all), HasSubstr(">base: 50.0</text>"));
  all["arms"].push_back(arm("first", 0.5));
  EXPECT_EQ(jobs::study_matrix_chart(all), "") << "too many arms beside the grid";
}

// A number is not cut in two, nor a list.
TEST(StudyMatrix, NamesAreCutBeforeWholeValues) {
  json all = {{"plan", json::array()}, {"arms", json::array()}};
  for (const char* down : {"lr 0.0005", "lr 0.001", "lr 0.003"}) {
    for (const char* across : {"targets q,k", "targets q,v", "targets q,k,v"}) {
      const std::string name = "LoRA, " + std::string(down) + ", " + across;
      all["plan"].push_back({{"arm", name}, {"axes", {down, across}}});
      all["arms"].push_back(arm(name, 0.5));
    }
  }
  const std::string svg = jobs::study_matrix_chart(all);
  EXPECT_THAT(svg, HasSubstr("down: lr …</text>"));
  EXPECT_THAT(svg, HasSubstr(">0.001</text>"));
  EXPECT_THAT(svg, HasSubstr("across: targets …</text>"));
  EXPECT_THAT(svg, HasSubstr(">q,k,v</text>"));
  EXPECT_THAT(svg, HasSubstr(">LoRA: macro-F1, per cent</text>"));
  EXPECT_THAT(table(all), HasSubstr("| LoRA | targets q,k |"));
  // A second arm in the same grid.
  all["plan"].push_back(
      {{"arm", "DoRA, lr 0.001, targets q,k"}, {"axes", {"lr 0.001", "targets q,k"}}});
  all["arms"].push_back(arm("DoRA, lr 0.001, targets q,k", 0.5));
  EXPECT_EQ(jobs::study_matrix_chart(all), "");
}

TEST(StudyMatrix, NamesThatEndOrBeginAlikeAreDrawn) {
  json all = {{"plan", json::array()}, {"arms", json::array()}};
  for (const char* down : {"a", "a b", "a b a"}) {
    for (const char* across : {"-", "--", "- -"}) {
      const std::string name = std::string(down) + across;
      all["plan"].push_back({{"arm", name}, {"axes", {down, across}}});
      all["arms"].push_back(arm(name, 0.5));
    }
  }
  EXPECT_EQ(count(jobs::study_matrix_chart(all), "<rect"), 10u);
}

}  // namespace
}  // namespace relatum::testing
