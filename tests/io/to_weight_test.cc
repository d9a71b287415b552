// Tensors as weights: shapes, formats, and the whole of a real GGUF.
#include "io/to_weight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hash.h"
#include "io/samples.h"
#include "quant/format.h"
#include "support/shared.h"
#include "support/temporary.h"
#include "tensor/buffer.h"

namespace relatum::io {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

GgufTensor gguf_tensor(int type, std::vector<int64_t> shape) {
  return {"t", type, std::move(shape), 0, {}, nullptr, "tensor 't' of x.gguf"};
}

TEST(ToWeight, ShapesFollowTheFile) {
  const Weight matrix = to_weight(gguf_tensor(0, {32, 8}));
  EXPECT_EQ(matrix.rows, 8);
  EXPECT_EQ(matrix.cols, 32);
  EXPECT_EQ(to_weight(gguf_tensor(30, {32})).rows, 1);
  EXPECT_EQ(to_weight(gguf_tensor(8, {32, 8, 1, 1})).rows, 8);
  EXPECT_THAT(
      [] {
    to_weight(gguf_tensor(0, {32, 8, 2}));
      },
      ThrowsMessage<Error>(HasSubstr("at most two dimensions")));
  SafetensorsTensor scalar{"s", "F32", {}, {}, nullptr, "tensor 's' of x"};
  EXPECT_EQ(to_weight(scalar).size(), 1);
  SafetensorsTensor tall{"s", "BF16", {8, 32}, {}, nullptr, "tensor 's' of x"};
  EXPECT_EQ(to_weight(tall).rows, 8);
  EXPECT_EQ(to_weight(tall).format, "bf16");
}

TEST(ToWeight, UnreadableTypesAreNamedWithTheReadableOnes) {
  EXPECT_THAT([] { to_weight(gguf_tensor(22, {256})); },
              ThrowsMessage<Error>(AllOf(HasSubstr("tensor 't' of x.gguf"), HasSubstr("IQ2_S"),
                                         HasSubstr("q4_1"), HasSubstr("iq4_xs"))));
  for (const auto& [type, name] : {std::pair{34, "TQ1_0"}, {39, "MXFP4"}, {15, "Q8_K"}}) {
    EXPECT_THAT([&] { to_weight(gguf_tensor(type, {256})); },
                ThrowsMessage<Error>(HasSubstr(name)));
  }
  SafetensorsTensor ids{"ids", "I64", {4}, {}, nullptr, "tensor 'ids' of x"};
  EXPECT_THAT([&] { to_weight(ids); },
              ThrowsMessage<Error>(AllOf(HasSubstr("I64"), HasSubstr("bf16"))));
}

TEST(ToWeight, SampleValuesComeOut) {
  testing::TemporaryFolder folder;
  const auto file = GgufFile::open(testing::sample_gguf(folder / "x.gguf"));
  Matrix<float> row(1, 32);
  quant::decode_rows(to_weight(file.tensor("a")), 7, row.view());
  EXPECT_EQ(row.row(0)[31], 0.25f);
  const auto other = Safetensors::open(testing::sample_safetensors(folder / "x.safetensors"));
  Matrix<float> half(1, 5);
  quant::decode_rows(to_weight(other.tensor("half")), 0, half.view());
  EXPECT_EQ(half.row(0)[4], 1.0f);
}

TEST(SlowToWeight, RealModelDecodesAsTheReference) {
  const auto path = testing::model_file("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
  RELATUM_NEEDS(path);
  const auto file = GgufFile::open(*path);
  const auto facts = nlohmann::json::parse(
                         read_file(std::string(RELATUM_FIXTURES) + "/quant/facts.json"))
                         .at("smollm2");
  size_t compared = 0;
  for (const GgufTensor& tensor : file.tensors()) {
    const Weight weight = to_weight(tensor);
    Matrix<float> values(weight.rows, weight.cols);
    quant::decode_rows(weight, 0, values.view());
    for (int64_t i = 0; i < weight.size(); ++i) ASSERT_TRUE(std::isfinite(values.row(0)[i]));
    if (!facts.contains(tensor.name)) continue;
    ++compared;
    EXPECT_EQ(sha256({reinterpret_cast<std::byte*>(values.row(0)), size_t(weight.size()) * 4}),
              facts.at(tensor.name).get<std::string>())
        << tensor.name;
  }
  EXPECT_EQ(compared, facts.size());
  EXPECT_EQ(file.get_strings("tokenizer.ggml.tokens").size(), 49152u);
}

}  // namespace
}  // namespace relatum::io
