// Sentences about names that are not known.
#include "base/known_names.h"

#include <gtest/gtest.h>

namespace relatum {
namespace {

const std::vector<std::string> kKnown = {"compact", "compact-nolist", "rag4re"};

TEST(KnownNames, NearestFindsTyposOnly) {
  EXPECT_EQ(nearest_name("compakt", kKnown), "compact");
  EXPECT_EQ(nearest_name("RAG4RE", kKnown), "rag4re");
  EXPECT_EQ(nearest_name("zzzzzz", kKnown), "");
  EXPECT_EQ(nearest_name("", kKnown), "");
  EXPECT_EQ(nearest_name(std::string(1 << 20, 'c'), kKnown), "");
}

TEST(KnownNames, AskOnlyWhereOneIsNear) {
  EXPECT_EQ(did_you_mean("compakt", kKnown), " Did you mean 'compact'?");
  EXPECT_EQ(did_you_mean("compakt", kKnown, ""), " Did you mean compact?");
  EXPECT_EQ(did_you_mean("zzzzzz", kKnown), "");
  const std::vector<std::string> steering = {"Other\x1b[31m"};
  EXPECT_EQ(did_you_mean("other\x1b[31m", steering), " Did you mean 'Other\\x1b[31m'?");
}

TEST(KnownNames, UnknownOnesAreToldWithAllThatThereAre) {
  EXPECT_EQ(unknown_name("prompt style", "rag", kKnown),
            "prompt style 'rag' is unknown. Use compact, compact-nolist or rag4re.");
  EXPECT_EQ(unknown_name("prompt style", "compakt", kKnown),
            "prompt style 'compakt' is unknown. Did you mean 'compact'? Use compact, "
            "compact-nolist or rag4re.");
  EXPECT_EQ(unknown_name("size", "x\n", {"one"}), "size 'x\\n' is unknown. Use one.");
  EXPECT_EQ(unknown_name("size", "x", {"one", "two"}), "size 'x' is unknown. Use one or two.");
}

TEST(KnownNames, OfARegistryAreItsEntries) {
  struct Entry {
    std::string_view name;
  };
  const Entry first{"a"}, second{"b"};
  const Entry* const entries[] = {&first, &second};
  EXPECT_EQ(names_of(std::span<const Entry* const>(entries)), (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace relatum
