// Pages' readable text, rule by rule, and the encodings that pages come in.
#include "graph/documents/html_text.h"

#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "graph/documents/html_encoding.h"
#include "support/error_of.h"

namespace relatum::graph {
namespace {

using namespace std::string_literals;
using testing::error_of;

std::string text_of(const std::string& page) { return html_text(page, "a.html"); }

TEST(HtmlText, OfAWholePageIsWhatAReaderReads) {
  std::string expected = read_file(RELATUM_FIXTURES "/graph/page.txt");
  if (expected.ends_with('\n')) expected.pop_back();
  EXPECT_EQ(text_of(read_file(RELATUM_FIXTURES "/graph/page.html")), expected);
}

TEST(HtmlText, BlocksStandApartAndBlanksAreOne) {
  EXPECT_EQ(text_of("a\n <i>b</i>c <p>d<div>e</div>f"), "a bc\n\nd\n\ne\n\nf");
  EXPECT_EQ(text_of("a<br>b<br><br>c"), "a\nb\n\nc");
  EXPECT_EQ(text_of("<table><tr><td>a<td>b<tr><td>c</table>d"), "a\tb\n\nc\n\nd");
  EXPECT_EQ(text_of("<pre>a\n\n  b</pre> c"), "a\n\nb\n\nc");
}

TEST(HtmlText, WhatIsNoTextIsLeftOut) {
  EXPECT_EQ(text_of("a<script>if (x < 1) y('</p>')</script>b<style>p{}</style><!-- c --> d"),
            "a b d");
  EXPECT_EQ(text_of("<div role='navigation'>a<div>b</div></div>c<p class='x menu y'>d</p>e"),
            "c\n\ne");
  EXPECT_EQ(text_of("<div id=footer>a</div><p class=menus>b</p>"), "b");
  EXPECT_EQ(text_of("<nav>a<nav>b</nav>c</nav>d"), "d");
}

TEST(HtmlText, MainIsAllWhereThereIsOne) {
  EXPECT_EQ(text_of("a<main>b</main>c<div role=main>d</div>"), "b\n\nd");
  EXPECT_EQ(text_of("a<main> </main>c"), "a\n\nc");
  EXPECT_EQ(text_of("a<main>b"), "b");
}

TEST(HtmlText, EntitiesAreDecoded) {
  EXPECT_EQ(text_of("&lt;b&gt; &amp;amp; &eacute;&#233;&#xe9; &euro;&#x1F600;&nbsp;x"),
            "<b> &amp; ééé €😀 x");
  EXPECT_EQ(text_of("a & b &unknown; &#0;x"), text_of("a &amp; b &amp;unknown; &#0;x"));
}

TEST(HtmlText, DirectionAndMarksStay) {
  EXPECT_EQ(text_of("<p dir=rtl>أحمد &rlm;عمان</p>👩‍👩‍👧 e\u0301"),
            "أحمد \u200fعمان\n\n👩‍👩‍👧 e\u0301");
}

TEST(HtmlText, BrokenPagesHaveTextToo) {
  EXPECT_EQ(text_of(""), "");
  EXPECT_EQ(text_of("<"), text_of("<"));
  EXPECT_EQ(text_of("</p></div>a<b"), "a");
  EXPECT_EQ(text_of("<html><html lang=en><body><body id=x><p>a</html>b"), "ab");
  EXPECT_EQ(text_of("no tags"), "no tags");
}

TEST(HtmlText, DepthHasALimitLengthHasNone) {
  std::string deep, flat;
  for (int i = 0; i < 3000; ++i) deep += "<div>";
  EXPECT_NE(error_of([&] { text_of(deep); }).find("nests more than 2000 elements"),
            std::string::npos);
  while (flat.size() < 12'000'000) flat += "<b>word</b> ";
  EXPECT_EQ(text_of(flat).size(), flat.size() / 12 * 5 - 1);
  EXPECT_EQ(text_of("<p>" + std::string(11'000'000, 'x')).size(), 11'000'000u);
}

TEST(HtmlEncoding, IsUtf8WhereItCanBe) {
  EXPECT_EQ(utf8_page("<meta charset=latin1>é", "a"), "<meta charset=latin1>é");
  EXPECT_EQ(utf8_page("\xEF\xBB\xBFx", "a"), "x");
}

TEST(HtmlEncoding, IsElseWhatThePageNames) {
  EXPECT_EQ(declared_encoding("<META CharSet = 'ISO-8859-1' >"), "iso-8859-1");
  EXPECT_EQ(
      declared_encoding("<meta name=x><meta http-equiv=a content=\"text/html; charset=koi8-r\">"),
      "koi8-r");
  EXPECT_EQ(declared_encoding("<meta charset>charset=x"), "");
  EXPECT_EQ(utf8_page("<meta charset=iso-8859-1>\x93\xe9", "a"), "<meta charset=iso-8859-1>“é");
  EXPECT_EQ(utf8_page("\xFF\xFEx\0\xe9\0"s, "a"), "xé");
  const std::string xml = "<?xml version='1.0' encoding='KOI8-R'?>";
  EXPECT_EQ(utf8_page(xml + "\xc1", "a"), xml + "а");
  EXPECT_EQ(declared_encoding(xml + "<meta charset=latin1>"), "latin1");
  EXPECT_EQ(declared_encoding("<?xml version='1.0'?>"), "");
}

TEST(HtmlEncoding, IsTheWiderOneThatBrowsersRead) {
  for (const std::string name : {"latin1", "iso8859-1", "cp819", "l1", "ascii"}) {
    EXPECT_EQ(utf8_page("<meta charset=" + name + ">\x93", "a"), "<meta charset=" + name + ">“");
  }
  EXPECT_EQ(utf8_page("<meta charset=gb2312>\x81\x40", "a"), "<meta charset=gb2312>丂");
  EXPECT_EQ(utf8_page("<meta charset=euc-kr>\x81\x41", "a"), "<meta charset=euc-kr>갂");
  EXPECT_EQ(utf8_page("<meta charset=iso-8859-9>\x93", "a"), "<meta charset=iso-8859-9>“");
}

TEST(HtmlEncoding, IsRefusedByNameWhereThatDoesNotHelp) {
  const auto refusal = [](const std::string& page) {
    return error_of([&] { utf8_page(page, "a.html"); });
  };
  EXPECT_EQ(refusal("x\xe9"),
            "[graph.html] a.html has the byte 0xE9 on line 1, which is not UTF-8; in Latin-1 and "
            "Windows-1252 it is 'é', and the page names no encoding. Save the page as UTF-8.");
  EXPECT_NE(refusal("<meta charset=klingon>\xe9").find("'klingon', which is not known"),
            std::string::npos);
  EXPECT_NE(refusal("<meta charset=shift_jis>\xff\xff\xfd").find("not in the encoding"),
            std::string::npos);
  EXPECT_NE(refusal("<meta charset=utf-8>\xe9").find("not UTF-8"), std::string::npos);
  // All bytes mean something there, but not what the page's own words do.
  for (const std::string name : {"utf-16", "utf-16le", "ibm037"}) {
    const std::string sentence = refusal("<meta charset=" + name + ">\xe9 ");
    EXPECT_NE(sentence.find("not in the encoding"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace relatum::graph
