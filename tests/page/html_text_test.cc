// What is made of text from files before it stands in a page.
#include "page/html_text.h"

#include <gtest/gtest.h>

#include "base/utf8.h"
#include "task/support.h"

namespace relatum::page {
namespace {

using task::Example;
using task::testing::example;

TEST(HtmlText, WhatWouldSteerAPageIsShownInstead) {
  EXPECT_EQ(escape_html("<a href='x'>\"&\x01\x7f"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&#x2401;&#x2421;");
  EXPECT_EQ(escape_html("a\u202eb\u2067c\u200fd"), "a[U+202E]b[U+2067]c[U+200F]d");
  EXPECT_EQ(escape_html("a\u00adb\u2060c\ufff9d\U000E0041"),
            "a[U+00AD]b[U+2060]c[U+FFF9]d[U+E0041]");
  EXPECT_EQ(escape_html("\xff"), "\uFFFD");
  EXPECT_EQ(escape_html("👩‍👩‍👧 שלום"), "👩‍👩‍👧 שלום");
}

TEST(HtmlText, NamesAreCutBetweenCodePoints) {
  EXPECT_EQ(escape_start("é<é", 2), "é&lt;…");
  EXPECT_EQ(escape_start("é<é", 3), "é&lt;é");
  const std::string name = name_html(std::string(10'000, '<'));
  EXPECT_LT(name.size(), 120u * 4 + 20);
}

std::string span_text(const Example& of, const task::Span& span) {
  return std::string(utf8_slice(of.text, span.start, span.end));
}

TEST(HtmlText, ExcerptsKeepBothEntitiesInTheirPlaces) {
  const std::string far(5000, '.');
  Example long_one = example("1", far + "HEAD" + far + "TAIL" + far, "HEAD", "TAIL");
  const Example cut = excerpt_of(long_one);
  EXPECT_LT(utf8_length(cut.text), 4 * 151 + 2 * 4 + 3 * 3 + 1);
  EXPECT_EQ(span_text(cut, cut.head), "HEAD");
  EXPECT_EQ(span_text(cut, cut.tail), "TAIL");
  // An entity that is long itself keeps its ends, and a span may end with the text.
  long_one = example("1", "x" + std::string(9000, 'h') + "y" + far + "TAIL", "h", "TAIL");
  long_one.head = {1, 9001, ""};
  const Example ends = excerpt_of(long_one);
  const std::string head = span_text(ends, ends.head);
  EXPECT_TRUE(head.starts_with("hhh") && head.ends_with("hhh")) << head;
  EXPECT_EQ(span_text(ends, ends.tail), "TAIL");
  const Example short_one = example("1", "HEAD and TAIL", "HEAD", "TAIL");
  EXPECT_EQ(excerpt_of(short_one).text, short_one.text);
}

TEST(HtmlText, EntitiesAreMarkedHoweverTheyLie) {
  Example crossing = example("1", "abcdef", "abcd", "cdef");
  EXPECT_EQ(sentence_html(crossing),
            "<mark class=\"head\">ab</mark><mark class=\"head tail\">cd</mark>"
            "<mark class=\"tail\">ef</mark>");
  EXPECT_EQ(sentence_html(example("1", "<b>x\x01</b> & y", "<b>x\x01</b>", "y")),
            "<mark class=\"head\">&lt;b&gt;x&#x2401;&lt;/b&gt;</mark> &amp; "
            "<mark class=\"tail\">y</mark>");
}

}  // namespace
}  // namespace relatum::page
