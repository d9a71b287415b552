// Angles of rotary positions: plain, and with each kind of scaling.
#include "arch/rope.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numbers>

#include "base/atomic_file.h"
#include "io/json.h"
#include "support/models.h"
#include "support/temporary.h"

namespace relatum::testing {
namespace {

constexpr double kTheta = 10000.0;
constexpr int64_t kSize = 12;

class RopeAngles : public ::testing::Test {
 protected:
  arch::Rope rope_of(const nlohmann::json& scaling) {
    nlohmann::json config = io::load_json(fixture("llama/untied/config.json"));
    config["rope_scaling"] = scaling;
    config["rope_theta"] = kTheta;
    write_file(folder_ / "config.json", config.dump());
    std::filesystem::copy_file(fixture("llama/untied/model.safetensors"),
                               folder_ / "model.safetensors",
                               std::filesystem::copy_options::skip_existing);
    return arch::Rope(arch::ModelFiles::open(folder_.path()), kSize);
  }
  static double plain(int64_t i) { return std::pow(kTheta, -2.0 * double(i) / double(kSize)); }
  // A frequency is rounded once, the angle twice more; then cosine or sine once.
  static void expect_angle(const arch::Rope& rope, int64_t position, int64_t i, double frequency,
                           double factor = 1) {
    Matrix<float> angles(1, kSize);
    const auto at = int32_t(position);
    rope.angles({&at, 1}, angles.view());
    const double angle = double(position) * frequency;
    const double bound = rounding_bound(5) * factor * (1 + angle);
    EXPECT_NEAR(double(angles.row(0)[i]), factor * std::cos(angle), bound) << position << " " << i;
    EXPECT_NEAR(double(angles.row(0)[kSize / 2 + i]), factor * std::sin(angle), bound);
  }
  TemporaryFolder folder_;
};

TEST_F(RopeAngles, WithoutScaling) {
  const auto rope = rope_of(nullptr);
  for (const int64_t position : {0, 1, 2, 511, 512, 3000}) {
    for (int64_t i = 0; i < kSize / 2; ++i) expect_angle(rope, position, i, plain(i));
  }
}

TEST_F(RopeAngles, LinearScalingSlowsAllAngles) {
  for (const char* key : {"type", "rope_type"}) {
    const auto rope = rope_of({{key, "linear"}, {"factor", 4.0}});
    for (int64_t i = 0; i < kSize / 2; ++i) expect_angle(rope, 700, i, plain(i) / 4);
  }
}

TEST_F(RopeAngles, Llama3SlowsLongWavesAndKeepsShortOnes) {
  constexpr double kFactor = 8, kLow = 1, kHigh = 4, kContext = 64;
  const auto rope = rope_of({{"rope_type", "llama3"},
                             {"factor", kFactor},
                             {"low_freq_factor", kLow},
                             {"high_freq_factor", kHigh},
                             {"original_max_position_embeddings", kContext}});
  int kept = 0, slowed = 0, blended = 0;
  for (int64_t i = 0; i < kSize / 2; ++i) {
    const double wave = 2 * std::numbers::pi / plain(i);
    const double share = (kContext / wave - kLow) / (kHigh - kLow);
    const double inside = std::clamp(share, 0.0, 1.0);
    expect_angle(rope, 100, i, (1 - inside) * plain(i) / kFactor + inside * plain(i));
    ++(share >= 1 ? kept : share <= 0 ? slowed : blended);
  }
  EXPECT_TRUE(kept > 0 && slowed > 0 && blended > 0);
}

// Pairs that turn more than `fast` times within the original context are kept, those below `slow`
// turns are slowed, and between, a share that falls from pair to pair.
TEST_F(RopeAngles, YarnKeepsFastPairsAndSlowsSlowOnes) {
  constexpr double kFactor = 4, kContext = 100, kFast = 8, kSlow = 0.05;
  const auto rope = rope_of({{"type", "yarn"},
                             {"factor", kFactor},
                             {"beta_fast", kFast},
                             {"beta_slow", kSlow},
                             {"truncate", false},
                             {"finetuned", true},
                             {"original_max_position_embeddings", kContext}});
  const auto turns = [&](double i) {
    return kContext * std::pow(kTheta, -2 * i / double(kSize)) / (2 * std::numbers::pi);
  };
  int kept = 0, slowed = 0, between = 0;
  for (int64_t i = 0; i < kSize / 2; ++i) {
    // The pair's place between those of `fast` and `slow` turns, along the logarithm of turns.
    const double place = std::log(turns(double(i)) / kFast) / std::log(kSlow / kFast);
    const double share = std::clamp(place, 0.0, 1.0);
    // The border in front is at least pair 0, from where places count then.
    const double first = std::max(
        0.0, std::log(turns(0) / kFast) / std::log(kTheta) * double(kSize) / 2);
    const double last = std::log(turns(0) / kSlow) / std::log(kTheta) * double(kSize) / 2;
    const double counted = std::clamp((double(i) - first) / (last - first), 0.0, 1.0);
    EXPECT_NEAR(share, counted, 1e-9);
    expect_angle(rope, 90, i, plain(i) * (1 - share + share / kFactor),
                 0.1 * std::log(kFactor) + 1);
    ++(share <= 0 ? kept : share >= 1 ? slowed : between);
  }
  EXPECT_TRUE(kept > 0 && slowed > 0 && between > 0);
  EXPECT_EQ(rope.longest(), 0);
}

TEST_F(RopeAngles, YarnsMagnitudeIsGivenOrFollowsFromTheFactor) {
  const auto first_cosine = [&](const nlohmann::json& more) {
    nlohmann::json scaling = {
        {"rope_type", "yarn"}, {"factor", 8.0}, {"original_max_position_embeddings", 32}};
    scaling.update(more);
    Matrix<float> angles(1, kSize);
    const int32_t zero = 0;
    rope_of(scaling).angles({&zero, 1}, angles.view());
    return double(angles.row(0)[0]);
  };
  const double log = std::log(8.0);
  EXPECT_NEAR(first_cosine(nlohmann::json::object()), 0.1 * log + 1, 1e-6);
  EXPECT_NEAR(first_cosine({{"attention_factor", 1.7}}), 1.7, 1e-6);
  EXPECT_NEAR(first_cosine({{"mscale", 2.0}, {"mscale_all_dim", 0.5}}),
              (0.2 * log + 1) / (0.05 * log + 1), 1e-6);
}

TEST_F(RopeAngles, LongropeDividesEachPairUpToTheOriginalContext) {
  const std::vector<double> divisors{1, 1.5, 2, 3, 5, 8};
  const auto rope = rope_of({{"rope_type", "longrope"},
                             {"factor", 4.0},
                             {"short_factor", divisors},
                             {"long_factor", std::vector<double>(6, 9.0)},
                             {"original_max_position_embeddings", 64}});
  for (int64_t i = 0; i < kSize / 2; ++i) {
    expect_angle(rope, 60, i, plain(i) / divisors[size_t(i)],
                 std::sqrt(1 + std::log(4.0) / std::log(64.0)));
  }
  EXPECT_EQ(rope.longest(), 64);
}

TEST_F(RopeAngles, ARowDependsOnItsPositionAlone) {
  const auto rope = rope_of(nullptr);
  std::vector<int32_t> positions;
  for (int32_t i = 0; i < 300; ++i) positions.push_back((i * 37) % 100);
  Matrix<float> all(300, kSize), one(1, kSize);
  rope.angles(positions, all.view());
  for (int64_t i = 0; i < 300; ++i) {
    rope.angles({&positions[size_t(i)], 1}, one.view());
    EXPECT_EQ(std::memcmp(all.row(i), one.row(0), kSize * sizeof(float)), 0) << i;
  }
}

}  // namespace
}  // namespace relatum::testing
