// Text that a YAML reader gives back. tests/cards_test.py holds it to PyYAML.
#include "io/yaml.h"

#include <gtest/gtest.h>

namespace relatum::testing {
namespace {

TEST(Yaml, TextStandsInOneLineOfDoubleQuotes) {
  EXPECT_EQ(io::yaml_string("works_for(e1,e2)"), "\"works_for(e1,e2)\"");
  EXPECT_EQ(io::yaml_string(""), "\"\"");
  EXPECT_EQ(io::yaml_string("say \"no\" \\ # yes: [1] 'é' 😀"),
            "\"say \\\"no\\\" \\\\ # yes: [1] 'é' 😀\"");
}

TEST(Yaml, WhatAFileMayNotHoldIsEscaped) {
  EXPECT_EQ(io::yaml_string("a\nb\r\tc\x7f"), "\"a\\x0ab\\x0d\\x09c\\x7f\"");
  EXPECT_EQ(io::yaml_string(std::string_view("\0", 1)), "\"\\x00\"");
  // Next line, line separator, mark of order, no character, the same beyond U+FFFF.
  EXPECT_EQ(io::yaml_string("\u0085\u2028\ufeff\ufffe\U0001fffe"),
            "\"\\x85\\u2028\\ufeff\\ufffe\\U0001fffe\"");
  EXPECT_EQ(io::yaml_string("a\xff"), "\"a\ufffd\"");
}

}  // namespace
}  // namespace relatum::testing
