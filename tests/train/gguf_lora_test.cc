// Adapters as GGUF: llama.cpp's files have PEFT's values, ours llama.cpp's form; and refusals.
#include "train/gguf_lora.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <list>
#include <map>

#include "support/decoder_options.h"
#include "support/error_of.h"
#include "support/gguf_writer.h"
#include "support/shows.h"
#include "support/small_adapter.h"
#include "support/t5.h"

namespace relatum::testing {
namespace {

using ::testing::HasSubstr;

/// A file of llama.cpp's form: the option whose model it is for, and PEFT's form of the same.
struct Theirs {
  std::string file, option, adapter;
};
void PrintTo(const Theirs& theirs, std::ostream* out) { *out << theirs.file; }

const std::vector<Theirs> kTheirs = {{"llama", "untied_head", "decoder/lora"},
                                     {"qwen2", "qwen2", "decoder/lora"},
                                     {"gemma3", "gemma3", "decoder/lora"},
                                     {"phi3", "phi3", "decoder/lora_fused"},
                                     {"t5", "gated_gelu", "t5/lora/gated_gelu"}};

std::unique_ptr<arch::Model> model_of(const Theirs& theirs) {
  if (theirs.file == "t5") return T5Folder(t5_options().at(theirs.option)).load();
  return OptionFolder(decoder_options().at(theirs.option)).load();
}

class GgufLora : public ::testing::TestWithParam<Theirs> {
 protected:
  std::filesystem::path theirs() const { return fixture("gguf_lora/" + GetParam().file + ".gguf"); }
  std::unique_ptr<train::Adapter> peft() const {
    return train::load_peft(fixture(GetParam().adapter), *model_, DType::kF32);
  }
  TemporaryFolder folder_;
  std::unique_ptr<arch::Model> model_ = model_of(GetParam());
};

// All numbers in the model's order, with their scale.
std::map<std::string, std::vector<float>> values_of(const train::Adapter& adapter) {
  std::map<std::string, std::vector<float>> all;
  for (const train::AdapterModule& module : adapter.modules()) {
    std::vector<float>& values = all[module.name];
    const auto a = adapter.a(module), b = adapter.b(module);
    values.assign(a.data, a.data + a.size());
    values.insert(values.end(), b.data, b.data + b.size());
    values.push_back(module.scale);
  }
  return all;
}

TEST_P(GgufLora, TheirsHasPeftsValues) {
  shows(GetParam().file == "t5" ? row_of_t5(GetParam().option) : row_of_option(GetParam().option),
        {"adapter"});
  auto want = values_of(*peft());
  const auto got = values_of(*train::load_peft(theirs(), *model_, DType::kF32));
  if (GetParam().file == "qwen2") {  // its pairs are in f16
    for (auto& [name, values] : want) {
      for (float& value : values) value = float(_Float16(value));
    }
  }
  EXPECT_EQ(got, want);
}

TEST_P(GgufLora, OursHasTheirNamesAndBytes) {
  if (GetParam().file == "qwen2") return;
  train::write_gguf_lora(folder_ / "ours.gguf", *peft(), model_->gguf_names(), "f32");
  const auto ours = io::GgufFile::open(folder_ / "ours.gguf"), want = io::GgufFile::open(theirs());
  ASSERT_EQ(ours.tensors().size(), want.tensors().size());
  for (const io::GgufTensor& tensor : want.tensors()) {
    const io::GgufTensor& own = ours.tensor(tensor.name);
    EXPECT_EQ(own.shape, tensor.shape) << tensor.name;
    EXPECT_TRUE(std::ranges::equal(own.bytes, tensor.bytes)) << tensor.name;
  }
  for (const io::GgufEntry& entry : want.metadata()) {
    const io::GgufValue* own = ours.find(entry.key);
    ASSERT_TRUE(own) << entry.key;
    EXPECT_TRUE(std::ranges::equal(own->raw, entry.value.raw)) << entry.key;
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, GgufLora, ::testing::ValuesIn(kTheirs),
                         [](const auto& test) { return test.param.file; });

// llama.cpp knows one alpha, which it divides by each pair's rank.
TEST(GgufLoraScale, OtherScalesBecomePartOfTheFactor) {
  const auto model = load(fixture("llama/tied"));
  const TemporaryFolder folder;
  const train::AdapterConfig configs[] = {{.rank = 3, .alpha = 7, .rank_stabilised = true},
                                          {.rank = 2,
                                           .alpha = 4,
                                           .own = {{"model.layers.0.self_attn.q_proj", {5, 1.5}},
                                                   {"model.layers.1.mlp.down_proj", {1, 4}}}},
                                          {.rank = 2, .alpha = 0}};
  for (const train::AdapterConfig& config : configs) {
    save_small_adapter(*model, folder / "peft", config);
    const auto peft = train::load_peft(folder / "peft", *model, DType::kF32);
    train::write_gguf_lora(folder / "x.gguf", *peft, model->gguf_names(), "f32");
    const auto got = train::load_peft(folder / "x.gguf", *model, DType::kF32);
    ASSERT_EQ(got->modules().size(), peft->modules().size());
    for (size_t m = 0; m < got->modules().size(); ++m) {
      const auto &mine = got->modules()[m], &theirs = peft->modules()[m];
      ASSERT_EQ(mine.rank, theirs.rank);
      const auto a = got->b(mine), b = peft->b(theirs);
      for (int64_t i = 0; i < a.size(); ++i) {
        const double want = double(theirs.scale) * double(b.data[i]);
        // Factor, product and scale are rounded.
        ASSERT_NEAR(double(mine.scale) * double(a.data[i]), want,
                    rounding_bound(3) * std::abs(want));
      }
    }
  }
}

TEST(GgufLoraScale, AnAlphaOfZeroIsAScaleOfOne) {
  const auto model = load(fixture("llama/tied"));
  std::vector<float> a(2 * 32, 0.5f), b(32 * 2, 0.25f);
  GgufWriter writer;
  writer.set_string("general.architecture", "llama");
  writer.set_string("general.type", "adapter");
  writer.set_string("adapter.type", "lora");
  writer.add_tensor("blk.0.attn_output.weight.lora_a", 0, {32, 2}, std::as_bytes(std::span(a)));
  writer.add_tensor("blk.0.attn_output.weight.lora_b", 0, {2, 32}, std::as_bytes(std::span(b)));
  const TemporaryFolder folder;
  writer.write(folder / "x.gguf");
  const auto adapter = train::load_peft(folder / "x.gguf", *model, DType::kF32);
  ASSERT_EQ(adapter->modules().size(), 1u);
  EXPECT_EQ(adapter->modules()[0].scale, 1.0f);
}

class GgufLoraRefusal : public ::testing::Test {
 protected:
  using Change = std::function<void(GgufWriter&)>;
  // A file with one sound pair, and what a test adds or sets otherwise.
  std::string refusal(const Change& change, bool pair = true) {
    GgufWriter writer;
    writer.set_string("general.architecture", "llama");
    writer.set_string("general.type", "adapter");
    writer.set_string("adapter.type", "lora");
    writer.set_f32("adapter.lora.alpha", 4);
    if (pair) add(writer, "blk.0.attn_q.weight", 32, 2, 32, 2);
    change(writer);
    writer.write(folder_ / "x.gguf");
    return error_of([&] { train::load_peft(folder_ / "x.gguf", *model_, DType::kF32); });
  }
  void add(GgufWriter& writer, const std::string& name, int64_t in, int64_t rank_of_a, int64_t out,
           int64_t rank_of_b) {
    add_half(writer, name + ".lora_a", {in, rank_of_a});
    add_half(writer, name + ".lora_b", {rank_of_b, out});
  }
  void add_half(GgufWriter& writer, const std::string& name, std::vector<int64_t> shape) {
    values_.emplace_back(size_t(shape[0] * (shape.size() > 1 ? shape[1] : 1)), filling_);
    writer.add_tensor(name, 0, std::move(shape), std::as_bytes(std::span(values_.back())));
  }

  TemporaryFolder folder_;
  float filling_ = 0.5f;
  std::list<std::vector<float>> values_;
  std::unique_ptr<arch::Model> model_ = load(fixture("llama/tied"));
};

TEST_F(GgufLoraRefusal, OfKeys) {
  EXPECT_EQ(refusal([](GgufWriter&) {}), "");
  const auto set = [&](const std::string& key, const std::string& value) {
    return refusal([&](GgufWriter& writer) { writer.set_string(key, value); });
  };
  EXPECT_THAT(set("general.type", "model"), HasSubstr("is no adapter"));
  EXPECT_THAT(set("general.architecture", "controlvector"), HasSubstr("control vector"));
  EXPECT_THAT(set("general.architecture", "qwen2"), HasSubstr("architecture 'qwen2'"));
  EXPECT_THAT(set("adapter.type", "ia3"), HasSubstr("adapter.type is 'ia3'"));
  EXPECT_THAT(set("adapter.lora.prompt_prefix", "query: "), HasSubstr("lora.prompt_prefix"));
  EXPECT_EQ(set("adapter.lora.task_name", "relations"), "");
  EXPECT_THAT(set("adapter.lora.dora", "yes"), HasSubstr("'adapter.lora.dora' is set"));
  EXPECT_THAT(refusal([](GgufWriter& writer) {
                writer.set_ints("adapter.alora.invocation_tokens", std::vector<int32_t>{4, 5});
              }),
              HasSubstr("activated LoRA"));
}

TEST_F(GgufLoraRefusal, OfTensors) {
  const auto added = [&](const Change& change) { return refusal(change); };
  EXPECT_THAT(refusal([](GgufWriter&) {}, false), HasSubstr("holds no pair"));
  EXPECT_THAT(added([&](GgufWriter& w) { add(w, "token_embd.weight", 32, 2, 128, 2); }),
              HasSubstr("'token_embd.weight', which is the embedding"));
  EXPECT_THAT(added([&](GgufWriter& w) { add(w, "output.weight", 32, 2, 128, 2); }),
              HasSubstr("'output.weight', which is the head"));
  EXPECT_THAT(added([&](GgufWriter& w) { add(w, "blk.7.attn_q.weight", 32, 2, 32, 2); }),
              HasSubstr("'blk.7.attn_q.weight', which is no linear"));
  EXPECT_THAT(added([&](GgufWriter& w) { add_half(w, "blk.0.attn_norm.weight", {32}); }),
              HasSubstr("no half of a pair"));
  EXPECT_THAT(added([&](GgufWriter& w) {
                add_half(w, "blk.0.attn_k.weight.lora_a", {32, 2});
              }),
              HasSubstr("'blk.0.attn_k.weight.lora_b' is missing"));
  EXPECT_THAT(added([&](GgufWriter& w) { add(w, "blk.0.attn_k.weight", 32, 2, 32, 2); }),
              HasSubstr("'blk.0.attn_k.weight' has 16 x 32"));
  EXPECT_THAT(added([&](GgufWriter& w) { add(w, "blk.0.attn_k.weight", 32, 2, 16, 3); }),
              HasSubstr("expected R x 32 and 16 x R"));
  filling_ = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(added([&](GgufWriter&) {}), HasSubstr("not a finite number"));
}

TEST_F(GgufLoraRefusal, AnAdapterIsNoModel) {
  EXPECT_THAT(error_of([] { load(fixture("gguf_lora/llama.gguf")); }),
              HasSubstr("is an adapter, not a model. Name it after --adapter"));
}

TEST_F(GgufLoraRefusal, OfValuesTooLargeForAFormat) {
  save_small_adapter(*model_, folder_ / "loud", {}, 1e6);
  const auto adapter = train::load_peft(folder_ / "loud", *model_, DType::kF32);
  EXPECT_THAT(error_of([&] {
                train::write_gguf_lora(folder_ / "x.gguf", *adapter, model_->gguf_names(), "f16");
              }),
              HasSubstr("too large for f16"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x.gguf"));
}

}  // namespace
}  // namespace relatum::testing
