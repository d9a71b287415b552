// Which linears PEFT's configurations adapt, and by how much; the expectations are PEFT 0.21.2's.
#include "train/peft_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
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
  EXPECT_THAT(error({{"layers_to_transform", {1}}, {"target_modules", "all-linear"}}),
              HasSubstr("layers_to_transform"));
  EXPECT_THAT(error({{"target_modules", nullptr}}), HasSubstr("'target_modules' is null"));
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
  EXPECT_THAT(error({{"rank_pattern", {{"q_proj", 2.5}}}}),
              AllOf(HasSubstr("adapter_config.json"), HasSubstr("rank_pattern"), HasSubstr("2.5")));
  EXPECT_THAT(error({{"r", 0}}), AllOf(HasSubstr("'r' is 0"), HasSubstr("4096")));
  EXPECT_THAT(error({{"r", int64_t{1} << 40}}), HasSubstr("adapter_config.json: 'r'"));
  EXPECT_THAT(error({{"lora_alpha", 1e308}}), HasSubstr("adapter_config.json: 'lora_alpha'"));
  EXPECT_THAT(error({{"alpha_pattern", {{"q_proj", 1e39}}}}), HasSubstr("alpha_pattern"));
}

TEST(PeftPatterns, TheFirstKeyOfTheFileCounts) {
  const std::string text = R"({"peft_type": "LORA", "r": 4, "lora_alpha": 8,
    "target_modules": ["q_proj"], "rank_pattern": {"1.*q_proj": 2},
    "alpha_pattern": {"self_attn.*": 3, "layers.0.self_attn.q_proj": 200}})";
  const json config = json::parse(text);
  const PatternOrder order{io::keys_in_order(text, "rank_pattern"),
                           io::keys_in_order(text, "alpha_pattern")};
  EXPECT_EQ(order.alphas, (std::vector<std::string>{"self_attn.*", "layers.0.self_attn.q_proj"}));
  EXPECT_THAT(io::keys_in_order(text, "target_modules"), IsEmpty());
  const auto alpha = [](const PeftConfig& read) { return read.adapter.own.at(kLinears[0]).alpha; };
  EXPECT_EQ(alpha(read_peft_config(config, kLinears, "", order)), 3);
  EXPECT_EQ(alpha(read_peft_config(config, kLinears, "")), 200);  // by name
}

TEST(PeftConfigs, AnEmptyObjectOfAnotherKindIsNotNothing) {
  EXPECT_THAT(error({{"kasa_config", json::object()}}), HasSubstr("'kasa_config' is set"));
  EXPECT_THAT(error({{"use_bdlora", json::object()}}), HasSubstr("'use_bdlora' is set"));
  EXPECT_EQ(chosen({{"megatron_config", json::object()},
                    {"layer_replication", json::array()},
                    {"target_parameters", json::array()},
                    {"alora_invocation_tokens", json::array()}}),
            "0q 0v 1q 1v");
}

}  // namespace
}  // namespace relatum::train
