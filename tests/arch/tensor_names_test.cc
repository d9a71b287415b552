// Tensors under other names, biases and heads: read where the settings agree, else refused.
#include "arch/unread.h"

#include "changed_model.h"

namespace relatum::testing {
namespace {

class TensorNames : public ChangedModel {};

std::vector<std::pair<std::string, int64_t>> bias_names(bool gguf) {
  const std::vector<std::tuple<std::string, std::string, int64_t>> parts = {
      {"self_attn.q_proj", "attn_q", 32}, {"self_attn.k_proj", "attn_k", 16},
      {"self_attn.v_proj", "attn_v", 16}, {"self_attn.o_proj", "attn_output", 32},
      {"mlp.gate_proj", "ffn_gate", 48},  {"mlp.up_proj", "ffn_up", 48},
      {"mlp.down_proj", "ffn_down", 32}};
  std::vector<std::pair<std::string, int64_t>> names;
  for (int layer = 0; layer < 2; ++layer) {
    for (const auto& [hugging_face, ggml, size] : parts) {
      const std::string number = std::to_string(layer);
      names.emplace_back(gguf ? "blk." + number + "." + ggml + ".bias"
                              : "model.layers." + number + "." + hugging_face + ".bias",
                         size);
    }
  }
  return names;
}

TEST_F(TensorNames, BiasesOfAFolderCountWhereTheSettingsSaySo) {
  std::vector<Extra> extras;
  for (const auto& [name, size] : bias_names(false)) extras.push_back({name, {size}});
  const auto plain = results_of(fixture("llama/tied"));
  const auto biased = results_of(folder({{"attention_bias", true}, {"mlp_bias", true}}, extras));
  EXPECT_NE(plain, biased);
  expect_refused(folder({}, extras), "model.layers.0.");
  expect_refused(folder({{"attention_bias", true}}), "attention_bias is set");
  expect_refused(folder({{"mlp_bias", true}}), "mlp_bias is set");
}

TEST_F(TensorNames, EachBiasOfAGgufCounts) {
  const auto plain = results_of(fixture("llama/tiny.gguf"));
  for (const auto& [name, size] : bias_names(true)) {
    if (name == "blk.0.attn_k.bias" || name == "blk.1.attn_k.bias") continue;  // below
    const auto biased = results_of(gguf([&, &n = name, &s = size](GgufWriter& w) {
      add(w, {n, {s}});
    }));
    EXPECT_NE(plain, biased) << name;
  }
  const auto model = load(gguf([&](GgufWriter& w) { add(w, {"blk.0.attn_k.bias", {16}}); }));
  ASSERT_EQ(model->linears()[0]->bias().size(), 64u);
  // Stored pairwise: rows 0 4 1 5 2 6 3 7 of a head of eight.
  EXPECT_EQ(model->linears()[0]->bias()[32 + 1], 0.01f * 2 - 0.02f);
  EXPECT_EQ(model->linears()[0]->bias()[32 + 4], 0.01f * 1 - 0.02f);
}

TEST_F(TensorNames, AHeadOfItsOwnMustAgreeWithTheSettings) {
  expect_refused(folder({}, {{"lm_head.weight", {128, 32}}}), "tie_word_embeddings is true");
  expect_refused(folder({{"tie_word_embeddings", false}}), "tie_word_embeddings is false");
  expect_refused(folder({{"tie_word_embeddings", "yes"}}), "must be true or false");
}

TEST_F(TensorNames, NamesOfWrappersAreRead) {
  const auto plain = results_of(fixture("llama/tied"));
  for (const std::string start : {"_orig_mod.", "module.", "base_model.model.", "model.",
                                  "_orig_mod.module.", "_fsdp_wrapped_module."}) {
    SCOPED_TRACE(start);
    expect_equal(plain, results_of(folder({}, {}, "llama/tied",
                                          [&](const std::string& name) { return start + name; })));
  }
  expect_equal(plain, results_of(folder({}, {}, "llama/tied", [](const std::string& name) {
                 return name.starts_with("model.") ? name.substr(6) : name;
               })));
  expect_refused(
      folder({}, {}, "llama/tied", [](const std::string& name) { return "student." + name; }),
      "'student.model.embed_tokens.weight' comes nearest");
}

TEST_F(TensorNames, OldNamesOfNormsAreRead) {
  const auto old = [](std::string name) {
    const auto replace = [&](const std::string& from, const std::string& to) {
      if (name.ends_with(from)) name = name.substr(0, name.size() - from.size()) + to;
    };
    replace("LayerNorm.weight", "LayerNorm.gamma");
    replace("LayerNorm.bias", "LayerNorm.beta");
    return name;
  };
  const auto plain = results_of(fixture("bert"));
  for (const std::string start : {"", "bert.", "_orig_mod.", "module.", "0.auto_model.",
                                  "module.bert.", "0.auto_model.bert."}) {
    SCOPED_TRACE(start);
    expect_equal(plain, results_of(folder({}, {}, "bert", [&](const std::string& name) {
                   return start + old(name);
                 })));
  }
}

TEST_F(TensorNames, TwoNamesOfOneTensorMustAgree) {
  expect_refused(folder({}, {{"norm.weight", {32}}}), "two names of one tensor");
  expect_refused(folder({}, {{"module.embeddings.LayerNorm.gamma", {32}}}, "bert"),
                 "two names of one tensor");
}

}  // namespace
}  // namespace relatum::testing
