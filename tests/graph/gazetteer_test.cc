// Names in texts: each rule by itself, then random texts against a plain search.
#include "graph/gazetteer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "base/atomic_file.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "support/error_of.h"
#include "support/temporary.h"

namespace relatum::graph {
namespace {

using testing::error_of;
using Strings = std::vector<std::string>;
using namespace std::string_literals;

Gazetteer of_names(const Strings& names, const GazetteerRules& rules = {}) {
  Gazetteer gazetteer(rules);
  for (const std::string& name : names) EXPECT_EQ(gazetteer.add(name, "T", name), "");
  return gazetteer;
}

/// What is found, as it stands in the text.
Strings found(const Gazetteer& gazetteer, const std::string& text) {
  Strings texts;
  for (const GazetteerMatch& match : gazetteer.find(text)) {
    EXPECT_EQ(utf8_slice(text, match.span.start, match.span.end), match.text);
    texts.emplace_back(match.text);
  }
  return texts;
}

Strings found(const Strings& names, const std::string& text, const GazetteerRules& rules = {}) {
  return found(of_names(names, rules), text);
}

TEST(Gazetteer, FindsWholeWordsAlone) {
  EXPECT_EQ(found({"Holm"}, "Holm, Holms and Chisholm; Holm's (Holm)"),
            (Strings{"Holm", "Holm", "Holm"}));
  EXPECT_EQ(found({"Kestrel Airways"}, "Kestrel\n  Airways, Kestrel, Airways"),
            (Strings{"Kestrel\n  Airways"}));
  EXPECT_EQ(found({"Kestrel Airways"}, "Kestrel\n\nAirways Kestrel\tAirways Kestrel. Airways"),
            Strings{});
}

TEST(Gazetteer, CaseCountsInShortNames) {
  EXPECT_EQ(found({"WHO", "Kestrel Air"}, "Who is WHO? KESTREL AIR is, kestrel air."),
            (Strings{"WHO", "KESTREL AIR", "kestrel air"}));
  EXPECT_EQ(found({"Oslo"}, "OSLO", {.ignore_case_above = 3}), (Strings{"OSLO"}));
  EXPECT_EQ(found({"Oslo"}, "OSLO", {.ignore_case_above = 4}), Strings{});
  EXPECT_EQ(found({"a"}, "A", {.ignore_case_above = 0}), (Strings{"A"}));
  EXPECT_EQ(found({"Kestrel Airways"}, "kestrel airways", {.ignore_case_above = -1}), Strings{});
  EXPECT_EQ(found({"Straße des Friedens"}, "STRASSE DES FRIEDENS"),
            (Strings{"STRASSE DES FRIEDENS"}));
}

TEST(Gazetteer, AccentsCountUnlessTheyAreNotTo) {
  EXPECT_EQ(found({"Zürich"}, "Zürich Zu\u0308rich Zurich"), (Strings{"Zürich", "Zu\u0308rich"}));
  const GazetteerRules folding{.fold_accents = true};
  EXPECT_EQ(found({"Zürich"}, "Zürich Zu\u0308rich Zurich", folding).size(), 3u);
  EXPECT_EQ(found({"Angstrom"}, "Ångström", folding), (Strings{"Ångström"}));
}

TEST(Gazetteer, CompatibleFormsAreOne) {
  EXPECT_EQ(found({"AT&T", "office"}, "ＡＴ＆Ｔ oﬃce"), (Strings{"ＡＴ＆Ｔ", "oﬃce"}));
  EXPECT_EQ(found({"Kestrel"}, "Kes\u00adtrel Kestrel\u200b"),
            (Strings{"Kes\u00adtrel", "Kestrel"}));
}

TEST(Gazetteer, PunctuationCountsButForHyphensAndFinalStops) {
  EXPECT_EQ(found({"Coca-Cola"}, "Coca Cola, Coca-Cola, Coca\u2010Cola, Coca - Cola, CocaCola"),
            (Strings{"Coca Cola", "Coca-Cola", "Coca\u2010Cola"}));
  EXPECT_EQ(found({"O'Brien"}, "O\u2019Brien OBrien"), (Strings{"O\u2019Brien"}));
  EXPECT_EQ(found({"C++"}, "C, C++"), (Strings{"C++"}));
  EXPECT_EQ(found({"Acme Inc."}, "Acme Inc. and Acme Inc"), (Strings{"Acme Inc.", "Acme Inc"}));
  EXPECT_EQ(found({"U.S."}, "the U.S. and US"), (Strings{"U.S."}));
}

TEST(Gazetteer, WritingWithoutBlanksHasWordsOfOneLetter) {
  EXPECT_EQ(found({"東京", "アクメ"}, "昨日東京のアクメ社へ"), (Strings{"東京", "アクメ"}));
  // Marks of length belong to several scripts.
  EXPECT_EQ(found({"スター", "ｽﾀｰﾊﾞｰ"}, "スターTV、ｽﾀｰﾊﾞｰの"), (Strings{"スター", "ｽﾀｰﾊﾞｰ"}));
  EXPECT_EQ(found({"スターバー"}, "ｽﾀｰﾊﾞｰの"), (Strings{"ｽﾀｰﾊﾞｰ"}));
}

TEST(Gazetteer, EmojiAndMarksKeepTheirPlaces) {
  const std::string text = "👩‍👩‍👧😀 cafe\u0301 Holm\u0308 أحمد ✈️";
  EXPECT_EQ(found({"café", "Holm\u0308", "أحمد", "😀"}, text),
            (Strings{"😀", "cafe\u0301", "Holm\u0308", "أحمد"}));
  EXPECT_EQ(found({"Holm"}, text), Strings{});  // a mark more is another word
}

TEST(Gazetteer, TheLongestWinsThenTheEarlier) {
  EXPECT_EQ(found({"Bo", "Bo Nilsen", "Nilsen Air Group"}, "Bo Nilsen Air Group"),
            (Strings{"Bo", "Nilsen Air Group"}));
  EXPECT_EQ(found({"a b", "b c"}, "a b c"), (Strings{"a b"}));
  EXPECT_EQ(found({"a b", "b c", "c d e", "e f"}, "a b c d e f"), (Strings{"a b", "c d e"}));
}

TEST(Gazetteer, TellsEveryMeaningInItsOrder) {
  Gazetteer gazetteer;
  for (const auto& [name, type, id] :
       std::vector<std::array<const char*, 3>>{{"Victoria Station", "PLACE", "1"},
                                               {"victoria station", "SONG", "2"},
                                               {"Victoria Station", "PLACE", "1"},
                                               {"Victoria-Station", "PLACE", ""}}) {
    EXPECT_EQ(gazetteer.add(name, type, id), "");
  }
  const auto matches = gazetteer.find("at Victoria Station");
  ASSERT_EQ(matches.size(), 3u);
  EXPECT_EQ(matches[0].type, "PLACE");
  EXPECT_EQ(matches[1].id, "2");
  EXPECT_EQ(matches[1].name, "victoria station");
  EXPECT_EQ(matches[2].id, "");
  for (const GazetteerMatch& match : matches) EXPECT_EQ(match.span, (task::Piece{3, 19}));
  EXPECT_EQ(gazetteer.names(), 1);
  EXPECT_EQ(gazetteer.entries(), 3);
}

TEST(Gazetteer, RefusesWhatIsNoName) {
  Gazetteer gazetteer;
  EXPECT_EQ(gazetteer.add(" \u200b", "T", ""), "the name is empty");
  EXPECT_EQ(gazetteer.add("x", "", ""), "the name has no type");
  EXPECT_EQ(gazetteer.add("x\xff", "T", ""), "bytes are not UTF-8");
  std::string words;
  for (size_t i = 0; i <= Gazetteer::kMostWords; ++i) words += "w ";
  EXPECT_EQ(gazetteer.add(words, "T", ""), "the name has 65 words, more than 64");
  for (size_t i = 0; i < Gazetteer::kMostMeanings; ++i) {
    EXPECT_EQ(gazetteer.add("x", "T", std::to_string(i)), "");
  }
  EXPECT_EQ(gazetteer.add("x", "T", "more"), "the name has more than 100 types and ids");
  EXPECT_EQ(gazetteer.add("x.", "T", "more"), "the name has more than 100 types and ids");
  EXPECT_EQ(gazetteer.names(), 1);
  EXPECT_EQ(gazetteer.find("x.")[0].text, "x");
  EXPECT_TRUE(gazetteer.find("w").empty());
}

TEST(Gazetteer, ReadsTables) {
  const testing::TemporaryFolder folder;
  const auto file = folder / "names.csv";
  write_file(file,
             "\xEF\xBB\xBFType;Name;note;ID\r\nORG;\"Kestrel; Air\";x;Q1\r\n\r\nPER;Bo;;\r\n");
  Gazetteer gazetteer;
  gazetteer.read(file);
  EXPECT_EQ(gazetteer.entries(), 2);
  EXPECT_EQ(gazetteer.types(), (std::set<std::string>{"ORG", "PER"}));
  EXPECT_EQ(gazetteer.notes(), (Strings{file.string() + ": columns that are not read: 'note'."}));
  EXPECT_EQ(gazetteer.find("Kestrel; Air")[0].id, "Q1");
  EXPECT_EQ(gazetteer.find("Bo")[0].id, "");
}

TEST(Gazetteer, RefusesTablesByLine) {
  const auto refusal = [](const std::string& table) {
    return error_of([&] { Gazetteer().read_text(table, "n.csv"); });
  };
  const auto says = [&](const std::string& table, const std::string& what) {
    EXPECT_NE(refusal(table).find(what), std::string::npos) << refusal(table);
  };
  says("", "no column 'name'");
  says("name,id\nx,1\n", "no column 'type'");
  says("name,type,name\nx,y,z\n", "'name' stands twice");
  says("name,type\n", "no names below its header");
  says("name,type\nx,y\nz\n", "n.csv:3: expected 2 fields");
  says("name,type\n!,y\n\" \",y\n", "n.csv:3: the name is empty");
  says("name,type\nx\xff,y\n", "n.csv:2: the row has the byte 0xFF");
  says("n\0a\0m\0e\0,\0"s, "UTF-16");
  Gazetteer skipping({.skip_bad_rows = true});
  skipping.read_text("name,type\nx\nHolm,PER\n", "n.csv");
  EXPECT_EQ(skipping.bad_rows(), (Strings{"n.csv:2: expected 2 fields as in the header, got 1."}));
  EXPECT_EQ(found(skipping, "Holm"), (Strings{"Holm"}));
}

// A plain search: every name at every word, then the choice by its definition.
Strings plain_search(const std::vector<Strings>& names, const Strings& text) {
  struct Place {
    size_t first, words, length;
  };
  std::vector<Place> places;
  for (size_t first = 0; first < text.size(); ++first) {
    for (const Strings& name : names) {
      if (first + name.size() > text.size()) continue;
      if (!std::equal(name.begin(), name.end(), text.begin() + std::ptrdiff_t(first))) continue;
      size_t length = name.size() - 1;
      for (const std::string& word : name) length += word.size();
      places.push_back({first, name.size(), length});
    }
  }
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return a.length != b.length ? a.length > b.length : a.first < b.first;
  });
  std::vector<Place> kept;
  for (const Place& each : places) {
    if (std::ranges::none_of(kept, [&](const Place& other) {
          return each.first < other.first + other.words && other.first < each.first + each.words;
        })) {
      kept.push_back(each);
    }
  }
  std::ranges::sort(kept, {}, &Place::first);
  Strings out;
  for (const Place& each : kept) {
    std::string joined;
    for (size_t i = 0; i < each.words; ++i) joined += (i ? " " : "") + text[each.first + i];
    out.push_back(joined);
  }
  return out;
}

std::string joined(const Strings& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

TEST(Gazetteer, FindsWhatAPlainSearchFinds) {
  const Rng rng(11, 0);
  uint64_t draw = 0;
  const auto below = [&](uint64_t n) { return rng.below(draw++, n); };
  for (int round = 0; round < 1000; ++round) {
    const uint64_t letters = 2 + below(4);
    const auto words = [&](uint64_t count) {
      Strings all;
      for (uint64_t i = 0; i < count; ++i) {
        all.push_back(std::string(1 + below(2), char('a' + char(below(letters)))));
      }
      return all;
    };
    std::vector<Strings> names;
    Gazetteer gazetteer({.ignore_case_above = -1});
    for (uint64_t i = 1 + below(12); i > 0; --i) {
      Strings name = words(1 + below(4));
      EXPECT_EQ(gazetteer.add(joined(name), "T", ""), "");
      if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    }
    const Strings text = words(below(40));
    EXPECT_EQ(found(gazetteer, joined(text)), plain_search(names, text)) << joined(text);
  }
}

TEST(Gazetteer, HoldsManyNames) {
  std::ostringstream table;
  table << "name,type,id\n";
  constexpr int kNames = 100000;
  for (int i = 0; i < kNames; ++i) {
    table << "Firm " << i % 317 << " of Town " << i << ",ORG," << i << '\n';
  }
  Gazetteer gazetteer;
  gazetteer.read_text(table.str(), "n.csv");
  EXPECT_EQ(gazetteer.names(), kNames);
  // For each name a word and a branch in tables of at most four slots for one, and arrays at most
  // twice as large as they need to be: ends and letters of a word, a node, an entry, a name, an id.
  constexpr uint64_t kTables = 4 * (4 + 12), kArrays = 2 * ((8 + 5) + 4 + 16 + (8 + 22) + (8 + 5));
  EXPECT_LT(gazetteer.memory_bytes() / kNames, kTables + kArrays);
  const auto matches = gazetteer.find("firm 0 of town 99855 and FIRM 1 of Town 2");
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(matches[0].id, "99855");
}

}  // namespace
}  // namespace relatum::graph
