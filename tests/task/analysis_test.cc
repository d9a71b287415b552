// Groups of mistakes, cue words and doubtful labels, by hand.
#include "task/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/utf8.h"
#include "io/json.h"
#include "support.h"
#include "task/label_noise.h"

namespace relatum::task {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::example;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Words, StandBesideTheEntities) {
  const Example one = example("1", "In the end Rain, it's said, caused the Flood of May last year.",
                              "Rain", "Flood");
  const Surroundings around = surroundings_of(one);
  EXPECT_EQ(around.words, 14);
  EXPECT_EQ(around.between, 5);
  EXPECT_FALSE(around.tail_first);
  EXPECT_THAT(around.context, ElementsAre("it", "s", "said", "caused", "the", "end", "of", "may"));
  Example turned = one;
  std::swap(turned.head, turned.tail);
  EXPECT_TRUE(surroundings_of(turned).tail_first);
  EXPECT_EQ(surroundings_of(turned).context, around.context);
  turned.head = turned.tail;
  EXPECT_TRUE(surroundings_of(turned).overlapping);
  const auto words = words_of("Ärger 2. ÎLE");
  ASSERT_EQ(words.size(), 3u);
  EXPECT_EQ(words[0].form, "ärger");
  EXPECT_EQ(words[2].start, 9);
  EXPECT_EQ(words[2].end, 12);
}

/// Four sentences each of two relations, whose verbs tell them, and one that leaves it open.
std::vector<Example> rows() {
  std::vector<Example> all;
  for (int i = 0; i < 4; ++i) {
    const std::string n = std::to_string(i);
    all.push_back(example("c" + n, "Rain" + n + " caused Flood" + n + " here.", "Rain" + n,
                          "Flood" + n, "cause(e1,e2)"));
    all.push_back(
        example("o" + n, "Ann" + n + " owns Boat" + n + " here.", "Ann" + n, "Boat" + n, "owns"));
  }
  all.push_back(example("x", "After Rain came Flood.", "Rain", "Flood", "cause(e1,e2)"));
  return all;
}

TEST(Cues, AreWordsOfOneRelation) {
  const std::vector<Example> all = rows();
  const CueWords cues(all, std::nullopt);
  const auto is_explicit = [&](const Example& row, const std::string& label, bool own) {
    return cues.is_explicit(surroundings_of(row), std::vector{label}, own);
  };
  EXPECT_TRUE(is_explicit(all[0], "cause(e1,e2)", false));
  EXPECT_TRUE(is_explicit(all[0], "cause(e2,e1)", false));  // whichever way round
  EXPECT_FALSE(is_explicit(all[0], "owns", false));
  EXPECT_FALSE(is_explicit(all.back(), "cause(e1,e2)", false));
  EXPECT_TRUE(is_explicit(all[0], "cause(e1,e2)", true));  // three others have the word
  const std::vector<Example> few(all.begin(), all.begin() + 6);
  const CueWords rare(few, std::nullopt);
  EXPECT_TRUE(
      rare.is_explicit(surroundings_of(few[0]), std::vector<std::string>{"cause(e1,e2)"}, false));
  EXPECT_FALSE(rare.is_explicit(surroundings_of(few[0]), std::vector<std::string>{"cause(e1,e2)"},
                                true));  // two others are too few
  EXPECT_THAT(cues.strongest(1).at("cause"), ElementsAre("caused"));
  // "here" stands in as many sentences of either relation, so it is a cue of none.
  EXPECT_EQ(cues.strongest(9).at("owns"), std::vector<std::string>{"owns"});
  const CueWords none(all, "owns");
  EXPECT_EQ(none.strongest(9).count("owns"), 0u);
}

const AnalysisGroup* group(const Analysis& analysis, const std::string& key,
                           const std::string& name) {
  for (const Grouping& grouping : analysis.groupings) {
    if (grouping.key != key) continue;
    for (const AnalysisGroup& each : grouping.groups) {
      if (each.name == name) return &each;
    }
  }
  return nullptr;
}

Analysis analysed() {
  Dataset data;
  data.name = "rows";
  data.examples = rows();
  data.labels = Labels({"cause(e1,e2)", "cause(e2,e1)", "owns"});
  std::vector<Prediction> predictions;
  std::vector<std::optional<NearestExample>> nearest(data.examples.size());
  for (size_t i = 0; i < data.examples.size(); ++i) {
    Prediction& prediction = predictions.emplace_back();
    prediction.id = data.examples[i].id;
    prediction.label = data.examples[i].label;
    prediction.probability = 0.95;
    nearest[i] = NearestExample{"n", 0.6, "owns", {}};
  }
  predictions[0].label = "cause(e2,e1)";
  predictions[0].probability = 0.6;
  predictions[2].label = "owns";
  predictions[8].label = "owns";
  predictions[8].probability = 0.4;
  nearest[0].reset();
  return analyse(data, predictions, nearest, {data.examples, "rows", true}, {});
}

TEST(Analysis, CountsEachExampleOnceInEachWay) {
  const Analysis analysis = analysed();
  EXPECT_EQ(analysis.examples, 9);
  EXPECT_EQ(analysis.wrong, 3);
  for (const Grouping& grouping : analysis.groupings) {
    int64_t wrong = 0, examples = 0;
    for (const AnalysisGroup& each : grouping.groups) {
      wrong += each.wrong;
      examples += each.examples;
      EXPECT_LE(each.error.low, double(each.wrong) / double(each.examples)) << each.name;
      EXPECT_GE(each.error.high, double(each.wrong) / double(each.examples)) << each.name;
    }
    EXPECT_EQ(wrong, grouping.key == "copied" ? 2 : 3) << grouping.key;  // one has no neighbour
    const bool part = grouping.key == "label_pair" || grouping.key == "kind" ||
                      grouping.key == "copied";
    EXPECT_EQ(examples, part ? examples : 9) << grouping.key;
  }
  ASSERT_TRUE(group(analysis, "label_pair", "cause(e1,e2) -> owns"));
  EXPECT_EQ(group(analysis, "label_pair", "cause(e1,e2) -> owns")->wrong, 2);
  EXPECT_EQ(group(analysis, "label_pair", "cause(e1,e2) -> owns")->examples, 5);
  EXPECT_EQ(group(analysis, "kind", "direction")->wrong, 1);
  EXPECT_EQ(group(analysis, "explicit", "explicit")->examples, 8);
  EXPECT_EQ(group(analysis, "explicit", "implicit")->wrong, 1);
  EXPECT_EQ(group(analysis, "distance", "1 to 2")->examples, 9);
  EXPECT_EQ(group(analysis, "length", "0 to 10")->examples, 9);
  EXPECT_EQ(group(analysis, "similarity", "0.50 to 0.70")->examples, 8);
  EXPECT_EQ(group(analysis, "similarity", "nothing retrieved")->wrong, 1);
  EXPECT_EQ(group(analysis, "retrieved_label", "the gold label")->examples, 4);
  EXPECT_EQ(group(analysis, "retrieved_label", "another label")->wrong, 2);
  EXPECT_EQ(group(analysis, "copied", "copied")->examples, 6);
  EXPECT_EQ(group(analysis, "confidence", "0.90 to 0.99")->wrong, 1);
  EXPECT_EQ(group(analysis, "confidence", "below 0.50")->wrong, 1);
}

TEST(Analysis, ShowsTheMostConfidentMistakes) {
  const Analysis analysis = analysed();
  const AnalysisGroup* wrong = group(analysis, "label_pair", "cause(e1,e2) -> owns");
  ASSERT_EQ(wrong->sentences.size(), 2u);
  EXPECT_EQ(wrong->sentences[0].example.id, "c1");
  EXPECT_EQ(wrong->sentences[1].example.id, "x");
  EXPECT_EQ(wrong->sentences[0].kind, "relation");
  EXPECT_EQ(wrong->sentences[0].nearest->label, "owns");
  const std::string text = to_text(analysis);
  EXPECT_THAT(text, HasSubstr("rows: 3 of 9 examples wrong"));
  EXPECT_THAT(text, HasSubstr("c1: <e1>Rain1</e1> caused <e2>Flood1</e2> here."));
  EXPECT_THAT(text,
              HasSubstr("gold cause(e1,e2), answered owns (95.0 %); retrieved n (0.60): owns"));
  Analysis looked_up = analysis;
  looked_up.looked_up = true;
  EXPECT_THAT(to_text(looked_up), AllOf(HasSubstr("name no retrieved examples"),
                                        HasSubstr("nearest in the index n (0.60): owns"),
                                        Not(HasSubstr("; retrieved"))));
  std::istringstream lines(to_text(looked_up));
  for (std::string line; std::getline(lines, line);) {
    const bool sentence = line.starts_with("    ");
    if (!sentence) {
      EXPECT_LE(utf8_length(line), 100) << line;
    }
  }
  const auto json = io::parse_json(to_json(analysis), "analysis");
  EXPECT_EQ(json["looked_up"], false);
  EXPECT_EQ(json["groupings"]["kind"]["groups"][0]["name"], "direction");
  EXPECT_EQ(json["groupings"]["label_pair"]["groups"][0]["sentences"][0]["head"]["start"], 0);
}

TEST(LabelNoise, WhatBothDoubtComesFirst) {
  Dataset data;
  data.name = "rows";
  data.examples = rows();
  data.examples.resize(4);  // cause, owns, cause, owns
  std::vector<Prediction> predictions(4);
  std::vector<std::vector<LabelledNeighbour>> neighbours(4);
  for (size_t i = 0; i < 4; ++i) {
    predictions[i].id = data.examples[i].id;
    predictions[i].label = data.examples[i].label;
    predictions[i].probability = 0.9;
    neighbours[i] = {{*data.examples[i].label, 0.8}, {"other", 0.2}, {"turned", -0.5}};
  }
  predictions[1].label = "cause(e1,e2)";  // the model doubts, the neighbours less
  predictions[2].label = "owns";          // both doubt
  neighbours[2] = {{"owns", 0.9}, {"cause(e1,e2)", 0.1}};
  neighbours[3] = {};  // nobody to ask
  const auto found = doubtful_rows(data, predictions, neighbours);
  EXPECT_EQ(found[0].example.id, "c1");
  EXPECT_TRUE(found[0].both);
  EXPECT_DOUBLE_EQ(found[0].doubt, 0.9 * 0.9);
  EXPECT_EQ(found[0].neighbours_label, "owns");
  EXPECT_EQ(found[1].example.id, "o0");
  EXPECT_FALSE(found[1].both);
  EXPECT_NEAR(found[1].doubt, 0.9 * 0.2, 1e-15);
  EXPECT_NEAR(found[2].doubt, 0.1 * 0.2, 1e-15);
  EXPECT_EQ(found[3].doubt, 0);
  predictions[0].scores = {{"cause(e1,e2)", 0.25}, {"owns", 0.75}};
  EXPECT_NEAR(doubtful_rows(data, predictions, neighbours)[2].model_doubt, 0.75, 1e-15);
  EXPECT_THAT(noise_text("rows", found, 1), HasSubstr("with 1 of them neither"));
  predictions[2].label.reset();  // unparsed, or too long
  predictions[2].probability.reset();
  EXPECT_EQ(doubtful_rows(data, predictions, neighbours)[2].doubt, 0);
  predictions.erase(predictions.begin() + 2);
  EXPECT_THAT(testing::error_of([&] { doubtful_rows(data, predictions, neighbours); }),
              HasSubstr("'c1'"));
  const auto without = doubtful_rows(data, predictions, neighbours, true);
  EXPECT_EQ(without.size(), 4u);
  EXPECT_EQ(std::ranges::count_if(without, [](const auto& row) { return row.answer.empty(); }), 1);
  const auto json = io::parse_json(noise_json(found, 2), "noise");
  EXPECT_EQ(json["rows"].size(), 2u);
  EXPECT_EQ(json["rows"][0]["id"], "c1");
  data.examples[0].label.reset();
  EXPECT_THAT(testing::error_of([&] { doubtful_rows(data, predictions, neighbours, true); }),
              HasSubstr("no label"));
}

}  // namespace
}  // namespace relatum::task
