// What one document's candidates come to.
#include "graph/document_edges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace relatum::graph {
namespace {

const std::vector<std::string> kTypes = {"", "A", "A", "B"};  // of entities 1 to 3

/// "1 r 2 0.900 <0 >1": head, label, tail, probability, proofs, those exchanged with >.
std::vector<std::string> shown(const DocumentChoice& choice) {
  std::vector<std::string> lines;
  for (const DocumentEdge& edge : choice.edges) {
    char probability[16];
    snprintf(probability, sizeof probability, "%.3f", edge.probability);
    std::string line = std::to_string(edge.head) + " " + edge.label + " " +
                       std::to_string(edge.tail) + " " + probability;
    for (const Proof& proof : edge.proofs) {
      line += (proof.exchanged ? " >" : " <") + std::to_string(proof.candidate);
    }
    lines.push_back(line);
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(DocumentEdges, AreAsSureAsTheSurestCandidate) {
  const std::vector<EntityCandidate> candidates = {
      {1, 2, "r", 0.7}, {1, 2, "r", 0.9}, {1, 2, "r", 0.4}, {2, 1, "r", 0.3}, {2, 2, "r", 0.9}};
  const DocumentChoice choice = choose_document(candidates, kTypes, {}, {});
  EXPECT_EQ(shown(choice), (Lines{"1 r 2 0.900 <0 <1"}));
  EXPECT_EQ(choice.loops, 1);
  EXPECT_EQ(choice.unlikely, 1);
  EXPECT_EQ(choice.foreign, 0);
  EXPECT_TRUE(choice.proven);
}

TEST(DocumentEdges, OfASymmetricRelationAreOne) {
  const Schema schema = Schema::parse("[relations.r]\nsymmetric = true\n", "s.toml");
  const std::vector<EntityCandidate> both = {{2, 1, "r", 0.9}, {1, 2, "r", 0.6}};
  // The mean of ln 9 and ln 1.5 is ln 3.674.
  EXPECT_EQ(shown(choose_document(both, kTypes, schema, {})), (Lines{"1 r 2 0.786 >0 <1"}));
  const std::vector<EntityCandidate> one = {{2, 1, "r", 0.9}};
  EXPECT_EQ(shown(choose_document(one, kTypes, schema, {})), (Lines{"1 r 2 0.900 >0"}));
}

TEST(DocumentEdges, OfInverseRelationsAreBoth) {
  const Schema schema = Schema::parse("[relations.r]\ninverse = \"s\"\n[relations.s]\n", "s.toml");
  const std::vector<EntityCandidate> one = {{2, 1, "s", 0.9}};
  EXPECT_EQ(shown(choose_document(one, kTypes, schema, {})),
            (Lines{"1 r 2 0.900 >0", "2 s 1 0.900 <0"}));
  const std::vector<EntityCandidate> both = {{2, 1, "s", 0.9}, {1, 2, "r", 0.6}};
  EXPECT_EQ(shown(choose_document(both, kTypes, schema, {})),
            (Lines{"1 r 2 0.786 >0 <1", "2 s 1 0.786 <0 >1"}));
}

TEST(DocumentEdges, AreWithinTheSchema) {
  const Schema schema = Schema::parse(
      "[entities]\nA = \"a\"\nB = \"b\"\n[relations.r]\nhead = \"A\"\ntail = \"B\"\n", "s.toml");
  const std::vector<EntityCandidate> candidates = {
      {1, 3, "r", 0.9}, {3, 1, "r", 0.9}, {1, 2, "r", 0.9}, {1, 3, "q", 0.9}};
  const DocumentChoice choice = choose_document(candidates, kTypes, schema, {});
  EXPECT_EQ(shown(choice), (Lines{"1 r 3 0.900 <0"}));
  EXPECT_EQ(choice.foreign, 3);
}

}  // namespace
}  // namespace relatum::graph
