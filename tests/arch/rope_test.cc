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
  static void expect_angle(const arch::Rope& rope, int64_t position, int64_t i, double frequency) {
    Matrix<float> angles(1, kSize);
    const auto at = int32_t(position);
    rope.angles({&at, 1}, angles.view());
    const double angle = double(position) * frequency, bound = rounding_bound(4) * (1 + angle);
    EXPECT_NEAR(double(angles.row(0)[i]), std::cos(angle), bound) << position << " " << i;
    EXPECT_NEAR(double(angles.row(0)[kSize / 2 + i]), std::sin(angle), bound);
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
