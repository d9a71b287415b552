// What a terminal is shown of text from files.
#include "base/printable.h"

#include <gtest/gtest.h>

namespace relatum {
namespace {

TEST(Printable, LeavesTextAsItIs) {
  for (const char* text :
       {"", "plain", "Größe \\n 日本語 ‘x’ — …", "\U0001F468‍\U0001F469", "हिन्दी"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, EscapesWhatSteersATerminal) {
  EXPECT_EQ(printable("a\x1b[31mb\x7f"), "a\\x1b[31mb\\x7f");
  EXPECT_EQ(printable("a\nb\r\tc"), "a\\nb\\r\\tc");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\u009b31m"), "\\u009b31m");  // C1's own control sequence
  for (const char32_t code : {0x202au, 0x202bu, 0x202cu, 0x202du, 0x202eu, 0x2066u, 0x2067u,
                              0x2068u, 0x2069u, 0x2028u, 0x200bu, 0xfeffu, 0xfffeu, 0xffffu}) {
    const std::string text = {char(0xe0 | code >> 12), char(0x80 | (code >> 6 & 0x3f)),
                              char(0x80 | (code & 0x3f))};
    EXPECT_EQ(printable(text).substr(0, 2), "\\u") << std::hex << uint32_t(code);
    EXPECT_EQ(printable(text).size(), 6u);
  }
  EXPECT_EQ(printable("\U000E0041"), "\\U000e0041");
}

TEST(Printable, EscapesBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("a\xff"
                      "b"),
            "a\\xffb");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");           // cut
  EXPECT_EQ(printable("\x9b"), "\\x9b");                    // a bare C1 byte
  EXPECT_EQ(printable("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
}

TEST(Printable, KeepsLineEndsWhereTheyAreMeant) {
  EXPECT_EQ(printable_lines("a\nb\rc\x1b\n"), "a\nb\\rc\\x1b\n");
}

TEST(Printable, CutsAtCodePoints) {
  EXPECT_EQ(printable_start("äöü", 2), "äö…");
  EXPECT_EQ(printable_start("äöü", 3), "äöü");
  EXPECT_EQ(printable_start("a\x1b"
                            "bc",
                            2),
            "a\\x1b…");
}

TEST(Printable, EndsAreKept) {
  EXPECT_EQ(printable_ends("abcdef", 6), "abcdef");
  EXPECT_EQ(printable_ends("abcdefg", 6), "abc…efg");
  EXPECT_EQ(printable_ends("äöüßé", 3), "ä…ßé");
  EXPECT_EQ(printable_ends("äöü", 1), "…ü");
  EXPECT_EQ(printable_ends("äöü", 0), "…");
  EXPECT_EQ(printable_ends("\xff\x1b middle \x1b\xff", 4), "\\xff\\x1b…\\x1b\\xff");
  EXPECT_EQ(printable_ends("", 0), "");
}

}  // namespace
}  // namespace relatum
