// Opening models: both kinds of file, and a clear sentence for everything that is none.
#include "arch/model_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "io/json.h"
#include "support/models.h"
#include "support/temporary.h"

namespace relatum::testing {
namespace {

namespace fs = std::filesystem;
using arch::ModelFiles;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ModelFolder : public ::testing::Test {
 protected:
  void copy(const std::string& from, const std::string& name) {
    fs::copy_file(fixture(from), folder_ / name);
  }
  // The tiny Llama with some settings replaced; null takes one away.
  fs::path with_settings(const nlohmann::json& changes, const std::string& from = "llama/tied") {
    nlohmann::json config = io::load_json(fixture(from + "/config.json"));
    config.merge_patch(changes);
    write_file(folder_ / "config.json", config.dump());
    if (!fs::exists(folder_ / "model.safetensors")) {
      copy(from + "/model.safetensors", "model.safetensors");
    }
    return folder_.path();
  }
  void expect_refused(const nlohmann::json& changes, const std::string& part,
                      const std::string& from = "llama/tied") {
    const fs::path path = with_settings(changes, from);
    EXPECT_THAT([&] { load(path); }, ThrowsMessage<Error>(HasSubstr(part))) << changes;
  }
  TemporaryFolder folder_;
};

TEST_F(ModelFolder, NamesWhatIsMissing) {
  EXPECT_THAT([&] { ModelFiles::open(folder_ / "absent"); },
              ThrowsMessage<Error>(HasSubstr("absent")));
  EXPECT_THAT([&] { ModelFiles::open(folder_.path()); },
              ThrowsMessage<Error>(HasSubstr("neither config.json nor a GGUF")));
}

TEST_F(ModelFolder, TakesTheOneGgufOfAFolder) {
  copy("llama/tiny.gguf", "a.gguf");
  const ModelFiles files = ModelFiles::open(folder_.path());
  EXPECT_EQ(files.architecture(), "llama");
  EXPECT_EQ(files.weight_files(), std::vector<fs::path>{folder_ / "a.gguf"});
  copy("llama/tiny.gguf", "b.gguf");
  EXPECT_THAT([&] { ModelFiles::open(folder_.path()); },
              ThrowsMessage<Error>(HasSubstr("several GGUF files")));
}

TEST_F(ModelFolder, UnknownArchitecturesAreNamedWithTheKnownOnes) {
  expect_refused({{"model_type", "gpt_neox"}}, "'gpt_neox'");
  expect_refused({{"model_type", "gpt_neox"}}, "bert, distilbert, ");
  expect_refused({{"model_type", "gpt_neox"}}, "gemma3_text, gemma3, llama, mistral, mpnet, phi3");
}

TEST_F(ModelFolder, SettingsThatCannotBeAreRefused) {
  expect_refused({{"hidden_size", 0}}, "a size of 0");
  expect_refused({{"num_hidden_layers", int64_t{1} << 60}}, "cannot be");
  expect_refused({{"num_attention_heads", -4}}, "a size of -4");
  expect_refused({{"num_key_value_heads", 3}}, "do not fit together");
  expect_refused({{"head_dim", 7}}, "do not fit together");
  expect_refused({{"hidden_act", "relu"}}, "silu");
  expect_refused({{"vocab_size", -1}}, "embed_tokens");
  expect_refused({{"hidden_size", "wide"}}, "hidden_size");
  expect_refused({{"num_hidden_layers", 3}}, "model.layers.2");
}

TEST_F(ModelFolder, BiasesThatTheNetworkHasNotAreRefused) {
  expect_refused({{"attention_bias", true}}, "attention_bias");
  expect_refused({{"mlp_bias", true}}, "mlp_bias");
}

TEST_F(ModelFolder, ASlidingWindowShortensTheContext) {
  EXPECT_EQ(load(with_settings({{"sliding_window", 100}}))->info().context, 100);
  EXPECT_EQ(load(with_settings({{"sliding_window", 4096}}))->info().context, 256);
  EXPECT_EQ(load(with_settings({{"sliding_window", nullptr}}))->info().context, 256);
}

TEST_F(ModelFolder, EncodersWithOtherPartsAreRefused) {
  expect_refused({{"hidden_act", "selu"}}, "'selu'", "bert");
  expect_refused({{"num_attention_heads", 5}}, "5 heads", "bert");
  expect_refused({{"position_embedding_type", "relative_key"}}, "relative_key", "bert");
}

TEST_F(ModelFolder, ShapesAreComparedWithTheSettings) {
  expect_refused({{"intermediate_size", 64}}, "expected 64 x 32");
  expect_refused({{"vocab_size", 129}}, "expected 129 x 32");
}

TEST_F(ModelFolder, RotaryScalingThatIsNotKnownIsRefused) {
  expect_refused({{"rope_scaling", {{"rope_type", "ntk"}, {"factor", 4.0}}}}, "'ntk'");
  expect_refused({{"rope_scaling", {{"rope_type", "llama3"}, {"factor", 4.0}}}}, "low_freq_factor");
}

TEST_F(ModelFolder, AlsoReadsNamesWithoutTheirFirstPart) {
  // As a base model's file has them: "embeddings.…" for "bert.embeddings.…".
  const ModelFiles files = ModelFiles::open(fixture("bert"));
  EXPECT_TRUE(files.has({"bert.embeddings.LayerNorm.weight", ""}));
  EXPECT_FALSE(files.has({"bert.embeddings.absent.weight", ""}));
}

TEST_F(ModelFolder, HashTellsWeightsApart) {
  const auto hash = [](const std::string& name) {
    return arch::weights_hash(ModelFiles::open(fixture(name)));
  };
  EXPECT_EQ(hash("llama/tied"), hash("llama/tied"));
  EXPECT_EQ(hash("llama/tied").size(), 64u);
  EXPECT_NE(hash("llama/tied"), hash("llama/untied"));
}

TEST(UnpermuteRows, UndoesTheConvertersOrder) {
  // Two heads of four rows; the converter stores 0 2 1 3 of each. One float a row.
  const std::vector<float> stored{0, 2, 1, 3, 10, 12, 11, 13};
  const Weight weight{"q", "f32", 8, 1, std::as_bytes(std::span(stored)), nullptr, true};
  const Weight back = arch::unpermute_rows(weight, 2);
  EXPECT_FALSE(back.mapped);  // its pages may not be dropped
  std::vector<float> values(8);
  std::memcpy(values.data(), back.data.data(), back.data.size());
  EXPECT_EQ(values, (std::vector<float>{0, 1, 2, 3, 10, 11, 12, 13}));
}

TEST(Base, AutoKeepsWhatIsQuantisedAndMakesNf4OfTheRest) {
  const ModelFiles folder = ModelFiles::open(fixture("llama/tied"));
  EXPECT_EQ(arch::resolve_base(folder, "auto"), "nf4");
  EXPECT_EQ(arch::resolve_base(ModelFiles::open(fixture("llama/tiny.gguf")), "auto"), "nf4");
  EXPECT_EQ(arch::resolve_base(folder, "keep"), "keep");
  EXPECT_THROW(arch::resolve_base(folder, "int3"), Error);
}

TEST(Base, IsTheFormOfTheLinears) {
  for (const std::string base : {"keep", "f32", "bf16", "nf4"}) {
    const auto model = load(fixture("llama/tied"), {.base = base});
    for (const nn::Linear* linear : model->linears()) {
      for (const nn::Linear::Part& part : linear->parts()) {
        EXPECT_EQ(part.weight.format, base == "keep" ? "f32" : base) << part.name;
      }
    }
  }
}

TEST(Info, IsWhatTheSettingsSay) {
  for (const std::string path : {"llama/tied", "llama/tiny.gguf"}) {
    const auto model = load(fixture(path));
    const arch::ModelInfo& info = model->info();
    EXPECT_EQ(info.family, "llama");
    EXPECT_EQ(info.layers, 2);
    EXPECT_EQ(info.width, 32);
    EXPECT_EQ(info.heads, 4);
    EXPECT_EQ(info.kv_heads, 2);
    EXPECT_EQ(info.head_size, 8);
    EXPECT_EQ(info.ffn_width, 48);
    EXPECT_EQ(info.vocabulary, 128);
    EXPECT_EQ(info.context, 256);
    EXPECT_TRUE(info.causal);
    // 128 x 32 embedding; per layer q, o: 32 x 32, k, v: 16 x 32, three of 48 x 32.
    EXPECT_EQ(info.parameters, 128 * 32 + 2 * (2 * 32 * 32 + 2 * 16 * 32 + 3 * 48 * 32));
    EXPECT_EQ(model->linears().size(), 8u);
  }
}

}  // namespace
}  // namespace relatum::testing
