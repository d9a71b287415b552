// Messages about options in plain words.
#include "app/usage_text.h"

#include <gtest/gtest.h>

namespace relatum::app {
namespace {

TEST(UsageText, NamesTheChoicesAndTheNearest) {
  EXPECT_EQ(usage_text("--answer: scord not in {scored,shares,free}"),
            "--answer: 'scord' is not one of scored, shares, free. Did you mean scored?");
  EXPECT_EQ(usage_text("--isa: quux not in {auto,avx2}"), "--isa: 'quux' is not one of auto, avx2");
}

TEST(UsageText, NamesTheRange) {
  EXPECT_EQ(usage_text("--threads: Value -1 not in range 0 to 1024"),
            "--threads: '-1' is not a number from 0 to 1024");
  EXPECT_EQ(usage_text("--warmup: Value 2 not in range 0.000000 to 1.000000"),
            "--warmup: '2' is not a number from 0 to 1");
  EXPECT_EQ(usage_text("--x: Value -2 not in range 1 to 9223372036854775807"),
            "--x: '-2' is not a number of at least 1");
  EXPECT_EQ(
      usage_text("--lr: Value 0 not in range 0.000000 to " + std::string(300, '9') + ".000000"),
      "--lr: '0' is too small: it must be above 0");
}

TEST(UsageText, SaysWhatIsNoNumber) {
  for (const std::string odd : {"inf", "nan"}) {
    EXPECT_EQ(usage_text("--lr: Value " + odd + " not in range 0.000000 to " +
                         std::string(300, '9') + ".000000"),
              "--lr: '" + odd + "' is not a finite number");
  }
  EXPECT_EQ(usage_text("--rank: Value x not in range 1 to 1024"), "--rank: 'x' is not a number");
}

TEST(UsageText, LeavesTheRest) {
  EXPECT_EQ(usage_text("Could not convert: --rank = x"),
            "--rank: 'x' is not a number that it takes");
  EXPECT_EQ(usage_text("--train is required"), "--train is required");
}

}  // namespace
}  // namespace relatum::app
