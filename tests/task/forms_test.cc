// Strings that look the same are the same, and places are found in the text as it is.
#include "task/forms.h"
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace relatum::task {
namespace {

using Places = std::vector<std::pair<int64_t, int64_t>>;

TEST(SeenForm, OneForWhatLooksTheSame) {
  EXPECT_EQ(seen_form("works_for "), "works_for");
  EXPECT_EQ(seen_form("\tworks for\r\n"), "works for");
  EXPECT_EQ(seen_form("works\u00a0for\u00a0"), "works for");
  EXPECT_EQ(seen_form("cafe\u0301"), "caf\u00e9");
  EXPECT_EQ(seen_form("wo\u200brks\ufeff"), "works");
  EXPECT_EQ(seen_form("Works"), "Works") << "case stays";
  EXPECT_EQ(seen_form(" \u00a0"), "");
  EXPECT_EQ(seen_form("a\xff "), "a\xff ") << "other bytes are left alone";
  EXPECT_EQ(seen_form("한글 नमस्ते 🍯"), "한글 नमस्ते 🍯");
}

TEST(FindPlaces, GivesOffsetsOfTheTextAsItIs) {
  EXPECT_EQ(find_places("Ada met Ada", "Ada"), (Places{{0, 3}, {8, 11}}));
  EXPECT_EQ(find_places("Ann met Anna", "Ann"), (Places{{0, 3}})) << "whole words first";
  EXPECT_EQ(find_places("Hannah", "Ann"), Places{});
  EXPECT_EQ(find_places("Joanna", "anna"), (Places{{2, 6}})) << "within a word if nowhere else";
  EXPECT_EQ(find_places("x", ""), Places{});
  const std::string decomposed = "🍯 Cafe\u0301 Nord\u00a0Licht";
  EXPECT_EQ(find_places(decomposed, "Caf\u00e9"), (Places{{2, 7}}));
  EXPECT_EQ(utf8_slice(decomposed, 2, 7), "Cafe\u0301");
  EXPECT_EQ(find_places(decomposed, " Nord Licht "), (Places{{8, 18}}));
  EXPECT_EQ(find_places("Caf\u00e9", "Cafe\u0301"), (Places{{0, 4}}));
  EXPECT_EQ(find_places("Cafe\u0301", "Cafe"), Places{}) << "half a letter is no place";
}

TEST(WithinWord, AsksForLettersOnBothSides) {
  EXPECT_TRUE(within_word("Pellworm", 3));
  EXPECT_FALSE(within_word("Pell worm", 4));
  EXPECT_FALSE(within_word("Pell's", 4));
  EXPECT_FALSE(within_word("Pell", 4));
  EXPECT_FALSE(within_word("Pell", 0));
  EXPECT_FALSE(within_word("在北京大学", 3)) << "Chinese has no blanks between words";
}

}  // namespace
}  // namespace relatum::task
