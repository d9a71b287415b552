// Case and white space of whole texts; the classes are held by the tokenizers' tests.
#include "text/unicode.h"

#include <gtest/gtest.h>

namespace relatum::text {
namespace {

TEST(Unicode, FullLowerCaseLooksAtTheWord) {
  EXPECT_EQ(full_lower_case("ÄÖ a"), "äö a");
  EXPECT_EQ(full_lower_case("ΟΔΟΣ ΣΑ"), "οδος σα");   // the final sigma
  EXPECT_EQ(full_lower_case("\u0130I"), "i\u0307i");  // not Turkish, whatever the locale
  EXPECT_EQ(full_lower_case("A\xff"
                            "B"),
            "a\ufffd"
            "b");
}

TEST(Unicode, WhiteSpaceGoesAndBrokenBytesStay) {
  EXPECT_EQ(without_white_space(" a\u00a0b\t\u3000c\u2028\n"), "abc");
  EXPECT_EQ(without_white_space("a\u200b \xff"
                                "b"),
            "a\u200b\xff"
            "b");
  EXPECT_EQ(without_white_space("\u2003 "), "");
}

}  // namespace
}  // namespace relatum::text
