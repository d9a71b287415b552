// NF4 against bitsandbytes' bytes, and decoding from any place.
#include "quant/nf4.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/hash.h"
#include "base/parallel_for.h"
#include "quant/float_mean.h"
#include "quant/format.h"
#include "quant/values.h"
#include "tensor/buffer.h"

namespace relatum::quant {
namespace {

using testing::fixture_values;

std::string fixture(const std::string& name) {
  return read_file(std::string(RELATUM_FIXTURES) + "/quant/" + name);
}

nlohmann::json facts() { return nlohmann::json::parse(fixture("facts.json")).at("nf4"); }

template <class T>
std::string hash_of(const std::vector<T>& values) {
  return sha256(std::as_bytes(std::span(values)));
}

TEST(DynamicMap, EqualsBitsandbytes) {
  const std::string expected = fixture("dynamic_map.bin");
  ASSERT_EQ(expected.size(), sizeof dynamic_map());
  EXPECT_EQ(std::memcmp(expected.data(), dynamic_map().data(), expected.size()), 0);
}

class Nf4Fixture : public ::testing::Test {
 protected:
  void SetUp() override {
    total_ = facts().at("values").get<int64_t>();
    values_ = fixture_values(total_);
    data_.resize(Nf4Layout(total_).bytes);
    nf4_encode(values_.data(), total_, std::nullopt, data_.data());
  }
  static float offset_of(const std::vector<std::byte>& data, int64_t total) {
    float offset = 0;
    std::memcpy(&offset, data.data() + Nf4Layout(total).offset, sizeof offset);
    return offset;
  }
  int64_t total_ = 0;
  std::vector<float> values_;
  std::vector<std::byte> data_;
};

TEST_F(Nf4Fixture, CodesEqualBitsandbytes) {
  const std::string expected = fixture("nf4.bin");
  const Nf4Layout layout(total_);
  const size_t codes = layout.maxima, maxima = size_t(layout.blocks);
  ASSERT_EQ(expected.size(), codes + maxima + size_t(layout.groups) * sizeof(float));
  for (size_t i = 0; i < codes; ++i) ASSERT_EQ(uint8_t(expected[i]), uint8_t(data_[i])) << i;
  for (size_t i = codes; i < codes + maxima; ++i) {
    ASSERT_EQ(uint8_t(expected[i]), uint8_t(data_[i])) << "maximum " << i - codes;
  }
  EXPECT_EQ(std::memcmp(expected.data() + codes + maxima, data_.data() + layout.state,
                        size_t(layout.groups) * sizeof(float)),
            0);
}

TEST_F(Nf4Fixture, OffsetsEqualBitsandbytes) {
  EXPECT_EQ(offset_of(data_, total_), facts().at("offset").get<float>());
  const nlohmann::json offsets = facts().at("offsets");
  for (const auto& [key, offset] : offsets.items()) {
    const int64_t total = std::stoll(key);
    const auto values = fixture_values(total);
    std::vector<std::byte> data(Nf4Layout(total).bytes);
    nf4_encode(values.data(), total, std::nullopt, data.data());
    EXPECT_EQ(offset_of(data, total), offset.get<float>()) << key;
  }
}

// Sums that are exact however they are added up.
TEST(FloatMean, OfFewValues) {
  EXPECT_EQ(float_mean({}), 0.0f);
  std::vector<float> values;
  for (int i = 1; i <= 100; ++i) {
    values.push_back(float(i));
    EXPECT_EQ(float_mean(values), float(i + 1) / 2) << i;
  }
}

TEST_F(Nf4Fixture, ValuesEqualBitsandbytes) {
  std::vector<float> decoded(static_cast<size_t>(total_));
  format("nf4").decode(data_, total_, 0, total_, decoded.data());
  EXPECT_EQ(hash_of(decoded), facts().at("decoded").get<std::string>());
  std::vector<bf16> rounded(static_cast<size_t>(total_));
  format("nf4").decode_bf16(data_, total_, 0, total_, rounded.data());
  EXPECT_EQ(hash_of(rounded), facts().at("decoded_bf16").get<std::string>());
}

TEST_F(Nf4Fixture, EveryRangeIsAPartOfTheWhole) {
  std::vector<float> whole(static_cast<size_t>(total_)), part(200);
  format("nf4").decode(data_, total_, 0, total_, whole.data());
  for (int64_t begin = 0; begin < 130; ++begin) {
    for (int64_t count = 0; count <= 131; count += 1 + count / 3) {
      part.assign(part.size(), -7.0f);
      format("nf4").decode(data_, total_, begin, count, part.data());
      for (int64_t i = 0; i < count; ++i) ASSERT_EQ(part[size_t(i)], whole[size_t(begin + i)]);
      ASSERT_EQ(part[size_t(count)], -7.0f) << "wrote behind the range";
    }
  }
}

TEST_F(Nf4Fixture, EveryRangeInBf16IsTheFloatsRounded) {
  // Largest values of a damaged file, too: the second group's are not finite.
  const float infinite = std::numeric_limits<float>::infinity();
  std::memcpy(data_.data() + Nf4Layout(total_).state + sizeof(float), &infinite, sizeof infinite);
  const int64_t late = kNf4Block * kNf4StateBlock - 90;
  std::vector<float> wide(300);
  std::vector<bf16> part(300);
  for (const int64_t start : {int64_t{0}, late}) {
    for (int64_t begin = start; begin < std::min(start + 70, total_ - 200); ++begin) {
      for (int64_t count = 0; count <= 197; count += 1 + count / 3) {
        std::fill(part.begin(), part.end(), bf16{0x1234});
        format("nf4").decode(data_, total_, begin, count, wide.data());
        format("nf4").decode_bf16(data_, total_, begin, count, part.data());
        for (int64_t i = 0; i < count; ++i) {
          ASSERT_EQ(part[size_t(i)].bits, to_bf16(wide[size_t(i)]).bits) << begin << ' ' << i;
        }
        ASSERT_EQ(part[size_t(count)].bits, 0x1234) << "wrote behind the range";
      }
    }
  }
}

TEST(Nf4, EveryTotalDecodesWithinItsStep) {
  for (int64_t total : {0, 1, 2, 3, 63, 64, 65, 127, 128, 129, 16383, 16384, 16385}) {
    const auto values = fixture_values(total);
    std::vector<std::byte> data(Nf4Layout(total).bytes);
    nf4_encode(values.data(), total, std::nullopt, data.data());
    std::vector<float> decoded(size_t(total) + 1);
    format("nf4").decode(data, total, 0, total, decoded.data());
    for (int64_t i = 0; i < total; ++i) {
      const int64_t first = i / 64 * 64, last = std::min(total, first + 64);
      float largest = 0;
      for (int64_t j = first; j < last; ++j) {
        largest = std::max(largest, std::abs(values[size_t(j)]));
      }
      // Half of NF4's widest gap (-1 to -0.696), and the 8-bit map's error of the maximum: half
      // its widest gap (0.0141) times the group's spread, below 1 here, and the grid's step.
      const float bound = largest * 0.1520f + 0.0071f + 1.0f / 32767;
      ASSERT_NEAR(decoded[size_t(i)], values[size_t(i)], bound) << total << " " << i;
    }
  }
}

TEST(Nf4, ThreadsChangeNothing) {
  const auto values = fixture_values(64 * 300);
  std::vector<std::byte> one(Nf4Layout(64 * 300).bytes), two(one.size());
  const int threads = thread_count();
  set_thread_count(1);
  nf4_encode(values.data(), 64 * 300, std::nullopt, one.data());
  set_thread_count(2);
  nf4_encode(values.data(), 64 * 300, std::nullopt, two.data());
  set_thread_count(threads);
  EXPECT_EQ(one, two);
}

TEST(Nf4, NonFiniteValuesDoNoHarm) {
  std::vector<float> values(130, 0.5f);
  values[3] = INFINITY;
  values[70] = NAN;
  std::vector<std::byte> data(Nf4Layout(130).bytes);
  nf4_encode(values.data(), 130, std::nullopt, data.data());
  std::vector<float> decoded(130);
  format("nf4").decode(data, 130, 0, 130, decoded.data());
}

}  // namespace
}  // namespace relatum::quant
