// Which format each tensor gets: heads, biases by distance, rows that do not fit.
#include "jobs/quantize_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace relatum::jobs {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

arch::FormTensor tensor(const std::string& name, std::vector<int64_t> shape,
                        const std::string& format = "bf16") {
  const int64_t rows = shape.size() > 1 ? shape[1] : 1;
  return {name, Weight{name, format, rows, shape[0], {}, nullptr}, shape};
}

struct Plan {
  std::map<std::string, std::string> formats;
  std::vector<std::string> notes;
};

Plan plan(std::vector<arch::FormTensor> tensors, const std::string& format,
          bool from_gguf = false) {
  arch::GgufForm form;
  form.tensors = std::move(tensors);
  const QuantizePlan made = plan_formats(form, format, from_gguf);
  EXPECT_EQ(made.formats.size(), form.tensors.size());
  Plan result{.formats = {}, .notes = made.notes};
  for (size_t i = 0; i < form.tensors.size(); ++i) {
    result.formats[form.tensors[i].name] = made.formats[i]->name;
  }
  return result;
}

TEST(QuantizePlan, TheHeadIsKeptInSixBitsWhereTheRestHasFour) {
  const std::vector tensors = {
      tensor("token_embd.weight", {512, 1000}), tensor("blk.0.attn_q.weight", {512, 512}),
      tensor("output_norm.weight", {512}), tensor("output.weight", {512, 1000})};
  for (const std::string format : {"q4_k", "q4_0"}) {
    const Plan made = plan(tensors, format);
    EXPECT_EQ(made.formats.at("output.weight"), "q6_k");
    EXPECT_EQ(made.formats.at("token_embd.weight"), format);
    EXPECT_EQ(made.formats.at("blk.0.attn_q.weight"), format);
    EXPECT_EQ(made.formats.at("output_norm.weight"), "f32");
    EXPECT_THAT(made.notes, ElementsAre("output.weight is kept in q6_k, as it is the head"));
  }
  for (const std::string format : {"q8_0", "q6_k", "bf16", "f16", "f32"}) {
    const Plan made = plan(tensors, format);
    EXPECT_EQ(made.formats.at("output.weight"), format);
    EXPECT_THAT(made.notes, IsEmpty());
  }
}

TEST(QuantizePlan, AnEmbeddingThatIsTheHeadIsKeptLikeOne) {
  const Plan made = plan(
      {tensor("token_embd.weight", {512, 1000}), tensor("blk.0.attn_q.weight", {512, 512})},
      "q4_k");
  EXPECT_EQ(made.formats.at("token_embd.weight"), "q6_k");
  EXPECT_EQ(made.formats.at("blk.0.attn_q.weight"), "q4_k");
  EXPECT_THAT(made.notes, ElementsAre("token_embd.weight is kept in q6_k, as it is the head"));
}

// Added to attention's scores, where an error weighs more than in a product; few values anyway.
TEST(QuantizePlan, BiasesByDistanceAreNotRounded) {
  const std::string bias = "enc.blk.0.attn_rel_b.weight";
  const std::vector tensors = {tensor("token_embd.weight", {512, 1000}),
                               tensor(bias, {64, 32}, "f16")};
  EXPECT_EQ(plan(tensors, "q4_0").formats.at(bias), "f32");
  // In a GGUF file they stay what they are.
  EXPECT_EQ(plan(tensors, "q4_0", true).formats.at(bias), "f16");
}

// A row of 96 holds blocks of 32, one of 80 none; the head's own format gives way, too.
TEST(QuantizePlan, RowsThatDoNotFitGetAnotherFormat) {
  const Plan made = plan({tensor("token_embd.weight", {96, 1000}), tensor("a.weight", {96, 80}),
                          tensor("b.weight", {80, 96})},
                         "q4_k");
  EXPECT_EQ(made.formats.at("token_embd.weight"), "q8_0");
  EXPECT_EQ(made.formats.at("a.weight"), "q5_0");
  EXPECT_EQ(made.formats.at("b.weight"), "f16");
  EXPECT_THAT(made.notes,
              Contains("1 tensor with rows of 80 values: f16 instead of q4_k, whose blocks have "
                       "256"));
}

// What is only read cannot be written again with other values.
TEST(QuantizePlan, FormatsAreKeptWhereTheyCanBe) {
  arch::GgufForm form;
  form.tensors = {tensor("a.weight", {256, 4}, "q3_k"), tensor("b.weight", {256, 4}, "q3_k"),
                  tensor("c.weight", {32, 4}, "iq4_nl"), tensor("d.weight", {256, 4}, "q5_k"),
                  tensor("e_norm.weight", {256}, "f32")};
  const QuantizePlan made = keep_formats(form, 11, [](const arch::FormTensor& each) {
    return each.name != "b.weight" && each.name != "e_norm.weight";
  });
  std::vector<std::string> names;
  for (const quant::Format* format : made.formats) names.emplace_back(format->name);
  EXPECT_THAT(names, ElementsAre("q4_k", "q3_k", "q5_0", "q5_k", "f32"));
  EXPECT_EQ(made.file_type, 11);
  EXPECT_THAT(made.notes,
              ElementsAre("each tensor keeps the base's number format: 1 in f32, 1 in q3_k, 1 in "
                          "q4_k, 1 in q5_0, 1 in q5_k",
                          "1 tensor: q5_0 instead of iq4_nl, which is only read",
                          "1 tensor: q4_k instead of q3_k, which is only read"));
}

}  // namespace
}  // namespace relatum::jobs
