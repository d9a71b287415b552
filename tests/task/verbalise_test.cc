// Labels as words.
#include "task/verbalise.h"

#include <gtest/gtest.h>

#include "support.h"

namespace relatum::task {
namespace {

TEST(Verbalise, RoleWordsAreThoseOfTheCases) {
  for (const auto& row : testing::cases("role_words.tsv")) EXPECT_EQ(role_words(row[0]), row[1]);
}

}  // namespace
}  // namespace relatum::task
