// Entities and relations of documents against worked figures, and what is refused.
#include "task/document_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "support.h"
#include "task/document_report.h"

namespace relatum::task {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

Entity entity(const std::string& id, int64_t start, int64_t end, const std::string& type) {
  return {id, {start, end, type}};
}

const std::string kText = "Ada Lee runs Pell Works in Garth, says Bo. Cy and Di are partners.";

Document document(std::vector<Entity> entities, std::vector<Relation> relations,
                  const std::string& id = "d") {
  Document made;
  made.id = id;
  made.text = kText;
  made.entities = std::move(entities);
  made.relations = std::move(relations);
  return made;
}

Document gold() {
  return document(
      {entity("a", 0, 7, "PER"), entity("p", 13, 23, "ORG"), entity("g", 27, 32, "LOC"),
       entity("b", 39, 41, "PER"), entity("c", 43, 45, "PER"), entity("d", 50, 52, "PER")},
      {{"a", "p", "runs"},
       {"p", "g", "in"},
       {"c", "d", "partner"},
       {"d", "c", "partner"},
       {"b", "a", "knows"}});
}

DocumentCounts count(const Document& predicted, const std::set<std::string>& symmetric = {}) {
  return count_document(gold(), predicted, symmetric);
}

void expect_sums(const DocumentCounts& counts) {
  const EntityErrors& e = counts.entity_errors;
  EXPECT_EQ(e.right + e.type + e.boundary + e.missed, counts.entities_strict.gold);
  EXPECT_EQ(e.right + e.type + e.boundary + e.spurious, counts.entities_strict.predicted);
  const RelationErrors& r = counts.relation_errors;
  const int64_t both = r.right + r.end_type + r.direction + r.label;
  EXPECT_EQ(both + r.missed_pair + r.lost_entity, counts.relations_strict.gold);
  EXPECT_EQ(both + r.spurious_pair + r.no_entity, counts.relations_strict.predicted);
}

TEST(DocumentScores, PerfectPredictionsAreOne) {
  const DocumentCounts counts = count(gold());
  for (const Tally* each : {&counts.entities_strict, &counts.entities_boundaries,
                            &counts.relations_strict, &counts.relations_boundaries}) {
    EXPECT_EQ(each->scores().f1, 1);
  }
  EXPECT_EQ(counts.relations_strict.right, 5);
  EXPECT_EQ(mean_over_gold(counts.types).f1, 1);
  EXPECT_EQ(mean_over_gold(counts.labels).f1, 1);
  expect_sums(counts);
}

TEST(DocumentScores, EmptyPredictionsAreZero) {
  const DocumentCounts counts = count(document({}, {}));
  EXPECT_EQ(counts.entities_strict.scores().f1, 0);
  EXPECT_EQ(counts.relations_strict.scores().precision, 0);
  EXPECT_EQ(counts.entity_errors.missed, 6);
  EXPECT_EQ(counts.relation_errors.lost_entity, 5);
  EXPECT_EQ(mean_over_gold(counts.labels).f1, 0);
  const DocumentCounts nothing = count_document(document({}, {}), document({}, {}), {});
  EXPECT_EQ(nothing.relations_strict.scores().f1, 0);
  EXPECT_EQ(mean_over_gold(nothing.types).f1, 0);
  expect_sums(counts);
}

TEST(DocumentScores, EachMistakeHasItsKind) {
  const Document predicted = document(
      {entity("1", 0, 7, "ORG"),    // another type
       entity("2", 13, 23, "ORG"),  // right
       entity("3", 24, 32, "LOC"),  // overlaps "Garth"
       entity("4", 43, 45, "PER"),  // right
       entity("5", 50, 52, "PER"),  // right
       entity("6", 8, 12, "ORG")},  // "runs": spurious; "Bo" is missed
      {{"1", "2", "runs"},          // right but for the type of an end
       {"2", "3", "in"},            // of something that is no entity
       {"4", "5", "partner"},       // right; the other direction is missed
       {"2", "4", "runs"},          // between entities that have no relation
       {"4", "5", "knows"}});       // pairs off with partner(d,c): the same ends
  const DocumentCounts counts = count(predicted);
  EXPECT_EQ(counts.entities_strict.right, 3);
  EXPECT_EQ(counts.entities_boundaries.right, 4);
  EXPECT_EQ(counts.relations_strict.right, 1);
  EXPECT_EQ(counts.relations_boundaries.right, 2);
  expect_sums(counts);
  const DocumentReport report = score_documents({"gold.jsonl", {gold()}}, {predicted}, "p.jsonl");
  const json told = json::parse(to_json(report));
  EXPECT_EQ(told["entities"]["errors"],
            json({{"type", 1}, {"boundary", 1}, {"missed", 1}, {"spurious", 1}}));
  EXPECT_EQ(told["relations"]["errors"], json({{"end_type", 1},
                                               {"direction", 0},
                                               {"label", 1},
                                               {"missed_pair", 0},
                                               {"lost_entity", 2},
                                               {"spurious_pair", 1},
                                               {"no_entity", 1}}));
}

TEST(DocumentScores, AMissedPairAndAWrongDirectionAreToldApart) {
  Document predicted = gold();
  predicted.relations = {{"p", "a", "runs"}};
  const DocumentCounts counts = count(predicted);
  EXPECT_EQ(counts.relation_errors.direction, 1);
  EXPECT_EQ(counts.relation_errors.missed_pair, 4);
  EXPECT_EQ(counts.relations_boundaries.right, 0);
  expect_sums(counts);
}

TEST(DocumentScores, ALabelThatNamesItsDirectionIsTheRelationThatWay) {
  Document predicted = gold();
  predicted.relations = {{"p", "a", "runs(e2,e1)"}, {"d", "c", "partner(e1,e2)"}};
  const DocumentCounts counts = count(predicted, {"partner"});
  EXPECT_EQ(counts.relations_strict.right, 2);
  EXPECT_EQ(counts.relations_boundaries.right, 2);
  EXPECT_FALSE(counts.labels.contains("runs(e2,e1)"));
  predicted.relations = {{"a", "p", "runs(e2,e1)"}};
  EXPECT_EQ(count(predicted).relation_errors.direction, 1);
  expect_sums(count(predicted));
}

TEST(DocumentScores, BothDirectionsOfASymmetricRelationAreOne) {
  Document predicted = gold();
  predicted.relations = {{"d", "c", "partner"}, {"p", "a", "runs"}};
  EXPECT_EQ(count(predicted).relations_strict.gold, 5);
  const DocumentCounts counts = count(predicted, {"partner"});
  EXPECT_EQ(counts.relations_strict.gold, 4);
  EXPECT_EQ(counts.relations_strict.right, 1);
  EXPECT_EQ(counts.labels.at("partner").scores().f1, 1);
  EXPECT_EQ(counts.relation_errors.direction, 1) << "of a relation that has directions";
  predicted.relations = {{"c", "d", "partner"}, {"d", "c", "partner"}};
  EXPECT_EQ(count(predicted, {"partner"}).relations_strict.predicted, 1);
  expect_sums(counts);
}

TEST(DocumentScores, RelationsOfTheNegativeLabelAreNone) {
  GoldDocuments data{"gold.jsonl", {gold()}};
  data.documents[0].relations.push_back({"a", "g", "Other"});
  Document predicted = gold();
  predicted.relations.push_back({"b", "c", "Other"});
  predicted.relations.push_back({"a", "g", "Other"});
  const DocumentReport report = score_documents(data, {predicted}, "p.jsonl");
  EXPECT_EQ(report.relations_strict.tally.gold, 5);
  EXPECT_EQ(report.relations_strict.tally.predicted, 5);
  EXPECT_EQ(report.relations_strict.tally.right, 5);
  EXPECT_FALSE(report.counts.labels.contains("Other"));
  EXPECT_THAT(report.warnings,
              ElementsAre("relations of the label 'Other', which means none, are not counted: 1 of "
                          "the data, 2 of the predictions."));
  // A named one is the only one; where the data have none it is no_relation.
  const auto named = score_documents(data, {predicted}, "p.jsonl", {.negative = "knows"});
  EXPECT_EQ(named.relations_strict.tally.gold, 5);
  EXPECT_EQ(named.relations_strict.tally.predicted, 6);
  EXPECT_TRUE(named.counts.labels.contains("Other"));
  predicted = gold();
  predicted.relations.push_back({"a", "g", "no_relation"});
  EXPECT_EQ(score_documents({"gold.jsonl", {gold()}}, {predicted}, "p.jsonl")
                .relations_strict.tally.predicted,
            5);
}

/// Ada, who is also Bo, runs Pell Works; Cy and Di are another cluster.
Document clustered() {
  Document document = gold();
  document.entities[0].cluster = document.entities[3].cluster = "ada";
  document.entities[4].cluster = document.entities[5].cluster = "cy";
  document.relations = {{"a", "p", "runs"}, {"d", "b", "knows"}};
  return document;
}

TEST(DocumentScores, ARelationOfAnyMentionsOfTwoClustersIsRightOnce) {
  Document predicted = gold();
  predicted.relations = {{"b", "p", "runs"},
                         {"a", "p", "runs"},  // one relation of the two
                         {"c", "a", "knows"},
                         {"c", "g", "in"}};
  const DocumentCounts counts = count_document(clustered(), predicted, {});
  for (const Tally* each : {&counts.relations_strict, &counts.relations_boundaries}) {
    EXPECT_EQ(each->gold, 2);
    EXPECT_EQ(each->predicted, 3);
    EXPECT_EQ(each->right, 2);
  }
  EXPECT_EQ(counts.labels.at("knows").right, 1);
  EXPECT_EQ(counts.relation_errors.spurious_pair, 1);
  expect_sums(counts);
  // What the predictions call a cluster has no part in it.
  predicted.entities[1].cluster = predicted.entities[2].cluster = "p";
  EXPECT_EQ(count_document(clustered(), predicted, {}).relations_strict.predicted, 3);
}

TEST(DocumentScores, MistakesBetweenClustersHaveTheirKinds) {
  Document predicted = gold();
  predicted.entities[3].span.type = "ORG";                          // Bo
  predicted.relations = {{"b", "p", "runs"}, {"a", "c", "knows"}};  // a type, and a direction
  DocumentCounts counts = count_document(clustered(), predicted, {});
  EXPECT_EQ(counts.relations_strict.right, 0);
  EXPECT_EQ(counts.relations_boundaries.right, 1);
  EXPECT_EQ(counts.relation_errors.end_type, 1);
  EXPECT_EQ(counts.relation_errors.direction, 1);
  expect_sums(counts);
  EXPECT_EQ(count_document(clustered(), predicted, {"knows"}).relations_boundaries.right, 2);
  // Of each cluster another mention was found than the one that the data name.
  predicted = gold();
  predicted.entities.erase(predicted.entities.begin());
  predicted.relations.clear();
  counts = count_document(clustered(), predicted, {});
  EXPECT_EQ(counts.relation_errors.missed_pair, 2);
  expect_sums(counts);
  predicted.entities.erase(predicted.entities.begin() + 2);  // Bo, too
  EXPECT_EQ(count_document(clustered(), predicted, {}).relation_errors.lost_entity, 2);
}

TEST(DocumentScores, ClustersThatShareAMentionAreOne) {
  Document data = clustered();
  data.entities.push_back(entity("again", 39, 41, "PER"));  // Bo, in the other cluster
  data.entities.back().cluster = "cy";
  Document predicted = gold();
  predicted.relations = {{"d", "p", "runs"}};
  EXPECT_EQ(count_document(data, predicted, {}).relations_strict.right, 1);
}

TEST(DocumentScores, RepeatedEntitiesCountOnce) {
  Document predicted = gold();
  predicted.entities.push_back(entity("again", 0, 7, "PER"));
  predicted.relations.push_back({"again", "p", "runs"});
  const DocumentCounts counts = count(predicted);
  EXPECT_EQ(counts.entities_strict.predicted, 6);
  EXPECT_EQ(counts.relations_strict.predicted, 5);
  EXPECT_EQ(counts.repeated_predicted, 1);
  EXPECT_EQ(counts.repeated_gold, 0);
}

TEST(DocumentScores, WhatTheFiguresRestOnIsTold) {
  GoldDocuments data{"gold.jsonl", {gold(), document({}, {}, "e")}};
  data.documents[0].entities.push_back(entity("again", 0, 7, "PER"));
  data.documents[0].entities.push_back(entity("and again", 0, 7, "PER"));
  Document predicted = gold();
  predicted.entities.push_back(entity("again", 0, 7, "PER"));
  predicted.entities[1].span.type = "";
  const DocumentReport report = score_documents(
      data, {predicted}, "p.jsonl", {.symmetric = {"partner", "x"}, .missing_is_wrong = true});
  EXPECT_THAT(report.warnings,
              ElementsAre(HasSubstr("2 entities of the data repeat span and type"),
                          HasSubstr("1 entity of the predictions repeats span and type")));
  EXPECT_THAT(to_text(report),
              AllOf(HasSubstr("gold.jsonl: 2 documents, 1 without a prediction"),
                    HasSubstr("\n(no type) "), HasSubstr("one relation: partner\n")));
}

TEST(DocumentScores, WhatRunsCallEntitiesWithoutATypeIsNoType) {
  Document untyped = gold(), named = gold();
  for (Entity& each : untyped.entities) each.span.type = "";
  for (Entity& each : named.entities) each.span.type = "entity";
  const DocumentReport report = score_documents({"gold.jsonl", {untyped}}, {named}, "p.jsonl", {});
  EXPECT_GT(report.entities_strict.tally.gold, 0);
  EXPECT_EQ(report.entities_strict.tally.right, report.entities_strict.tally.gold);
}

TEST(DocumentScores, AGapIsPartOfASpan) {
  Document predicted = gold();
  predicted.entities[0] = entity_of("a", "PER", {{0, 3}, {4, 7}});
  const DocumentCounts counts = count(predicted);
  EXPECT_EQ(counts.entities_strict.right, 5);
  EXPECT_EQ(counts.entity_errors.boundary, 1);
}

TEST(DocumentScores, TheOrderOfRowsHasNoPartInIt) {
  const GoldDocuments data{"gold.jsonl", {gold(), document({entity("x", 0, 3, "PER")}, {}, "e")}};
  Document one = document({entity("1", 0, 5, "PER"), entity("2", 1, 7, "ORG"),
                           entity("3", 13, 23, "ORG"), entity("4", 13, 17, "ORG")},
                          {{"1", "3", "runs"}, {"3", "1", "knows"}, {"2", "4", "in"}});
  Document two = document({}, {}, "e");
  const std::string there = to_json(score_documents(data, {one, two}, "p.jsonl"));
  std::ranges::reverse(one.entities);
  std::ranges::reverse(one.relations);
  EXPECT_EQ(to_json(score_documents(data, {two, one}, "p.jsonl")), there);
}

TEST(DocumentScores, TheIntervalIsOverDocuments) {
  GoldDocuments data{"gold.jsonl", {}};
  std::vector<Document> predicted;
  for (int i = 0; i < 8; ++i) {
    data.documents.push_back(gold());
    data.documents.back().id = std::to_string(i);
    predicted.push_back(i % 2 ? gold() : document({}, {}));
    predicted.back().id = std::to_string(i);
  }
  const DocumentReport report = score_documents(data, predicted, "p.jsonl");
  ASSERT_TRUE(report.official().interval);
  const Interval& interval = *report.official().interval;
  EXPECT_EQ(interval.units, 8u);
  EXPECT_LT(interval.low, report.official().tally.scores().f1);
  EXPECT_GT(interval.high, report.official().tally.scores().f1);
  EXPECT_THAT(to_text(report), HasSubstr("samples of 8 documents)"));
  EXPECT_THAT(to_text(score_documents(data, data.documents, "p.jsonl")),
              HasSubstr("100.00\n  no interval: "));
  data.documents.resize(1);
  predicted.resize(1);
  EXPECT_FALSE(score_documents(data, predicted, "p.jsonl").official().interval);
}

TEST(DocumentScores, DataThatSayTooLittleAreRefused) {
  GoldDocuments data{"gold.jsonl", {gold()}};
  const auto refused = [&](const std::vector<Document>& predicted, bool relations = true) {
    return error_of([&] { score_documents(data, predicted, "p.jsonl", {.relations = relations}); });
  };
  Document none = document({}, {});
  none.unlabelled = true;
  none.line = 3;
  EXPECT_THAT(refused({none}), AllOf(HasSubstr("p.jsonl:3"), HasSubstr("no \"relations\"")));
  EXPECT_EQ(refused({none}, false), "");
  data.documents[0].unlabelled = true;
  EXPECT_THAT(refused({gold()}), AllOf(HasSubstr("'d'"), HasSubstr("--task entities")));
  data.documents[0].pair = true;
  EXPECT_THAT(refused({gold()}, false), HasSubstr("without --task"));
  data.documents.clear();
  EXPECT_THAT(refused({}), HasSubstr("no document"));
}

TEST(DocumentPredictions, AreHeldToTheDocumentsText) {
  const GoldDocuments data{"gold.jsonl", {gold()}};
  const auto refused = [&](Document predicted) {
    predicted.line = 4;
    return error_of([&] { join_documents(data, {predicted}, "p.jsonl", false); });
  };
  EXPECT_EQ(refused(gold()), "");
  EXPECT_THAT(refused(document({entity("1", 60, 99, "PER")}, {})),
              AllOf(HasSubstr("p.jsonl:4"), HasSubstr("from 60 to 99")));
  EXPECT_THAT(refused(document({entity("1", 0, 3, "PER")}, {{"1", "2", "runs"}})),
              HasSubstr("'2'"));
  Document other = gold();
  other.text = "Another text altogether, and a longer one than before, as it has to be.";
  EXPECT_THAT(refused(other), HasSubstr("not that of the data"));
  Document stranger = gold();
  stranger.id = "x";
  EXPECT_THAT(refused(stranger), HasSubstr("'x'"));
  EXPECT_THAT(error_of([&] { join_documents(data, {}, "p.jsonl", false); }),
              AllOf(HasSubstr("1 of 1 document has no prediction: 'd'"), HasSubstr("--missing")));
  EXPECT_EQ(join_documents(data, {}, "p.jsonl", true).size(), 1u);
  EXPECT_THAT(error_of([&] {
                join_documents(data, {gold(), gold()}, "p.jsonl", false);
              }),
              HasSubstr("more than once"));
}

}  // namespace
}  // namespace relatum::task
