// Which linears PEFT's configurations adapt, and by how much; the expectations are PEFT 0.21.2's.
#include "train/peft_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "support/error_of.h"

namespace relatum::train {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<std::string> kLinears = {
    "model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj",
    "model.layers.0.mlp.down_proj",    "model.layers.1.self_attn.q_proj",
    "model.layers.1.self_attn.v_proj", "model.layers.1.mlp.down_proj"};

PeftConfig read(const json& changes) {
  json config = {
      {"peft_type", "LORA"}, {"r", 4}, {"lora_alpha", 8}, {"target_modules", {"q_proj", "v_proj"}}};
  if (changes.is_object()) config.update(changes);
  return read_peft_config(config, kLinears, "adapter_config.json");
}

/// Layer and last part of each adapted linear, e.g. "0q 1down".
std::string chosen(const json& changes) {
  std::string text;
  for (const std::string& name : read(changes).adapter.targets) {
    const std::string part = name.substr(name.rfind('.') + 1);
    text += (text.empty() ? "" : " ") + name.substr(13, 1) + part.substr(0, part.find('_'));
  }
  return text;
}

std::string error(const json& changes) {
  return testing::error_of([&] { read(changes); });
}

TEST(PeftTargets, AListHoldsNamesOrTheirEnds) {
  EXPECT_EQ(chosen({}), "0q 0v 1q 1v");
  EXPECT_EQ(chosen({{"target_modules", {"mlp.down_proj", kLinears[3]}}}), "0down 1q 1down");
  EXPECT_EQ(chosen({{"target_modules", {"q_proj", "no_such", "lm_head"}}}), "0q 1q");
  EXPECT_THAT(error({{"target_modules", {"proj"}}}), HasSubstr("(proj) names no linear"));
  EXPECT_THAT(error({{"target_modules", json::array()}}), HasSubstr("names no linear"));
  EXPECT_THAT(error({{"target_modules", {".*q_proj"}}}), HasSubstr("names no linear"));
  EXPECT_THAT(error({{"target_modules", 3}}), HasSubstr("target_modules"));
}

TEST(PeftTargets, AStringIsAnExpressionForTheWholeName) {
  EXPECT_EQ(chosen({{"target_modules", R"(.*\.(q|v)_proj)"}}), "0q 0v 1q 1v");
  EXPECT_EQ(chosen({{"target_modules", R"(.*\.1\.(?P<a_part>self_attn|mlp)\.[qd]\w+)"}}),
            "1q 1down");
  EXPECT_EQ(chosen({{"target_modules", R"(model\.layers\.[[0]\.mlp\.down_proj)"}}), "0down");
  EXPECT_EQ(chosen({{"target_modules", "all-linear"}}), "0q 0v 0down 1q 1v 1down");
  EXPECT_EQ(chosen({{"target_modules", "ALL-Linear"}}), "0q 0v 0down 1q 1v 1down");
  EXPECT_THAT(error({{"target_modules", "q_proj"}}), HasSubstr("(q_proj) names no linear"));
  EXPECT_THAT(error({{"target_modules", R"(.*\.q)"}}), HasSubstr("names no linear"));
}

TEST(PeftTargets, BrokenAndHostileExpressionsAreNamed) {
  EXPECT_THAT(error({{"target_modules", "(open"}}),
              AllOf(HasSubstr("'target_modules'"), HasSubstr("'(open'"), HasSubstr("read")));
  EXPECT_THAT(error({{"target_modules", "(?P<x>a)(?P=x)"}}), HasSubstr("not supported"));
  EXPECT_THAT(error({{"target_modules", "((.*)*)*!"}}), HasSubstr("gives up"));
}

TEST(PeftTargets, ExclusionsTakeAway) {
  EXPECT_EQ(chosen({{"exclude_modules", {"v_proj"}}}), "0q 1q");
  EXPECT_EQ(chosen({{"exclude_modules", R"(.*\.1\..*)"}}), "0q 0v");
  EXPECT_EQ(chosen({{"target_modules", "all-linear"}, {"exclude_modules", {"mlp.down_proj"}}}),
            "0q 0v 1q 1v");
  EXPECT_EQ(chosen({{"exclude_modules", nullptr}}), "0q 0v 1q 1v");
  EXPECT_THAT(error({{"exclude_modules", {"q_proj", "v_proj"}}}), HasSubstr("exclude_modules"));
  EXPECT_THAT(error({{"exclude_modules", 5}}), HasSubstr("exclude_modules"));
  EXPECT_EQ(chosen({{"modules_to_save", {"layers.1"}}}), "0q 0v");
}

TEST(PeftTargets, LayersNarrowAListOfEnds) {
  EXPECT_EQ(chosen({{"layers_to_transform", {1}}}), "1q 1v");
  EXPECT_EQ(chosen({{"layers_to_transform", 0}}), "0q 0v");
  EXPECT_EQ(chosen({{"layers_to_transform", {1}}, {"layers_pattern", "layers"}}), "1q 1v");
  EXPECT_EQ(chosen({{"layers_to_transform", {0}}, {"layers_pattern", {"h", "layers"}}}), "0q 0v");
  // A whole name is taken whatever its layer.
  EXPECT_EQ(chosen({{"target_modules", {kLinears[0], "v_proj"}}, {"layers_to_transform", {1}}}),
            "0q 1v");
  EXPECT_THAT(error({{"layers_to_transform", {7}}}), HasSubstr("names no linear"));
  EXPECT_THAT(error({{"layers_pattern", "layers"}}), HasSubstr("layers_pattern"));
  EXPECT_THAT(error({{"layers_to_transform", {1}}, {"target_modules", ".*q_proj"}}),
              HasSubstr("layers_to_transform"));
}

TEST(PeftPatterns, GiveLinearsRanksAndAlphasOfTheirOwn) {
  const auto own = [](const json& changes) { return read(changes).adapter.own; };
  EXPECT_THAT(own({{"rank_pattern", {{"no_such", 64}}}}), IsEmpty());
  EXPECT_THAT(own({{"rank_pattern", {{"q_proj", 4}}}, {"alpha_pattern", {{"v_proj", 8}}}}),
              IsEmpty());
  const auto both = own({{"rank_pattern", {{R"(1\.self_attn\.q_proj)", 2}}},
                         {"alpha_pattern", {{"q_proj", 16}, {"q_pro", 99}}}});
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both.at(kLinears[0]).rank, 4);
  EXPECT_EQ(both.at(kLinears[0]).alpha, 16);
  EXPECT_EQ(both.at(kLinears[3]).rank, 2);
  EXPECT_EQ(both.at(kLinears[3]).alpha, 16);
  EXPECT_THAT(error({{"rank_pattern", {{"(", 2}}}}), HasSubstr("rank_pattern"));
  EXPECT_THAT(error({{"alpha_pattern", {{"q_proj", "x"}}}}), HasSubstr("alpha_pattern"));
  EXPECT_THAT(error({{"rank_pattern", {5}}}), HasSubstr("rank_pattern"));
}

}  // namespace
}  // namespace relatum::train
