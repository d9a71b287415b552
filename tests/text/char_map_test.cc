// SentencePiece's table of replaced characters, sound and broken.
#include "text/char_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_of.h"
#include "text/small_char_map.h"

namespace relatum::text {
namespace {

using ::testing::AllOf;
using testing::char_map;
using ::testing::HasSubstr;
using testing::kSmallA;

TEST(CharMap, ReplacesWhatItHas) {
  const CharMap map(char_map(kSmallA), "x");
  EXPECT_EQ(map.longest("ABC").size, 1u);
  EXPECT_EQ(map.longest("ABC").replacement, "a");
  EXPECT_EQ(map.shortest("A").replacement, "a");
  EXPECT_EQ(map.longest("BA").size, 0u);
  EXPECT_EQ(map.longest("").size, 0u);
  EXPECT_EQ(map.longest(std::string(1, '\0')).size, 0u);
}

TEST(CharMap, RefusesTablesThatLeadOutOfThemselves) {
  const auto error = [](const std::string& bytes) {
    return testing::error_of([&] { CharMap(bytes, "x.model"); });
  };
  EXPECT_THAT(error(""), AllOf(HasSubstr("x.model"), HasSubstr("0 bytes")));
  EXPECT_THAT(error(char_map(kSmallA).substr(0, 100)), HasSubstr("trie of 2048"));
  EXPECT_THAT(error(char_map(kSmallA, 0, 256)), HasSubstr("leads out"));
  EXPECT_THAT(error(char_map(kSmallA, 2)), HasSubstr("not there"));
  EXPECT_THAT(error(char_map(std::string("\u00e9\0", 3), 1)), HasSubstr("half a character"));
  EXPECT_THAT(error(char_map(std::string("\xff\0", 2))), HasSubstr("UTF-8"));
  EXPECT_THAT(error(char_map(std::string(300, 'a') + '\0')), HasSubstr("255"));
  std::string cyclic = char_map(kSmallA);  // "A" leads back to the root's children
  cyclic[4 + 4 * 0x41 + 1] = char(0x41 << 2 & 0xff);
  cyclic[4 + 4 * 0x41 + 2] = char(0x41 >> 6);
  EXPECT_EQ(CharMap(cyclic, "x").longest("AAAA").size, 0u);
}

}  // namespace
}  // namespace relatum::text
