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

std::vector<json> grid(int rows, int columns) {
  std::vector<json> arms;
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      const json figure = {{"title", "macro-F1"}, {"mean", 0.1 * r + 0.01 * c}};
      arms.push_back({{"arm", "train " + std::to_string(r) + ", test " + std::to_string(c)},
                      {"official", "macro"},
                      {"figures", {{"macro", figure}}}});
    }
  }
  return arms;
}

std::string table(const std::vector<json>& arms) {
  std::vector<const json*> pointers;
  for (const json& arm : arms) pointers.push_back(&arm);
  return jobs::study_matrix_text(pointers);
}

TEST(StudyMatrix, PutsOneAxisDownAndOneAcross) {
  const std::string text = table(grid(4, 3));
  EXPECT_THAT(text, HasSubstr("| | test 0 | test 1 | test 2 |\n| --- | ---: | ---: | ---: |\n"
                              "| train 0 | 0.0 | 1.0 | 2.0 |\n"));
  EXPECT_THAT(text, HasSubstr("| train 3 | 30.0 | 31.0 | 32.0 |\n"));
  EXPECT_THAT(text, HasSubstr("macro-F1, means over cells"));
}

TEST(StudyMatrix, IsNoneOfWhatIsNoWholeGrid) {
  EXPECT_EQ(table(grid(2, 4)), "");
  std::vector<json> arms = grid(3, 3);
  arms.pop_back();
  EXPECT_EQ(table(arms), "");
  arms = grid(3, 3);
  arms[4]["arm"] = "train 1, test 1, seen";
  EXPECT_EQ(table(arms), "");
  arms = grid(3, 3);
  arms.push_back({{"arm", "base"}});
  EXPECT_EQ(table(arms), table(grid(3, 3))) << "an arm beside the grid";
  arms = grid(3, 3);
  arms[4].erase("figures");
  EXPECT_EQ(table(arms), "");
  EXPECT_EQ(table({}), "");
}

}  // namespace
}  // namespace relatum::testing
