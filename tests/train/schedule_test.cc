// Learning rates: the rise, the three shapes, and their ends.
#include "train/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace relatum::train {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr double kPeak = 0.5;

TEST(Schedule, RisesOverTheWarmUp) {
  for (const Shape shape : {Shape::kCosine, Shape::kLinear, Shape::kConstant}) {
    const Schedule schedule{kPeak, shape, 0.15, 27};  // ceil(4.05) = 5 steps
    for (int64_t i = 0; i < 5; ++i) {
      EXPECT_DOUBLE_EQ(schedule.rate(i), kPeak * double(i + 1) / 5);
    }
    EXPECT_DOUBLE_EQ(schedule.rate(5), kPeak);
  }
}

TEST(Schedule, FallsAsItsShapeSays) {
  for (int64_t i = 0; i < 10; ++i) {
    const double done = double(i) / 10;
    EXPECT_DOUBLE_EQ((Schedule{kPeak, Shape::kConstant, 0, 10}.rate(i)), kPeak);
    EXPECT_DOUBLE_EQ((Schedule{kPeak, Shape::kLinear, 0, 10}.rate(i)), kPeak * (1 - done));
    EXPECT_DOUBLE_EQ((Schedule{kPeak, Shape::kCosine, 0, 10}.rate(i)),
                     kPeak * (1 + std::cos(std::numbers::pi * done)) / 2);
  }
}

TEST(Schedule, IsNeverNegativeNorAboveThePeak) {
  for (const Shape shape : {Shape::kCosine, Shape::kLinear, Shape::kConstant}) {
    for (const double warmup : {0.0, 0.03, 0.5, 1.0}) {
      for (int64_t steps = 1; steps < 40; ++steps) {
        const Schedule schedule{kPeak, shape, warmup, steps};
        for (int64_t i = 0; i < steps; ++i) {
          EXPECT_GT(schedule.rate(i), 0);
          EXPECT_LE(schedule.rate(i), kPeak);
        }
      }
    }
  }
}

TEST(Schedule, NamesOfShapes) {
  EXPECT_EQ(parse_shape("cosine"), Shape::kCosine);
  EXPECT_EQ(parse_shape("linear"), Shape::kLinear);
  EXPECT_EQ(parse_shape("constant"), Shape::kConstant);
  EXPECT_THAT([] { parse_shape("cosin"); },
              ThrowsMessage<Error>(HasSubstr("Use cosine, linear or constant")));
}

}  // namespace
}  // namespace relatum::train
