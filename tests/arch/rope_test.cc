// Angles of rotary positions: plain, scaled linearly, and as Llama 3.1 does.
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

class Rope : public ::testing::Test {
 protected:
  arch::RopeTable table(const nlohmann::json& scaling) {
    nlohmann::json config = io::load_json(fixture("llama/untied/config.json"));
    config["rope_scaling"] = scaling;
    config["rope_theta"] = kTheta;
    write_file(folder_ / "config.json", config.dump());
    std::filesystem::copy_file(fixture("llama/untied/model.safetensors"),
                               folder_ / "model.safetensors",
                               std::filesystem::copy_options::skip_existing);
    return arch::RopeTable(arch::ModelFiles::open(folder_.path()), kSize);
  }
  static double plain(int64_t i) { return std::pow(kTheta, -2.0 * double(i) / double(kSize)); }
  // A frequency is rounded once, the angle twice more; then cosine or sine once.
  static void expect_angle(const arch::RopeTable& rope, int64_t position, int64_t i,
                           double frequency) {
    const auto table = rope.until(position);
    const double angle = double(position) * frequency, bound = rounding_bound(4) * (1 + angle);
    EXPECT_NEAR(double(table.row(position)[i]), std::cos(angle), bound) << position << " " << i;
    EXPECT_NEAR(double(table.row(position)[kSize / 2 + i]), std::sin(angle), bound);
  }
  TemporaryFolder folder_;
};

TEST_F(Rope, WithoutScaling) {
  const auto rope = table(nullptr);
  for (const int64_t position : {0, 1, 2, 511, 512, 3000}) {
    for (int64_t i = 0; i < kSize / 2; ++i) expect_angle(rope, position, i, plain(i));
  }
}

TEST_F(Rope, LinearScalingSlowsAllAngles) {
  for (const char* key : {"type", "rope_type"}) {
    const auto rope = table({{key, "linear"}, {"factor", 4.0}});
    for (int64_t i = 0; i < kSize / 2; ++i) expect_angle(rope, 700, i, plain(i) / 4);
  }
}

TEST_F(Rope, Llama3SlowsLongWavesAndKeepsShortOnes) {
  constexpr double kFactor = 8, kLow = 1, kHigh = 4, kContext = 64;
  const auto rope = table({{"rope_type", "llama3"}, {"factor", kFactor},
                           {"low_freq_factor", kLow}, {"high_freq_factor", kHigh},
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

TEST_F(Rope, TheTableGrowsAndKeepsItsValues) {
  const auto rope = table(nullptr);
  const auto few = rope.until(3);
  const std::vector<float> before(few.row(3), few.row(3) + kSize);
  const auto many = rope.until(5000);
  EXPECT_GT(many.rows, 5000);
  EXPECT_EQ(before, std::vector<float>(many.row(3), many.row(3) + kSize));
}

}  // namespace
}  // namespace relatum::testing
