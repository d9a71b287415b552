// Every format of the registry: sizes, round trips, rows; and ggml's bytes.
#include "quant/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/parallel_for.h"
#include "quant/values.h"
#include "tensor/buffer.h"

namespace relatum::quant {
namespace {

using ::testing::AllOf;
using testing::fixture_values;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr int64_t kRows = 7, kCols = 768;

std::string fixture(const std::string& name) {
  return read_file(std::string(RELATUM_FIXTURES) + "/quant/" + name);
}

MatView<const float> view(const std::vector<float>& values, int64_t rows, int64_t cols) {
  return {values.data(), rows, cols};
}

// What encode() makes of values; for formats that are only read, the fixture's bytes.
Weight stored(const Format& format, MatView<const float> values) {
  if (format.encode) return encode(format.name, "w", values);
  const std::string bytes = fixture(std::string(format.name) + "_stored.bin");
  const auto buffer = std::make_shared<Buffer>(bytes.size());
  std::memcpy(buffer->data(), bytes.data(), bytes.size());
  return {"w",         std::string(format.name),         values.rows,
          values.cols, {buffer->data(), buffer->size()}, buffer};
}

class EveryFormat : public ::testing::TestWithParam<const Format*> {
 protected:
  const Format& format_ = *GetParam();
  std::vector<float> values_ = fixture_values(kRows * kCols);
  Weight weight_ = stored(format_, view(values_, kRows, kCols));
};

INSTANTIATE_TEST_SUITE_P(Registry, EveryFormat,
                         ::testing::ValuesIn(formats().begin(), formats().end()),
                         [](const auto& which) { return std::string(which.param->name); });

TEST_P(EveryFormat, IsFoundByItsNames) {
  EXPECT_EQ(&format(format_.name), &format_);
  if (format_.gguf_type >= 0) {
    EXPECT_EQ(find_gguf_type(format_.gguf_type), &format_);
  }
  if (!format_.safetensors_type.empty()) {
    EXPECT_EQ(find_safetensors_type(format_.safetensors_type), &format_);
  }
}

TEST_P(EveryFormat, BitsTellTheSize) {
  const int64_t total = 64 * 256 * 1000;
  EXPECT_NEAR(double(format_.bytes(total)) * 8 / double(total), format_.bits, 0.001);
  EXPECT_EQ(weight_.data.size(), format_.bytes(kRows * kCols));
}

TEST_P(EveryFormat, EncodingDecodedValuesLosesNothingMore) {
  // nf4's coded maxima have another mean, and the search of q4_k and q6_k finds other scales.
  static const std::set<std::string_view> searched = {"nf4", "q4_k", "q5_k", "q6_k"};
  if (!format_.encode || searched.contains(format_.name)) return;
  Matrix<float> once(kRows, kCols), twice(kRows, kCols);
  decode_rows(weight_, 0, once.view());
  const Weight again = encode(format_.name, "w", once.view());
  decode_rows(again, 0, twice.view());
  for (int64_t i = 0; i < kRows * kCols; ++i) {
    // A block's scale is a half: it moves by at most its rounding, 2^-11 of the largest code.
    ASSERT_NEAR(once.row(0)[i], twice.row(0)[i], std::abs(once.row(0)[i]) * 0x1p-10);
  }
}

TEST_P(EveryFormat, StaysWithinItsStep) {
  if (!format_.encode) return;
  Matrix<float> decoded(kRows, kCols);
  decode_rows(weight_, 0, decoded.view());
  for (int64_t i = 0; i < kRows * kCols; ++i) {
    // Scales of a super-block are rounded to what its largest one allows.
    const int64_t block = std::max<int64_t>(format_.block, 32);
    float largest = 0;
    for (int64_t j = i / block * block; j < (i / block + 1) * block; ++j) {
      largest = std::max(largest, std::abs(values_[size_t(j)]));
    }
    // Steps relative to the block's largest magnitude, half a step of error plus the half-precision
    // scale's 2^-11 (and the minimum's, for q4_1, whose step is a fifteenth of up to twice that).
    // The positive ends of q4_0 and q5_0 are one code short: a whole step there. The search of q4_k
    // and q5_k may cut ends off, where it loses at most a step of its widest trial (a 14th or 30th
    // of twice the largest); that of q6_k loses one at its short end, and one by cutting. nf4 has
    // its own test.
    const std::map<std::string_view, double> bounds = {{"f32", 0},
                                                       {"f16", 0x1p-11},
                                                       {"bf16", 0x1p-8},
                                                       {"q8_0", 0.5 / 127 + 0x1p-11},
                                                       {"q4_0", 1.0 / 8 + 0x1p-11},
                                                       {"q4_1", 1.0 / 15 + 3 * 0x1p-11},
                                                       {"q5_0", 1.0 / 16 + 0x1p-11},
                                                       {"q5_1", 1.0 / 31 + 3 * 0x1p-11},
                                                       {"q4_k", 1.0 / 7},
                                                       {"q5_k", 1.0 / 15},
                                                       {"q6_k", 2.0 / 31},
                                                       // Half of the widest gap of NF4's values.
                                                       {"map4", 0.1520},
                                                       {"nf4", 1}};
    const double bound = bounds.at(format_.name) * largest;
    ASSERT_LE(std::abs(double(decoded.row(0)[i]) - values_[size_t(i)]), bound) << i;
  }
}

TEST_P(EveryFormat, RowsAndRoundingAreTheSameByAnyWay) {
  Matrix<float> whole(kRows, kCols), some(3, kCols);
  decode_rows(weight_, 0, whole.view());
  decode_rows(weight_, 2, some.view());
  EXPECT_EQ(std::memcmp(some.row(0), whole.row(2), 3 * kCols * sizeof(float)), 0);
  Matrix<bf16> wide(kRows, 2 * kCols);
  wide.zero();
  decode_rows(weight_, 0, MatView<bf16>(wide.row(0), kRows, kCols, 2 * kCols));
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t c = 0; c < kCols; ++c) {
      ASSERT_EQ(wide.row(r)[c].bits, to_bf16(whole.row(r)[c]).bits);
      ASSERT_EQ(wide.row(r)[kCols + c].bits, 0) << "wrote behind the row";
    }
  }
}

// Longer than what is asked for at once.
TEST_P(EveryFormat, ValuesInPartsAreTheSameBytes) {
  if (!format_.encode) return;  // read only
  const int64_t rows = 1030, cols = 1024;
  const auto values = fixture_values(rows * cols);
  std::vector<std::byte> whole(format_.bytes(rows * cols));
  format_.encode(values.data(), rows * cols, whole.data());
  const Weight parts = encode(format_.name, "w", rows, cols,
                              [&](int64_t begin, int64_t count, float* out) {
    EXPECT_EQ(begin % 256, 0);
    std::copy_n(values.data() + begin, count, out);
  });
  ASSERT_EQ(parts.data.size(), whole.size());
  EXPECT_EQ(std::memcmp(parts.data.data(), whole.data(), whole.size()), 0);
}

TEST_P(EveryFormat, ThreadsAndStridesChangeNothing) {
  if (!format_.encode) return;
  const int64_t rows = 300;
  const auto values = fixture_values(rows * kCols);
  std::vector<float> wide(size_t(rows * (kCols + 5)));
  for (int64_t r = 0; r < rows; ++r) {
    std::copy_n(values.data() + r * kCols, kCols, wide.data() + r * (kCols + 5));
  }
  const int threads = thread_count();
  Matrix<float> one(rows, kCols), two(rows, kCols);
  set_thread_count(1);
  const Weight single = encode(format_.name, "w", view(values, rows, kCols));
  decode_rows(single, 0, one.view());
  set_thread_count(2);
  const Weight twin = encode(format_.name, "w", {wide.data(), rows, kCols, kCols + 5});
  decode_rows(twin, 0, two.view());
  set_thread_count(threads);
  EXPECT_TRUE(std::ranges::equal(single.data, twin.data));
  EXPECT_EQ(std::memcmp(one.row(0), two.row(0), size_t(rows * kCols) * sizeof(float)), 0);
}

TEST_P(EveryFormat, ReadsUnalignedBytes) {
  std::vector<std::byte> shifted(weight_.data.size() + 1);
  std::copy(weight_.data.begin(), weight_.data.end(), shifted.begin() + 1);
  Weight odd = weight_;
  odd.data = std::span(shifted).subspan(1);
  Matrix<float> expected(kRows, kCols), got(kRows, kCols);
  decode_rows(weight_, 0, expected.view());
  decode_rows(odd, 0, got.view());
  EXPECT_EQ(std::memcmp(expected.row(0), got.row(0), kRows * kCols * sizeof(float)), 0);
}

class GgmlFormat : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Blocks, GgmlFormat,
                         ::testing::Values("q4_0", "q4_1", "q5_0", "q5_1", "q8_0"));

TEST_P(GgmlFormat, BytesAndValuesEqualTheReference) {
  const std::string name = GetParam();
  const auto facts = nlohmann::json::parse(fixture("facts.json")).at(name);
  const auto count = facts.at("values").get<int64_t>();
  const auto values = fixture_values(count);
  const Weight weight = encode(name, "w", view(values, count / 64, 64));
  const std::string expected = fixture(name + ".bin");
  ASSERT_EQ(weight.data.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(uint8_t(weight.data[i]), uint8_t(expected[i])) << "byte " << i;
  }
  Matrix<float> decoded(count / 64, 64);
  decode_rows(weight, 0, decoded.view());
  EXPECT_EQ(sha256({reinterpret_cast<std::byte*>(decoded.row(0)), size_t(count) * 4}),
            facts.at("decoded").get<std::string>());
}

class StoredFormat : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Blocks, StoredFormat,
                         ::testing::Values("q5_0", "q5_1", "q2_k", "q3_k", "q4_k", "q5_k", "q6_k",
                                           "iq4_nl", "iq4_xs"));

// Random bytes: every code, scale and minimum that a block can have.
TEST_P(StoredFormat, DecodesAsTheReference) {
  const std::string name = GetParam(), bytes = fixture(name + "_stored.bin");
  const Weight weight{
      "w", name, kRows, kCols, std::as_bytes(std::span(bytes.data(), bytes.size())), nullptr};
  ASSERT_EQ(bytes.size(), format(name).bytes(weight.size()));
  Matrix<float> decoded(kRows, kCols);
  decode_rows(weight, 0, decoded.view());
  const auto facts = nlohmann::json::parse(fixture("facts.json")).at(name);
  EXPECT_EQ(sha256({reinterpret_cast<std::byte*>(decoded.row(0)), size_t(kRows * kCols) * 4}),
            facts.at("stored").get<std::string>());
}

// The search for scales loses no more than llama.cpp's.
TEST(Format, SearchedScalesAreAsGoodAsLlamaCpps) {
  const auto values = fixture_values(kRows * kCols);
  for (const std::string name : {"q4_k", "q5_k", "q6_k"}) {
    Matrix<float> decoded(kRows, kCols);
    decode_rows(encode(name, "w", view(values, kRows, kCols)), 0, decoded.view());
    double lost = 0, all = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const double value = values[i], error = double(decoded.row(0)[i]) - value;
      lost += error * error;
      all += value * value;
    }
    const auto facts = nlohmann::json::parse(fixture("facts.json")).at(name);
    EXPECT_LE(lost / all, facts.at("lost_by_llama_cpp").get<double>()) << name;
  }
}

// What they become themselves is not told (quantize refuses them); it does not reach other blocks.
TEST(Format, ValuesThatAreNotFiniteHarmNoOtherBlock) {
  for (const Format* format : formats()) {
    if (!format->encode || format->name == "nf4") continue;  // its maxima share a mean
    std::vector<float> values(1024, 0.0f);
    values[300] = std::numeric_limits<float>::quiet_NaN();
    values[600] = std::numeric_limits<float>::infinity();
    values[601] = -std::numeric_limits<float>::infinity();
    Matrix<float> decoded(1, 1024);
    decode_rows(encode(format->name, "w", view(values, 1, 1024)), 0, decoded.view());
    // The largest blocks have 256 values: those of the first and last quarter hold zeros alone.
    for (int64_t i = 0; i < 256; ++i) {
      ASSERT_EQ(decoded.row(0)[i], 0.0f) << format->name;
      ASSERT_EQ(decoded.row(0)[1023 - i], 0.0f) << format->name;
    }
  }
}

TEST(Format, SixteenBitBytesEqualTheReference) {
  for (const std::string name : {"f16", "bf16"}) {
    const auto facts = nlohmann::json::parse(fixture("facts.json")).at(name);
    const auto count = facts.at("values").get<int64_t>();
    const Weight weight = encode(name, "w", view(fixture_values(count), count / 64, 64));
    EXPECT_EQ(sha256(weight.data), facts.at("encoded").get<std::string>()) << name;
  }
}

TEST(Format, UnknownNamesAreListed) {
  EXPECT_THAT([] { format("iq2_s"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("number format 'iq2_s' is unknown."),
                                         HasSubstr("Use bf16, f16, f32, "))));
  EXPECT_EQ(find_gguf_type(-1), nullptr);
  EXPECT_EQ(find_safetensors_type(""), nullptr);
}

TEST(Format, RowsMustFitTheBlocks) {
  const std::vector<float> values(2 * 33);
  EXPECT_THAT([&] { encode("q4_0", "odd", view(values, 2, 33)); },
              ThrowsMessage<Error>(HasSubstr("rows of 33 values don't fit q4_0")));
}

}  // namespace
}  // namespace relatum::quant
