// Documents to sentences, words and entities; what cannot be learned; figures by hand.
#include "jobs/entity_data.h"

#include "base/error.h"
#include "entity_desk.h"
#include "jobs/entity_search.h"
#include "support/error_of.h"
#include "support/sessions.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> words_of(const std::string& text, const jobs::WordRun& run) {
  std::vector<std::string> words;
  for (const jobs::WordPlace& word : run) {
    words.push_back(text.substr(word.start_byte, word.end_byte - word.start_byte));
    EXPECT_EQ(words.back(), utf8_slice(text, word.start, word.end));
  }
  return words;
}

std::vector<jobs::WordRun> runs_of(const std::string& text) {
  const task::Piece all{0, utf8_length(text)};
  return jobs::word_runs(text, {&all, 1});
}

TEST(EntityWords, AreLettersAndSigns) {
  const auto words = [](const std::string& text) { return words_of(text, runs_of(text).at(0)); };
  EXPECT_THAT(
      words("Zoë (Oslo-based), it's 4.5 %"),
      ElementsAre("Zoë", "(", "Oslo", "based", ")", ",", "it", "'", "s", "4", ".", "5", "%"));
  EXPECT_THAT(words("東京 is big"), ElementsAre("東", "京", "is", "big"));
  EXPECT_THAT(words("🙂 שלום"), ElementsAre("🙂", "שלום"));
  EXPECT_THAT(words("e\u0301a"), ElementsAre("e\u0301a"));
  EXPECT_THAT(runs_of("  \n "), IsEmpty());
}

TEST(EntityWords, StretchesAreCountedInTheirDocument) {
  const std::string text = "Zoë left. Bo came.";
  const std::vector<task::Piece> stretches{{0, 9}, {10, 18}};
  const auto runs = jobs::word_runs(text, stretches);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_THAT(words_of(text, runs[1]), ElementsAre("Bo", "came", "."));
  EXPECT_EQ(runs[1][0].start, 10);
}

TEST(EntityWords, LongRunsAreCut) {
  std::string text;
  for (size_t i = 0; i < 2 * jobs::kMostWordsAtOnce + 1; ++i) text += "a ";
  const auto runs = runs_of(text);
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[0].size(), jobs::kMostWordsAtOnce);
  EXPECT_EQ(runs[2].size(), 1u);
}

TEST(EntityWords, SentencesThatAnEntityCrossesAreOne) {
  const std::vector<task::Piece> sentences{{0, 9}, {10, 19}, {20, 29}, {30, 39}};
  EXPECT_EQ(jobs::joined_across(sentences, std::vector<task::Piece>{{2, 4}, {5, 12}, {31, 33}}),
            (std::vector<task::Piece>{{0, 19}, {20, 29}, {30, 39}}));
  EXPECT_EQ(jobs::joined_across(sentences, std::vector<task::Piece>{{2, 35}, {3, 4}}),
            (std::vector<task::Piece>{{0, 39}}));
  EXPECT_EQ(jobs::joined_across(sentences, {}), sentences);
}

// A decoder reads the words twice, an encoder once; each word has a token of its own.
TEST(EntityTokens, StandForTheirWords) {
  const std::string text = "Bo  Nilsen,\nflies.";
  const jobs::WordRun words = runs_of(text).at(0);
  ASSERT_EQ(words.size(), 5u);
  const engine::Session decoder(fixture("llama/tied"), plain_options());
  const engine::SpanText twice = jobs::span_text(decoder, text, words);
  const auto plain = decoder.tokenizer().encode_data("Bo Nilsen, flies.");
  const auto line = decoder.tokenizer().encode("\n");
  std::vector<int32_t> want(decoder.tokenizer().before().begin(),
                            decoder.tokenizer().before().end());
  for (const auto& part : {plain, line, plain}) want.insert(want.end(), part.begin(), part.end());
  EXPECT_EQ(twice.tokens, want);
  EXPECT_EQ(twice.words.back(), int64_t(twice.tokens.size()) - 1);
  EXPECT_GT(twice.words.front(), int64_t(plain.size()));
  EXPECT_TRUE(std::ranges::is_sorted(twice.words));
  const engine::Session encoder(fixture("bert"), plain_options());
  const engine::SpanText once = jobs::span_text(encoder, text, words);
  EXPECT_EQ(once.tokens, encoder.tokenizer().encode_with_special("Bo Nilsen, flies."));
  EXPECT_EQ(once.words.front(), 1);
  EXPECT_EQ(std::set<int64_t>(once.words.begin(), once.words.end()).size(), words.size());
}

class EntityDocuments : public EntityDesk {
 protected:
  jobs::EntityData load(const std::vector<json>& rows, const std::vector<json>& dev = {}) {
    jobs::EntitySource source{write_rows("train.jsonl", rows)};
    if (!dev.empty()) source.dev = write_rows("dev.jsonl", dev);
    return jobs::load_entity_data(source, {}, host_);
  }
};

TEST_F(EntityDocuments, AreCutIntoSentencesWithTheirEntities) {
  const jobs::EntityData data = load(documents());
  EXPECT_THAT(data.types.names(), ElementsAre("person", "company", "city"));
  EXPECT_EQ(data.longest, 2);
  EXPECT_FALSE(data.overlap);
  ASSERT_EQ(data.train.size(), 4u);
  ASSERT_EQ(data.train[0].texts.size(), 2u);
  const auto& entities = data.train[0].texts[0].entities;
  ASSERT_EQ(entities.size(), 2u);
  EXPECT_EQ(entities[1].first, 4);
  EXPECT_EQ(entities[1].last, 5);
  EXPECT_EQ(entities[1].type, 1);
  EXPECT_THAT(data.train[0].texts[1].entities, IsEmpty());
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(EntityDocuments, WhatCannotBeLearnedIsToldByItsKind) {
  std::string long_name;
  for (int i = 0; i < 21; ++i) long_name += "long ";
  long_name += "name";
  json twice = document("t", "Bo sang.", {{"Bo", "person"}, {"Bo", "company"}, {"Bo", "person"}});
  const jobs::EntityData data = load({document("i", "Airways", {{"way", "road"}}),
                                      document("l", long_name, {{long_name, "name"}}), twice});
  ASSERT_EQ(warnings_.size(), 3u);
  EXPECT_THAT(warnings_, ::testing::UnorderedElementsAre(
                             AllOf(HasSubstr("1 entity with an edge elsewhere"),
                                   HasSubstr("document 'i'"), HasSubstr("train.jsonl:1")),
                             HasSubstr("of more than 20 words"),
                             AllOf(HasSubstr("another type already"), HasSubstr("document 't'"))));
  EXPECT_EQ(data.longest, 1);
  EXPECT_EQ(data.train[2].texts[0].entities.size(), 1u);
  EXPECT_EQ(data.train[2].marked.size(), 2u);  // each once
}

TEST_F(EntityDocuments, FewOverlapsAreNotLookedFor) {
  std::vector<json> documents{
      document("n", "The Bank of Oslo pays.", {{"Bank of Oslo", "company"}, {"Oslo", "city"}})};
  for (int i = 0; i < 6; ++i) {
    documents.push_back(document("m" + std::to_string(i), "Lima is far.", {{"Lima", "city"}}));
  }
  EXPECT_TRUE(load(documents).overlap);  // two of eight
  documents.push_back(document("z", "Lima is near.", {{"Lima", "city"}}));
  const jobs::EntityData data = load(documents);
  EXPECT_DOUBLE_EQ(data.overlapping, 2.0 / 9);
  EXPECT_FALSE(data.overlap);
}

TEST_F(EntityDocuments, NestedEntitiesAndThoseWithoutATypeAreEntities) {
  const jobs::EntityData data = load(
      {document("n", "The Bank of Oslo. St. Mary. John's Church stays.",
                {{"Bank of Oslo", ""}, {"Oslo", ""}, {"Mary. John", ""}})});
  EXPECT_THAT(data.types.names(), ElementsAre("entity"));
  EXPECT_DOUBLE_EQ(data.overlapping, 2.0 / 3);
  EXPECT_TRUE(data.overlap);
  EXPECT_EQ(data.longest, 3);
  int64_t entities = 0;
  for (const auto& text : data.train[0].texts) entities += int64_t(text.entities.size());
  EXPECT_EQ(entities, 3);
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(EntityDocuments, TypesOfDevAloneAreMissed) {
  const jobs::EntityData data = load({document("a", "Bo sang.", {{"Bo", "person"}})},
                                     {document("b", "Oslo froze.", {{"Oslo", "city"}})});
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("no training entity has the type 'city'"),
                                           HasSubstr("count as missed"))));
  ASSERT_EQ(data.dev.size(), 1u);
  const std::vector<std::vector<jobs::FoundEntity>> found{{{{0, 4}, 0, 0.9}}};
  const jobs::EntityScores scores = jobs::score_entities(data.dev, found);
  EXPECT_EQ(scores.right, 0);
  EXPECT_EQ(scores.marked, 1);
  EXPECT_EQ(scores.f1(), 0);
}

TEST_F(EntityDocuments, OfOneTextAreHeldOutTogether) {
  std::vector<json> rows;
  for (int i = 0; i < 12; ++i) {
    rows.push_back(document("d" + std::to_string(i), "Bo sang " + std::to_string(i / 2) + ".",
                            {{"Bo", "person"}}));
  }
  jobs::EntitySource source{write_rows("train.jsonl", rows), "", 4, 7};
  const jobs::EntityData data = jobs::load_entity_data(source, {}, host_);
  EXPECT_EQ(data.dev.size(), 4u);
  EXPECT_EQ(data.train.size(), 8u);
  for (const auto& held : data.dev) {
    for (const auto& kept : data.train) EXPECT_NE(held.text, kept.text);
  }
  source.seed = 8;
  const jobs::EntityData other = jobs::load_entity_data(source, {}, host_);
  EXPECT_NE(other.dev[0].id + other.dev[2].id, data.dev[0].id + data.dev[2].id);
}

// By hand: two of three found are right, two of four are found.
TEST(EntityFigures, AreStrict) {
  jobs::EntityDocument document;
  document.marked = {{{0, 2}, 0}, {{3, 8}, 1}, {{3, 8}, 2}, {{9, 10}, -1}};
  const std::vector<std::vector<jobs::FoundEntity>> found{
      {{{0, 2}, 0, 0.5}, {{3, 8}, 2, 0.5}, {{9, 10}, 0, 0.5}}};
  const jobs::EntityScores scores = jobs::score_entities({&document, 1}, found);
  EXPECT_EQ(scores.precision(), 2.0 / 3);
  EXPECT_EQ(scores.recall(), 0.5);
  EXPECT_EQ(scores.f1(), 4.0 / 7);
  EXPECT_EQ(jobs::EntityScores{}.f1(), 0);
}

TEST(EntityOverlaps, GoToTheSurerOne) {
  const auto kept = jobs::without_overlaps({{{0, 5}, 0, 0.6},
                                            {{4, 9}, 1, 0.7},
                                            {{8, 12}, 0, 0.65},
                                            {{12, 14}, 1, 0.5},
                                            {{12, 15}, 1, 0.5}});
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].span, (task::Piece{4, 9}));
  EXPECT_EQ(kept[1].span, (task::Piece{12, 15}));
}

}  // namespace
}  // namespace relatum::testing
