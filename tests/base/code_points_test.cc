// An index of code points against a walk from the text's start.
#include "base/code_points.h"

#include <gtest/gtest.h>

#include <string>

#include "base/utf8.h"

namespace relatum {
namespace {

TEST(CodePoints, SlicesAcrossBlocks) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += i % 3 ? "é" : "👩";
  const CodePoints points(text);
  EXPECT_EQ(points.length(), 300);
  for (const int64_t start : {0, 1, 63, 64, 65, 127, 128, 299, 300, 301}) {
    EXPECT_EQ(points.offset(start), utf8_offset(text, start));
    EXPECT_EQ(points.slice(start, start + 1), utf8_slice(text, start, start + 1));
    EXPECT_EQ(points.slice(start, 400), utf8_slice(text, start, 400));
    EXPECT_EQ(points.slice(start, start), "");
  }
  EXPECT_EQ(points.slice(-3, 2), utf8_slice(text, 0, 2));
  EXPECT_EQ(CodePoints("").length(), 0);
  EXPECT_EQ(CodePoints("").slice(0, 3), "");
}

}  // namespace
}  // namespace relatum
