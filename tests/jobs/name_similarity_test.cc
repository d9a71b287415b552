// Names by an embedder's vectors: of one type, from a cosine on, those of equal texts always.
#include "jobs/name_similarity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "jobs/extract_blocks.h"
#include "support/corpus.h"
#include "support/error_of.h"
#include "support/temporary.h"

namespace relatum::testing {
namespace {

using ::testing::HasSubstr;

graph::Name name(const std::string& type, const std::string& text) {
  return {type, text, "", text, 1};
}

const std::vector<graph::Name> kNames{name("ORG", "Kestrel Airways"), name("ORG", "Dolm Air"),
                                      name("PLACE", "Dolm Air"), name("ORG", "Dolm Air"),
                                      name("PERSON", "Ana")};

TEST(NameSimilarity, ComparesNamesOfOneType) {
  const auto all = jobs::name_similarity(kEmbedder, 0, {});
  bool equal = false;
  for (const graph::SimilarNames& each : all(kNames)) {
    EXPECT_LT(each.one, each.other);
    EXPECT_EQ(kNames[each.one].type, kNames[each.other].type);
    EXPECT_LE(each.similarity, 1 + 1e-6);
    equal = equal || (each.one == 1 && each.other == 3 && each.similarity > 1 - 1e-6);
  }
  EXPECT_TRUE(equal);
  const auto none = jobs::name_similarity(kEmbedder, 1.1, {});
  EXPECT_TRUE(none(kNames).empty());
}

TEST(NameSimilarity, StopsAndRefusesWhatIsNoEmbedder) {
  std::atomic<bool> stop{true};
  Context context;
  context.stop = &stop;
  const auto similar = jobs::name_similarity(kEmbedder, 0, context);
  EXPECT_THROW(similar(kNames), jobs::Stopped);
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { jobs::name_similarity(folder.path(), 0, {}); }),
              HasSubstr(folder.path().filename().string()));
}

}  // namespace
}  // namespace relatum::testing
