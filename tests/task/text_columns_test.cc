// Widths of names and lines, in code points.
#include "task/text_columns.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/utf8.h"

namespace relatum::task {
namespace {

TEST(TextColumns, NamesAreAsWideAsTheyShouldBe) {
  EXPECT_EQ(padded("ab", 4), "ab  ");
  EXPECT_EQ(padded("abcd", 4), "abcd");
  EXPECT_EQ(padded("abcde", 4), "abc…");
  EXPECT_EQ(padded("écrit", 6), "écrit ");
  EXPECT_EQ(padded("a\x1b[31m", 6), "a\\x1b…");  // escapes take their place
}

TEST(TextColumns, SentencesAreCutBetweenWords) {
  EXPECT_EQ(wrapped("One line."), "  One line.\n");
  std::string sentence;
  for (int i = 0; i < 60; ++i) sentence += (i ? " " : "") + std::string(size_t(1 + i % 7), 'w');
  std::istringstream lines(wrapped(sentence));
  std::string joined;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.starts_with("  ") && !line.ends_with(' ')) << line;
    EXPECT_LE(utf8_length(line), 100);
    joined += (joined.empty() ? "" : " ") + line.substr(2);
  }
  EXPECT_EQ(joined, sentence);
  const std::string long_word(120, 'x');
  EXPECT_EQ(wrapped("a " + long_word + " b"), "  a\n  " + long_word + "\n  b\n");
}

}  // namespace
}  // namespace relatum::task
