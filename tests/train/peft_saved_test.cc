// What an adapter's files hold beside pairs: magnitudes, head and embeddings, rows of them.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "support/peft_files.h"
#include "support/shows.h"

namespace relatum::testing {
namespace {

/// The tied model's embedding, as an adapter's file may hold it.
class PeftEmbedding : public Peft {
 protected:
  void add(const std::string& name, const std::function<void(std::vector<float>&)>& change,
           int64_t rows = 128) {
    const auto base = io::Safetensors::open(fixture("llama/tied/model.safetensors"));
    const auto& own = base.tensor("model.embed_tokens.weight");
    ASSERT_EQ(own.dtype, "F32");
    values_.resize(own.bytes.size() / sizeof(float));
    std::memcpy(values_.data(), own.bytes.data(), own.bytes.size());
    values_.resize(size_t(rows * own.shape[1]), 0.5f);
    change(values_);
    rewrite([&](auto& tensors) {
      tensors.push_back({"base_model.model." + name,
                         "F32",
                         {rows, own.shape[1]},
                         std::as_bytes(std::span(values_))});
    });
  }
  static void nothing(std::vector<float>&) {}

  std::vector<float> values_;
};

TEST_F(PeftEmbedding, PassesWhereItIsTheBasesOwn) {
  for (const char* name : {"model.embed_tokens.weight", "lm_head.weight",
                           "model.embed_tokens.modules_to_save.default.weight",
                           "model.embed_tokens.base_layer.weight"}) {
    add(name, nothing);
    EXPECT_NO_THROW(load_adapter()) << name;
  }
  add("model.embed_tokens.weight", nothing);
  set("modules_to_save", json::array({"embed_tokens"}));
  EXPECT_NO_THROW(load_adapter());
  set("modules_to_save", json::array({"embed_tokens", "lm_head"}));
  expect_refused("has no tensor of 'lm_head', which modules_to_save");
}

// Not listed, it is the base's own parameter with another value to PEFT, which the tied head
// shares.
TEST_F(PeftEmbedding, IsTheAdaptersOwnWhereItIsNot) {
  const auto change = [](auto& values) { values[33] += 0.25f; };
  add("model.embed_tokens.weight", change);
  auto adapter = load_adapter();
  ASSERT_EQ(adapter->saved().size(), 2u);
  EXPECT_EQ(adapter->saved()[0].offset, adapter->saved()[1].offset);
  EXPECT_EQ(adapter->values_of_saved(adapter->saved()[0]).row(1)[1], values_[33]);
  set("modules_to_save", json::array({"embed_tokens"}));
  adapter = load_adapter();
  ASSERT_EQ(adapter->saved().size(), 1u);
  EXPECT_EQ(adapter->saved()[0].name, "model.embed_tokens");
  set("modules_to_save", nullptr);
  add("lm_head.weight", change);
  EXPECT_EQ(load_adapter()->saved().size(), 2u);
}

TEST_F(PeftEmbedding, TwoOfOneTiedHeadAreRefusedWhereTheyDiffer) {
  add("model.embed_tokens.weight", [](auto& values) { values[33] += 0.25f; });
  std::vector<float> other = values_;
  const auto both = [&] {
    rewrite([&](auto& tensors) {
      tensors.push_back({"base_model.model.model.embed_tokens.weight",
                         "F32",
                         {128, 32},
                         std::as_bytes(std::span(values_))});
      tensors.push_back(
          {"base_model.model.lm_head.weight", "F32", {128, 32}, std::as_bytes(std::span(other))});
    });
  };
  both();
  EXPECT_NO_THROW(load_adapter());
  other[34] += 0.25f;
  both();
  expect_refused("head and embedding are one in the base");
  set("modules_to_save", json::array({"embed_tokens", "lm_head"}));
  const auto adapter = load_adapter();
  EXPECT_NE(adapter->saved()[0].offset, adapter->saved()[1].offset);
}

// PEFT's own names hold what was trained; beside them may stand what its wrappers keep of the base.
TEST_F(PeftEmbedding, IsTheTrainedOneBesideTheBases) {
  add("model.embed_tokens.weight", nothing);
  const std::vector<float> base = values_;
  std::vector<float> trained = base;
  trained[33] += 0.25f;
  const auto with = [&](const std::vector<const char*>& ends) {
    rewrite([&](auto& tensors) {
      for (const char* end : ends) {
        const bool of_base = std::string_view(end).starts_with("base") ||
                             std::string_view(end).starts_with("original");
        tensors.push_back({std::string("base_model.model.model.embed_tokens.") + end,
                           "F32",
                           {128, 32},
                           std::as_bytes(std::span(of_base ? base : trained))});
      }
    });
  };
  set("modules_to_save", json::array({"embed_tokens"}));
  for (const char* beside : {"base_layer.weight", "original_module.weight"}) {
    with({beside, "weight"});
    const auto adapter = load_adapter();
    ASSERT_EQ(adapter->saved().size(), 1u) << beside;
    EXPECT_EQ(adapter->values_of_saved(adapter->saved()[0]).row(1)[1], trained[33]) << beside;
  }
  with({"modules_to_save.a.weight", "modules_to_save.b.weight"});
  expect_refused("stands for 'model.embed_tokens.weight', and so does");
  set("modules_to_save", json::array({"tokens"}));  // PEFT asks for a name's end
  with({"weight"});
  EXPECT_NO_THROW(load_adapter());
}

TEST_F(PeftEmbedding, IsNamedWhereItCannotBe) {
  add("model.embed_tokens.weight", [](auto& values) { values[2] = std::nanf(""); });
  expect_refused("value 2 is not a finite number");
  add("model.embed_tokens.weight", nothing, 131);
  expect_refused("131 x 32 values of its own, where the base has 128 x 32");
}

TEST_F(Peft, RefusesDoraWithoutItsMagnitudes) {
  set("use_dora", true);
  expect_refused(
      "lora_magnitude_vector', but adapter_config.json says that this linear is adapted "
      "with magnitudes (use_dora)");
  const std::vector<float> magnitudes(48, 1.0f);
  rewrite([&](auto& tensors) {
    for (const char* layer : {"0", "1"}) {
      for (const char* name : {"mlp.down_proj", "mlp.gate_proj", "mlp.up_proj", "self_attn.k_proj",
                               "self_attn.o_proj", "self_attn.q_proj", "self_attn.v_proj"}) {
        tensors.push_back({std::string("base_model.model.model.layers.") + layer + "." + name +
                               ".lora_magnitude_vector",
                           "F32",
                           {48},
                           std::as_bytes(std::span(magnitudes))});
      }
    }
  });
  expect_refused(
      "has 48 values, but the rank in adapter_config.json and the base's linear ask for "
      "32");
}

TEST_F(Peft, RefusesATensorOfItsOwnThatIsNoHeadAndNoEmbedding) {
  shows_adapter("modules_to_save: other modules", {"refused by name"});
  const std::vector<float> norm(32, 1.5f);
  rewrite([&](auto& tensors) {
    tensors.push_back(
        {"base_model.model.model.norm.weight", "F32", {32}, std::as_bytes(std::span(norm))});
  });
  set("modules_to_save", json::array({"norm"}));
  expect_refused("only supported of model.embed_tokens and lm_head");
}

TEST_F(Peft, RefusesTokensThatTheEmbeddingLacks) {
  shows_adapter("trainable_token_indices: other modules", {"refused by name"});
  const std::vector<float> rows(2 * 32, 0.5f);
  rewrite([&](auto& tensors) {
    tensors.push_back({"base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta",
                       "F32",
                       {2, 32},
                       std::as_bytes(std::span(rows))});
  });
  for (const json& tokens : {json({5, 128}), json({5, 5}), json({-1, 5})}) {
    set("trainable_token_indices", tokens);
    expect_refused("trainable_token_indices in adapter_config.json names token");
  }
  set("trainable_token_indices", {1, 2, 3});
  expect_refused("ask for 3 x 32");
  set("trainable_token_indices", {{"norm", {1, 2}}});
  expect_refused("'trainable_token_indices' is set for 'norm'");
  set("trainable_token_indices", {1, 2});
  EXPECT_NO_THROW(load_adapter());
}

}  // namespace
}  // namespace relatum::testing
