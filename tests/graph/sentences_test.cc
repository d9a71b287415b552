// Sentences of pages marked by hand, and each rule by itself.
#include "graph/sentences.h"

#include <gtest/gtest.h>
#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/unistr.h>
#include <unicode/uvernum.h>

#include "graph/marked_page.h"
#include "support/error_of.h"
#include "text/unicode.h"

namespace relatum::graph {
namespace {

using testing::count_ends;
using testing::EndCounts;
using testing::error_of;
using testing::MarkedPage;
using Strings = std::vector<std::string>;

/// The sentences' own words.
Strings sentences_of(const std::string& text, const SentenceRules& rules = {}) {
  Strings found;
  int64_t last = 0;
  for (const task::Piece& piece : SentenceSplitter(rules).split(text)) {
    EXPECT_LE(last, piece.start);
    EXPECT_LT(piece.start, piece.end);
    EXPECT_LE(piece.end - piece.start, rules.most);
    last = piece.end;
    found.emplace_back(utf8_slice(text, piece.start, piece.end));
  }
  return found;
}

SentenceRules rules_with(const std::string& language) {
  SentenceRules rules;
  rules.language = language;
  return rules;
}

std::set<int64_t> ends_of(const std::string& text, const std::string& language) {
  std::set<int64_t> ends;
  for (const task::Piece& each : SentenceSplitter(rules_with(language)).split(text)) {
    ends.insert(each.end);
  }
  return ends;
}

/// Ends of what ICU alone takes for sentences, without the blanks behind them.
std::set<int64_t> icu_ends(const std::string& text, const std::string& language) {
  const auto wide = icu::UnicodeString::fromUTF8(text);
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> breaks(
      icu::BreakIterator::createSentenceInstance(icu::Locale(language.c_str()), status));
  EXPECT_TRUE(U_SUCCESS(status));
  breaks->setText(wide);
  std::set<int64_t> ends;
  breaks->first();
  for (int32_t at = breaks->next(); at != icu::BreakIterator::DONE; at = breaks->next()) {
    int32_t end = at;
    while (end > 0 && text::is_white_space(char32_t(wide[end - 1]))) --end;
    if (end > 0) ends.insert(wide.countChar32(0, end));
  }
  return ends;
}

void record(const std::string& name, const EndCounts& counts) {
  ::testing::Test::RecordProperty(name + ".found", std::to_string(counts.found));
  ::testing::Test::RecordProperty(name + ".right", std::to_string(counts.right));
  ::testing::Test::RecordProperty(name + ".marked", std::to_string(counts.marked));
}

struct Page {
  std::string file, language;
  EndCounts ours, icu;  // docs/graph.md has them as percentages; ICU's are those of version 72
};

/// How GoogleTest shows a parameter.
void PrintTo(const Page& page, std::ostream* out) { *out << page.file; }

class MarkedPages : public ::testing::TestWithParam<Page> {};

TEST_P(MarkedPages, AreCutAsTheDocumentsSay) {
  const MarkedPage page(GetParam().file);
  const auto ends = ends_of(page.text, GetParam().language);
  SCOPED_TRACE(testing::differences(ends, page));
  const EndCounts ours = count_ends(ends, page);
  const EndCounts icu = count_ends(icu_ends(page.text, GetParam().language), page);
  record("ours", ours);
  record("icu", icu);
  EXPECT_GE(ours.right, GetParam().ours.right);
  EXPECT_LE(ours.found - ours.right, GetParam().ours.found - GetParam().ours.right);
  EXPECT_EQ(ours.marked, GetParam().ours.marked);
  if (U_ICU_VERSION_MAJOR_NUM == 72) {
    EXPECT_EQ(icu.found, GetParam().icu.found);
    EXPECT_EQ(icu.right, GetParam().icu.right);
  }
  // Other versions of ICU may have other rules; ours are better than ICU's own all the same.
  EXPECT_GT(ours.precision(), icu.precision());
  SCOPED_TRACE(std::to_string(icu.found) + " " + std::to_string(icu.right));
  EXPECT_GE(ours.recall(), icu.recall());
}

INSTANTIATE_TEST_SUITE_P(
    Sentences, MarkedPages,
    ::testing::Values(Page{"sentences_en.txt", "en", {63, 63, 64}, {97, 60, 64}},
                      Page{"sentences_en_held.txt", "en", {47, 46, 47}, {74, 46, 47}},
                      Page{"sentences_de.txt", "de", {37, 37, 37}, {60, 37, 37}}));

TEST(Sentences, ParagraphsHeadingsAndItemsStandApart) {
  EXPECT_EQ(sentences_of("A title\n\nIt was wrapped\nonce. Then\r\nagain.\n"),
            (Strings{"A title", "It was wrapped\nonce.", "Then\r\nagain."}));
  EXPECT_EQ(sentences_of("Fleet\nThe firm of Ines Holm flies fourteen aircraft\nto Oslo."),
            (Strings{"Fleet", "The firm of Ines Holm flies fourteen aircraft\nto Oslo."}));
  EXPECT_EQ(sentences_of("It owns:\n- one plane\n  and its hangar\n* two boats\n12) a car\n"),
            (Strings{"It owns:", "one plane\n  and its hangar", "two boats", "a car"}));
  EXPECT_EQ(sentences_of("a year later, in the summer of\n1987. That was late."),
            (Strings{"a year later, in the summer of\n1987.", "That was late."}));
  EXPECT_EQ(sentences_of("=====\n***\n1\n"), (Strings{"1"}));
}

TEST(Sentences, LinesOfPagesAreSentences) {
  SentenceRules rules = rules_of(DocumentForm::kHtml);
  EXPECT_EQ(sentences_of("one line\nand another. Then a third", rules),
            (Strings{"one line", "and another.", "Then a third"}));
}

TEST(Sentences, MarkdownsMarksAreLeftOut) {
  const SentenceRules rules = rules_of(DocumentForm::kMarkdown);
  EXPECT_EQ(
      sentences_of("---\ntitle: x\n---\n# A title #\nIt **flew**. [Off](http://a.b/C.D) it\n"
                   "went.\n\n> Quoted text.\n\n```sh\nls. Run it.\n```\n| a | b. C |\n|---|--|\n"
                   "<!-- left\nout -->\n[x]: http://x.y\n1. an item\n~~~\nopen",
                   rules),
      (Strings{"A title", "It **flew**.", "[Off](http://a.b/C.D) it\nwent.", "Quoted text.",
               "a | b. C", "an item"}));
  EXPECT_EQ(sentences_of("#tag is no heading\n", rules), (Strings{"#tag is no heading"}));
  // A line above a text is front matter's beginning only where that has lines and an end.
  EXPECT_EQ(sentences_of("---\nIt flew.\n", rules), (Strings{"It flew."}));
  EXPECT_EQ(sentences_of("---\n\nIt flew.\n\n---\n", rules), (Strings{"It flew."}));
  EXPECT_EQ(sentences_of("---\r\na: b\r\n...\r\nIt flew.", rules), (Strings{"It flew."}));
}

TEST(Sentences, FullStopsThatEndNothing) {
  for (const std::string whole :
       {"Dr. Ada Holm met Mr. Marsh.", "J. K. Marsh and A.B. Lind came.", "It cost $3.5 in No. 7.",
        "See e.g. Figs. 2 and 3, i.e. both.", "Acme Inc. Chairman Holm left.",
        "He read www.a.example/B.C?d=E!F today.", "On Jan. 5 at 9 a.m. Eastern time it rained.",
        "\"Who?\" Anna asked.", "\"Who?\" she asked.", "Yahoo! reported it.", "1. Thing one",
        "Smith et al. have v1.2.X of it."}) {
    EXPECT_EQ(sentences_of(whole + " "),
              whole.starts_with("1. ") ? Strings{"Thing one"} : Strings{whole});
  }
}

TEST(Sentences, FullStopsThatEndOneAfterAll) {
  const auto two = [](const std::string& first, const std::string& second) {
    EXPECT_EQ(sentences_of(first + " " + second), (Strings{first, second}));
  };
  two("She works for Acme Inc.", "The firm is old.");
  two("It rose at 5 a.m.", "He slept.");
  two("It fell in 1987.", "Holm left.");
  two("It is vitamin C.", "Doctors like it.");
  two("She cried \"Stop!\"", "He went on.");
  two("It grew.[2][3]", "Then it shrank.");
  two("It grew.³", "Then it shrank.");
  two("He waited…", "Then he left.");
  two("(It flew.)", "\"Good,\" he said.");
}

TEST(Sentences, OtherWritingsHaveTheirOwnMarks) {
  EXPECT_EQ(sentences_of("今日は雨です。明日は晴れ！"),
            (Strings{"今日は雨です。", "明日は晴れ！"}));
  EXPECT_EQ(sentences_of("ذهب أحمد إلى عمان. عاد أمس؟ نعم.", rules_with("ar")),
            (Strings{"ذهب أحمد إلى عمان.", "عاد أمس؟", "نعم."}));
  EXPECT_EQ(sentences_of("Le Dr. Martin est là. Il dort.", rules_with("fr")).size(), 2u);
  EXPECT_EQ(sentences_of("👩‍👩‍👧 flew. 𝐀nna too. E\u0301t. 😀"),
            (Strings{"👩‍👩‍👧 flew.", "𝐀nna too.", "E\u0301t."}));
}

TEST(Sentences, LanguagesThatAreNoneAreRefused) {
  EXPECT_NE(error_of([] { SentenceSplitter splitter(rules_with("English")); }).find("'English'"),
            std::string::npos);
  EXPECT_NE(error_of([] { SentenceSplitter splitter(rules_with("qqx")); }).find("'qqx'"),
            std::string::npos);
}

TEST(Sentences, LongOnesAreCutAtBlanks) {
  SentenceRules rules;
  rules.most = 10;
  EXPECT_EQ(sentences_of("one two three four", rules), (Strings{"one two", "three four"}));
  EXPECT_EQ(sentences_of(std::string(25, 'x') + ".", rules),
            (Strings{"xxxxxxxxxx", "xxxxxxxxxx", "xxxxx."}));
  // Not between a letter and its mark.
  EXPECT_EQ(sentences_of("123456789e\u0301x", rules), (Strings{"123456789", "e\u0301x"}));
}

// A sentence's end that lies behind many stretches of ICU's is found where it is in a short text.
TEST(Sentences, LongParagraphsAreCutAsShortOnes) {
  std::string text;
  Strings expected;
  for (int i = 0; i < 3000; ++i) {
    expected.push_back("Mr. Holm's " + std::to_string(i) + " planes" +
                       std::string(size_t(i % 90), 'x') + " flew.");
    text += (i ? " " : "") + expected.back();
  }
  EXPECT_EQ(sentences_of(text), expected);
}

TEST(Sentences, TenMegabytesWithoutAnEndAreCut) {
  for (const std::string part : {"word ", "x", ". 1 ", "\" ' ", "a.b", "…"}) {
    SCOPED_TRACE(part);
    std::string text;
    const size_t size = part == ". 1 " ? 1 << 20 : 10 << 20;  // where ICU looks ahead in vain
    while (text.size() < size) text += part;
    for (const task::Piece& each : SentenceSplitter({}).split(text)) {
      ASSERT_LE(each.end - each.start, 1000);
    }
  }
}

TEST(Sentences, NothingComesOfNothing) {
  EXPECT_TRUE(sentences_of("").empty());
  EXPECT_TRUE(sentences_of(" \r\n\u2028\t… — !").empty());
}

}  // namespace
}  // namespace relatum::graph
