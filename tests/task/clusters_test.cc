// Statements that share members, in any order, come to the same groups.
#include "task/clusters.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace relatum::task {
namespace {

TEST(Clusters, JoinWhatSharesAMemberUnderTheFirstName) {
  Clusters clusters(7);
  clusters.unite({0, 1}, "a");
  clusters.unite({3, 4}, "b");
  clusters.unite({}, "none");
  clusters.unite({5}, "alone");
  EXPECT_EQ(clusters.name_of(1), "a");
  EXPECT_EQ(clusters.name_of(4), "b");
  clusters.unite({4, 2, 1}, "c");
  for (size_t member = 0; member < 5; ++member) EXPECT_EQ(clusters.name_of(member), "a");
  EXPECT_EQ(clusters.name_of(5), "alone");
  EXPECT_EQ(clusters.name_of(6), "");
}

TEST(Clusters, LongChainsAreOne) {
  constexpr size_t kMembers = 10000;
  for (const bool forth : {true, false}) {
    Clusters clusters(kMembers);
    for (size_t i = 0; i + 1 < kMembers; ++i) {
      const size_t at = forth ? i : kMembers - 2 - i;
      clusters.unite({at, at + 1}, std::to_string(i));
    }
    for (size_t i = 0; i < kMembers; ++i) ASSERT_EQ(clusters.name_of(i), "0");
  }
}

}  // namespace
}  // namespace relatum::task
