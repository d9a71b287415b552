// Adapters on disk: PEFT's are read, ours are laid out like them, broken ones are refused.
#include "train/peft.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "support/peft_files.h"
#include "support/shows.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST_F(Peft, LogitsOfItsAdapterAreItsOwn) {
  shows("SmolLM2", {"adapter"});
  const auto adapter = load_adapter();
  arch::ForwardOptions options;
  options.adapter = &adapter->set();
  const auto expected = io::Safetensors::open(path() / "expected.safetensors");
  for (const std::string row : {"row0", "row1"}) {
    const auto tokens = read_ints(expected, row + ".input_ids");
    EXPECT_LT(distance(run(*model_, single(tokens), DType::kF32, false, options),
                       read_matrix(expected, row + ".logits")),
              parity_bound(*model_));
  }
}

TEST_F(Peft, SavedAndLoadedIsTheSame) {
  for (const train::AdapterConfig& config :
       {train::AdapterConfig{}, train::AdapterConfig{.rank = 3,
                                .alpha = 7.5,
                                .dropout = 0.25,
                                .targets = {"q_proj", "up_proj"},
                                .rank_stabilised = true}}) {
    auto adapter = std::make_unique<train::Adapter>(*model_, DType::kF32, config, 1);
    const Rng rng(2, 2);
    for (size_t i = 0; i < adapter->values().size(); ++i) {
      adapter->values()[i] = float(rng.normal(i));
    }
    const std::vector<float> values(adapter->values().begin(), adapter->values().end());
    train::save_peft(path(), *adapter, "base");
    adapter.reset();
    adapter = load_adapter();
    EXPECT_EQ(std::vector<float>(adapter->values().begin(), adapter->values().end()), values);
    EXPECT_EQ(adapter->config().rank, config.rank);
    EXPECT_EQ(adapter->config().alpha, config.alpha);
    EXPECT_EQ(adapter->config().dropout, config.dropout);
    EXPECT_EQ(adapter->config().rank_stabilised, config.rank_stabilised);
  }
}

TEST_F(Peft, FilesAreLaidOutAsPeftDoes) {
  shows("SmolLM2", {"adapter"});
  const auto theirs = io::Safetensors::open(fixture("llama/lora/adapter_model.safetensors"));
  auto adapter = load_adapter();
  train::save_peft(path(), *adapter, "tied");
  const auto ours = io::Safetensors::open(tensors_path());
  ASSERT_EQ(ours.tensors().size(), theirs.tensors().size());
  for (const auto& tensor : theirs.tensors()) {
    const auto& own = ours.tensor(tensor.name);
    EXPECT_EQ(own.shape, tensor.shape);
    EXPECT_EQ(own.dtype, tensor.dtype);
    EXPECT_TRUE(std::equal(own.bytes.begin(), own.bytes.end(), tensor.bytes.begin()));
  }
  EXPECT_EQ(ours.metadata().at("format"), "pt");
  json saved = io::load_json(path() / "adapter_config.json");
  for (const char* key :
       {"peft_type", "task_type", "base_model_name_or_path", "r", "lora_alpha", "lora_dropout",
        "bias", "fan_in_fan_out", "inference_mode", "init_lora_weights", "use_rslora", "use_dora",
        "modules_to_save", "rank_pattern", "alpha_pattern", "target_modules"}) {
    ASSERT_TRUE(saved.contains(key)) << key;
    EXPECT_EQ(saved[key], config_[key]) << key;
  }
}

TEST_F(Peft, AllLinearIsWrittenAsTheModulesNames) {
  train::save_peft(path(), train::Adapter(*model_, DType::kF32, {}, 1), "tied");
  EXPECT_EQ(io::load_json(path() / "adapter_config.json").at("target_modules"),
            json({"down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"}));
}

TEST_F(Peft, RefusesCutFiles) {
  const std::string whole = read_file(tensors_path());
  for (size_t size = 0; size < whole.size(); size += 1 + whole.size() / 40) {
    write_file(tensors_path(), whole.substr(0, size));
    expect_refused("adapter_model.safetensors");
  }
  std::filesystem::remove(tensors_path());
  expect_refused("adapter_model.safetensors");
  write_file(tensors_path(), whole);
  const std::string text = read_file(path() / "adapter_config.json");
  for (const size_t size : {size_t{0}, size_t{1}, text.size() / 2}) {
    write_file(path() / "adapter_config.json", text.substr(0, size));
    expect_refused("adapter_config.json");
  }
}

TEST_F(Peft, RefusesNumbersThatAreNone) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> values;
    rewrite([&](auto& tensors) {
      values.resize(tensors[0].bytes.size() / sizeof(float));
      std::memcpy(values.data(), tensors[0].bytes.data(), tensors[0].bytes.size());
      values[5] = bad;
      tensors[0].bytes = std::as_bytes(std::span(values));
    });
    expect_refused("value 5 is not a finite number");
  }
}

TEST_F(Peft, NamesTensorsOfOtherShapesAndThoseThatAreMissing) {
  rewrite([](auto& tensors) { std::swap(tensors[0].shape[0], tensors[0].shape[1]); });
  expect_refused("model.layers.0.mlp.down_proj.lora_A.weight");
  rewrite([](auto& tensors) { tensors.pop_back(); });
  expect_refused("has no tensor 'base_model.model.model.layers.1.self_attn.v_proj.lora_B.weight'");
  rewrite([](auto&) {});
  EXPECT_NO_THROW(load_adapter());
}

TEST_F(Peft, NamesTensorsBesideItsPairs) {
  shows_adapter("target_modules: lm_head, embed_tokens", {"refused by name"});
  for (const char* name :
       {"model.layers.2.mlp.up_proj.lora_A.weight", "lm_head.lora_B.weight",
        "model.embed_tokens.lora_embedding_A", "model.layers.0.mlp.up_proj.lora_magnitude_vector",
        "model.layers.0.mlp.up_proj.lora_B.bias", "score.weight", "model.layers.0.mlp.up_proj.bias",
        "model.layers.0.mlp.up_proj.lora_A.default.weight"}) {
    SCOPED_TRACE(name);
    rewrite([&](auto& tensors) {
      tensors.push_back(tensors[1]);
      tensors.back().name = std::string("base_model.model.") + name;
    });
    expect_refused(std::string("tensor 'base_model.model.") + name + "'");
  }
  rewrite([](auto& tensors) { tensors[3].name = "odd." + tensors[3].name; });
  expect_refused("tensor 'odd.base_model");
  rewrite([](auto& tensors) {
    tensors.push_back(tensors[1]);
    tensors.back().name.insert(std::string("base_model.model.").size(), "_orig_mod.");
  });
  expect_refused("'base_model.model._orig_mod.");
}

TEST_F(Peft, PassesAPairOfZerosThatNothingElseKnows) {
  const std::vector<float> zeros(128 * 4);
  rewrite([&](auto& tensors) {
    tensors.push_back({"base_model.model.lm_head.lora_A.weight",
                       "F32",
                       {4, 32},
                       std::as_bytes(std::span(zeros).first(128))});
    tensors.push_back({"base_model.model.lm_head.lora_B.weight",
                       "F32",
                       {128, 4},
                       std::as_bytes(std::span(zeros))});
  });
  EXPECT_NO_THROW(load_adapter());
}

TEST_F(Peft, ReadsNamesThatTorchCompileMade) {
  const auto expected = load_adapter();
  const std::vector<float> values(expected->values().begin(), expected->values().end());
  rewrite([](auto& tensors) {
    for (auto& t : tensors) t.name.insert(std::string("base_model.model.").size(), "_orig_mod.");
  });
  const auto adapter = load_adapter();
  EXPECT_EQ(std::vector<float>(adapter->values().begin(), adapter->values().end()), values);
}

TEST_F(Peft, RefusesARankThatIsNotTheFiles) {
  for (const int64_t rank : {3, 5, 4096}) {
    set("r", rank);
    expect_refused(fmt::format("ask for {} x", rank));
  }
  for (const int64_t rank : {int64_t{0}, int64_t{-4}, int64_t{1} << 60}) {
    set("r", rank);
    EXPECT_THAT([&] { load_adapter(); },
                ThrowsMessage<Error>(HasSubstr("expected a whole number from 1 to 4096")));
  }
}

TEST_F(Peft, RefusesKindsThatItDoesNotKnow) {
  for (const char* row :
       {"another peft_type", "bias, lora_bias, fan_in_fan_out",
        "options that are set and not known",
        "use_qalora, alora_invocation_tokens, layer_replication, target_parameters",
        "init_lora_weights pissa, olora, corda, loftq, unconverted",
        "modules_to_save: other modules"}) {
    shows_adapter(row, {"refused by name"});
  }
  const std::vector<std::pair<std::string, json>> kinds{
      {"peft_type", "IA3"},
      {"bias", "all"},
      {"fan_in_fan_out", true},
      {"lora_bias", true},
      {"init_lora_weights", "pissa_niter_4"},
      {"init_lora_weights", "loftq"},
      {"init_lora_weights", "olora"},
      {"init_lora_weights", "mica"},
      {"use_qalora", true},
      {"alora_invocation_tokens", json::array({5})},
      {"layer_replication", json::array({json::array({0, 2})})},
      {"trainable_token_indices", json::array({1})},
      {"target_parameters", json::array({"x"})},
      {"megatron_config", {{"a", 1}}},
      {"arrow_config", {{"a", 1}}},
      {"kasa_config", {{"a", 1}}},
      {"a_key_of_tomorrow", 3},
      {"modules_to_save", json::array({"score"})}};
  for (const auto& [key, value] : kinds) {
    set(key, value);
    expect_refused(key);
  }
  for (const auto& key : {"peft_type", "r", "lora_alpha", "target_modules"}) {
    set(key, nullptr);
    expect_refused("adapter_config.json");
  }
  // What PEFT passes over on loading, too.
  const std::vector<std::pair<std::string, json>> harmless{
      {"init_lora_weights", "gaussian"}, {"init_lora_weights", "eva"},
      {"eva_config", {{"rho", 2.0}}},    {"loftq_config", {{"loftq_bits", 4}}},
      {"a_key_of_tomorrow", false},      {"another", nullptr},
      {"auto_mapping", {{"x", "y"}}}};
  for (const auto& [key, value] : harmless) {
    set(key, value);
    EXPECT_NO_THROW(load_adapter()) << key;
  }
}

TEST_F(Peft, RefusesTargetsThatTheModelLacks) {
  set("target_modules", json::array({"c_attn"}));
  expect_refused("(c_attn) names no linear");
}

TEST_F(Peft, AFolderThatIsNoAdapterIsCalledWhatItIs) {
  shows_adapter("adapter_model.bin", {"refused by name"});
  const auto refused = [](const std::filesystem::path& folder, const std::string& what) {
    EXPECT_THAT([&] { train::check_adapter_folder(folder); },
                ThrowsMessage<Error>(AllOf(HasSubstr(folder.string()), HasSubstr(what))));
  };
  refused(folder_ / "nosuch", "there is no adapter at");
  refused(tensors_path(), "a file that does not begin as GGUF files do");
  write_file(folder_ / "empty.gguf", "");
  refused(folder_ / "empty.gguf", "a file that is empty");
  refused(fixture("llama/tied"), "a model's folder");
  refused(folder_.path(), "a folder around adapters (lora)");
  std::filesystem::rename(tensors_path(), path() / "adapter_model.bin");
  refused(path(), "adapter_model.bin, a pickle file");
  std::filesystem::remove(path() / "adapter_model.bin");
  refused(path(), "without adapter_model.safetensors");
  for (const char* status : {"running", "interrupted"}) {
    write_file(path() / "run.json", fmt::format(R"({{"status": "{}"}})", status));
    refused(path(), fmt::format("not finished (its run.json says '{}')", status));
  }
  std::filesystem::create_directory(path() / "state");
  refused(path(), "--resume");
  std::filesystem::create_directory(folder_ / "index");
  refused(folder_ / "index", "a folder without adapter_config.json");
  write_file(folder_ / "index/index.faiss", "x");
  refused(folder_ / "index", "an index of examples");
}

TEST_F(Peft, NothingIsLeftWhereTheFolderIsAbsent) {
  const train::Adapter adapter(*model_, DType::kF32, {}, 1);
  EXPECT_THROW(train::save_peft("/proc/none", adapter, "base"), Error);
}

}  // namespace
}  // namespace relatum::testing
