// A noun after its number.
#include "base/counted.h"

#include <gtest/gtest.h>

namespace relatum {
namespace {

TEST(Counted, NounsAgreeWithTheirNumber) {
  EXPECT_EQ(counted(1, "epoch"), "1 epoch");
  EXPECT_EQ(counted(0, "epoch"), "0 epochs");
  EXPECT_EQ(counted(2, "entry", "entries"), "2 entries");
}

}  // namespace
}  // namespace relatum
