// Code points by hand, held to Unicode's own tables and examples.
#include "base/utf8.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace relatum {
namespace {

struct Form {
  std::array<unsigned char, 2> first;
  std::vector<std::array<unsigned char, 2>> rest;
};

/// Table 3-7 of Unicode: well-formed UTF-8, one range a byte.
const std::vector<Form>& well_formed() {
  static const std::vector<Form> forms = {
      {{0x00, 0x7f}, {}},
      {{0xc2, 0xdf}, {{0x80, 0xbf}}},
      {{0xe0, 0xe0}, {{0xa0, 0xbf}, {0x80, 0xbf}}},
      {{0xe1, 0xec}, {{0x80, 0xbf}, {0x80, 0xbf}}},
      {{0xed, 0xed}, {{0x80, 0x9f}, {0x80, 0xbf}}},
      {{0xee, 0xef}, {{0x80, 0xbf}, {0x80, 0xbf}}},
      {{0xf0, 0xf0}, {{0x90, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}},
      {{0xf1, 0xf3}, {{0x80, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}},
      {{0xf4, 0xf4}, {{0x80, 0x8f}, {0x80, 0xbf}, {0x80, 0xbf}}}};
  return forms;
}

bool within(char byte, const std::array<unsigned char, 2>& range) {
  const auto value = static_cast<unsigned char>(byte);
  return value >= range[0] && value <= range[1];
}

/// Bytes of the form that `text` begins with, negative where it breaks off: minus those that fit.
int fitting(std::string_view text) {
  for (const Form& form : well_formed()) {
    if (!within(text[0], form.first)) continue;
    for (size_t i = 0; i < form.rest.size(); ++i) {
      if (i + 1 >= text.size() || !within(text[i + 1], form.rest[i])) return -int(i) - 1;
    }
    return int(form.rest.size()) + 1;
  }
  return -1;
}

TEST(Utf8, GoesByUnicodesTable) {
  constexpr std::array<unsigned char, 4> kBorders = {0x7f, 0x80, 0xbf, 0xc0};
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      for (const unsigned char third : kBorders) {
        for (const unsigned char fourth : kBorders) {
          const std::string text = {char(first), char(second), char(third), char(fourth)};
          for (size_t size = 1; size <= 4; ++size) {
            const std::string_view start = std::string_view(text).substr(0, size);
            const int fits = fitting(start);
            const Utf8Char found = utf8_at(start, 0);
            ASSERT_EQ(found.code >= 0, fits > 0) << first << ' ' << second << ' ' << size;
            ASSERT_EQ(int(found.size), std::abs(fits)) << first << ' ' << second << ' ' << size;
          }
        }
      }
    }
  }
}

TEST(Utf8, ReadsWhatItWrites) {
  std::u32string all;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c == 0xd800) c = 0xe000;
    all += c;
    std::string bytes;
    append_utf8(bytes, c);
    const Utf8Char found = utf8_at(bytes, 0);
    ASSERT_EQ(found.code, int32_t(c));
    ASSERT_EQ(found.size, bytes.size());
    size_t at = 0;
    ASSERT_EQ(next_char(bytes, at), c);
    ASSERT_EQ(at, bytes.size());
  }
  const std::string bytes = to_utf8(all);
  EXPECT_TRUE(utf8_valid(bytes));
  EXPECT_EQ(to_valid_utf8(bytes), bytes);
  EXPECT_EQ(to_utf32(bytes), all);
  EXPECT_EQ(utf8_length(bytes), int64_t(all.size()));
}

// Table 3-8 of Unicode: U+FFFD for the longest beginning of a code point.
TEST(Utf8, RepairsAsUnicodeAdvises) {
  const std::string_view broken = "\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64";
  EXPECT_EQ(to_valid_utf8(broken), "a\ufffd\ufffd\ufffdb\ufffdc\ufffd\ufffdd");
  EXPECT_EQ(to_utf32(broken), U"a\ufffd\ufffd\ufffdb\ufffdc\ufffd\ufffdd");
}

TEST(Utf8, WalksOverCodePointsAndWhatIsNone) {
  std::vector<std::pair<int32_t, std::string>> seen;
  for_code_points("aé\xe2\x82🍯\xff",
                  [&](int32_t code, std::string_view bytes) { seen.emplace_back(code, bytes); });
  const std::vector<std::pair<int32_t, std::string>> expected = {
      {'a', "a"}, {0xe9, "é"}, {-1, "\xe2\x82"}, {0x1f36f, "🍯"}, {-1, "\xff"}};
  EXPECT_EQ(seen, expected);
}

TEST(Utf8, CountsAndFindsCodePoints) {
  const std::string text = "aé🍯b";
  EXPECT_EQ(utf8_length(text), 4);
  EXPECT_EQ(utf8_offset(text, 0), 0u);
  EXPECT_EQ(utf8_offset(text, 3), 7u);
  EXPECT_EQ(utf8_offset(text, 99), text.size());
  EXPECT_EQ(utf8_slice(text, 1, 3), "é🍯");
  EXPECT_EQ(utf8_slice(text, 3, 99), "b");
  EXPECT_EQ(utf8_slice(text, 3, 2), "");
}

TEST(Utf8, RefusesWhatUnicodeDoes) {
  for (const char* good : {"", "a", "\u00e9", "\uffff", "\U0010ffff"}) {
    EXPECT_TRUE(utf8_valid(good));
  }
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xf8"}) {
    EXPECT_FALSE(utf8_valid(bad));
  }
}

}  // namespace
}  // namespace relatum
