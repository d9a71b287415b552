// A base and an adapter as one model: the same answers, whatever the files, and what is refused.
#include "merging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "io/to_weight.h"
#include "jobs/quantize.h"
#include "quant/format.h"
#include "support/small_adapter.h"
#include "support/tokenized.h"

namespace relatum::testing {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::string adapter_of(const std::string& option) {
  return option.starts_with("phi3") ? "decoder/lora_fused" : "decoder/lora";
}

std::vector<int32_t> fixture_tokens() {
  return read_ints(io::Safetensors::open(fixture("decoder/weights.safetensors")), "input_ids");
}

Matrix<float> with_adapter(const arch::Model& model, const fs::path& adapter,
                           const nn::TokenBatch& batch) {
  const auto loaded = train::load_peft(adapter, model, DType::kF32);
  arch::ForwardOptions options;
  options.adapter = &loaded->set();
  return run(model, batch, DType::kF32, false, options);
}

class MergeOption : public Merge, public ::testing::WithParamInterface<std::string> {};

TEST_P(MergeOption, AnswersAsBaseAndAdapterDo) {
  const TokenizedFolder folder(decoder_options().at(GetParam()));
  const fs::path adapter = fixture(adapter_of(GetParam()));
  const auto base = folder.load(), model = load(merged(folder.path(), adapter, "", "out"));
  const nn::TokenBatch batch = single(fixture_tokens());
  const Matrix<float> want = with_adapter(*base, adapter, batch), got = run(*model, batch);
  EXPECT_LT(distance(got, want), parity_bound(*base));
  EXPECT_GT(distance(run(*base, batch), want), 10 * parity_bound(*base));
}

TEST_P(MergeOption, GgufFromFolderAndFromGgufAreOneFile) {
  if (options_without_gguf().contains(GetParam())) return;
  const TokenizedFolder folder(decoder_options().at(GetParam()));
  const fs::path adapter = fixture(adapter_of(GetParam()));
  const fs::path file = merged(folder.path(), adapter, "f32", "merged.gguf");
  const auto base = folder.load(), model = load(file);
  std::vector<int32_t> tokens = fixture_tokens();
  tokens.resize(size_t(std::min<int64_t>(int64_t(tokens.size()), model->info().context)));
  const Matrix<float> want = with_adapter(*base, adapter, single(tokens));
  // YaRN's magnitude is divided by its natural one and multiplied again by who reads the file.
  const double bound = GetParam().starts_with("rope_yarn") ? kOptionBound : parity_bound(*base);
  EXPECT_LT(distance(run(*model, single(tokens)), want), bound);

  jobs::quantize({folder.path(), "f32", folder_ / "base.gguf"}, host_);
  const fs::path again = merged(folder_ / "base.gguf", adapter, "f32", "again.gguf");
  EXPECT_LT(distance(with_adapter(*load(folder_ / "base.gguf"), adapter, single(tokens)), want),
            bound);
  const auto one = io::GgufFile::open(file), other = io::GgufFile::open(again);
  for (const io::GgufTensor& tensor : one.tensors()) {
    EXPECT_TRUE(std::ranges::equal(tensor.bytes, other.tensor(tensor.name).bytes)) << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, MergeOption, ::testing::ValuesIn(decoder_option_names()),
                         [](const auto& test) { return test.param; });

class MergeT5 : public Merge, public ::testing::WithParamInterface<std::string> {};

TEST_P(MergeT5, AnswersAsBaseAndAdapterDo) {
  json config = t5_options().at(GetParam());
  config["relative_attention_max_distance"] = 128;  // llama.cpp knows no other
  const T5Folder folder(config);
  const fs::path adapter = fixture("t5/lora/" + GetParam());
  const T5Row row = t5_rows()[0];
  nn::TokenBatch batch;
  const int root = batch.root();
  batch.read_source(root, batch.add_source(row.source));
  batch.append(root, row.fed());
  batch.finish();
  const auto base = folder.load();
  const Matrix<float> want = with_adapter(*base, adapter, batch);
  EXPECT_GT(distance(run(*base, batch), want), 10 * parity_bound(*base));
  const auto as_folder = load(merged(folder.path(), adapter, "", "out"));
  EXPECT_LT(distance(run(*as_folder, batch), want), parity_bound(*base));
  const auto as_gguf = load(merged(folder.path(), adapter, "f32", "out.gguf"));
  EXPECT_LT(distance(run(*as_gguf, batch), want), parity_bound(*base));
  const auto again = load(merged(folder_ / "out.gguf", adapter, "f32", "twice.gguf"));
  const auto once = load(folder_ / "out.gguf");
  EXPECT_LT(distance(run(*again, batch), with_adapter(*once, adapter, batch)), parity_bound(*base));
}

INSTANTIATE_TEST_SUITE_P(Fixtures, MergeT5, ::testing::Values("first", "gated_gelu"),
                         [](const auto& test) { return test.param; });

class MergeFolder : public Merge {
 protected:
  json config_ = decoder_options().at("untied_head");
  fs::path adapter_ = fixture("decoder/lora");
  TokenizedFolder base_{config_, 3};
};

TEST_F(MergeFolder, HasTheBasesFilesAndTensors) {
  write_file(base_.path() / "generation_config.json", "{}");
  const fs::path out = merged(base_.path(), adapter_, "safetensors", "out");
  for (const char* name :
       {"config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"}) {
    EXPECT_EQ(read_file(out / name), read_file(base_.path() / name)) << name;
  }
  const json index = io::load_json(out / "model.safetensors.index.json");
  EXPECT_EQ(index["weight_map"],
            io::load_json(base_.path() / "model.safetensors.index.json")["weight_map"]);
  const auto before = io::Safetensors::open_folder(base_.path());
  const auto after = io::Safetensors::open_folder(out);
  ASSERT_EQ(after.tensors().size(), before.tensors().size());
  uint64_t bytes = 0;
  for (const auto& tensor : before.tensors()) {
    const auto& own = after.tensor(tensor.name);
    EXPECT_EQ(own.shape, tensor.shape);
    EXPECT_EQ(own.dtype, tensor.dtype);
    const bool linear = tensor.name.find("_proj") != std::string::npos;
    EXPECT_NE(std::ranges::equal(own.bytes, tensor.bytes), linear) << tensor.name;
    bytes += tensor.bytes.size();
  }
  EXPECT_EQ(index["metadata"]["total_size"], bytes);
  EXPECT_EQ(report_->bytes, bytes);
  EXPECT_EQ(report_->adapted, 14);
  EXPECT_EQ(last_.task, "merging");
  EXPECT_DOUBLE_EQ(last_.done, last_.total);
  EXPECT_EQ(io::load_json(out / "merge.json")["base"], "keep");
}

// The sum is rounded once, from f32, not the base's part and the adapter's apart.
TEST_F(MergeFolder, RoundsOnce) {
  const auto exact = io::Safetensors::open_folder(merged(base_.path(), adapter_, "f32", "exact"));
  const fs::path out = merged(base_.path(), adapter_, "bf16", "half");
  const auto half = io::Safetensors::open_folder(out);
  for (const auto& tensor : exact.tensors()) {
    const auto& own = half.tensor(tensor.name);
    ASSERT_EQ(own.dtype, "BF16");
    for (size_t i = 0; i < own.bytes.size() / 2; ++i) {
      float wide = 0;
      bf16 narrow;
      std::memcpy(&wide, tensor.bytes.data() + i * 4, 4);
      std::memcpy(&narrow, own.bytes.data() + i * 2, 2);
      ASSERT_EQ(to_float(narrow), to_float(to_bf16(wide))) << tensor.name;
    }
  }
  // A base in bf16 keeps its type.
  const auto kept = io::Safetensors::open_folder(merged(out, adapter_, "", "kept"));
  for (const auto& tensor : kept.tensors()) EXPECT_EQ(tensor.dtype, "BF16") << tensor.name;
}

TEST_F(MergeFolder, OfABaseInFourBitsHasTheValuesThatItWasTrainedOn) {
  const auto rounded = load(base_.path(), {.base = "nf4"});
  const auto model = load(merged(base_.path(), adapter_, "f32", "out", "nf4"));
  const nn::TokenBatch batch = single(fixture_tokens());
  const Matrix<float> want = with_adapter(*rounded, adapter_, batch);
  EXPECT_LT(distance(run(*model, batch), want), parity_bound(*model));
  EXPECT_GT(distance(with_adapter(*base_.load(), adapter_, batch), want),
            10 * parity_bound(*model));
  // So has a GGUF, whatever order its rows are in.
  jobs::quantize({base_.path(), "f32", folder_ / "base.gguf"}, host_);
  const auto file = load(merged(folder_ / "base.gguf", adapter_, "f32", "out.gguf", "nf4"));
  EXPECT_LT(distance(run(*file, batch), want), parity_bound(*model));
}

TEST_F(MergeFolder, LinearsThatAreNotAdaptedHaveTheBasesFormToo) {
  save_small_adapter(*base_.load(), folder_ / "few",
                     {.rank = 2, .alpha = 2, .targets = {"q_proj"}});
  const auto rounded = load(base_.path(), {.base = "nf4"});
  const auto model = load(merged(base_.path(), folder_ / "few", "f32", "out", "nf4"));
  const nn::TokenBatch batch = single(fixture_tokens());
  EXPECT_LT(distance(run(*model, batch), with_adapter(*rounded, folder_ / "few", batch)),
            parity_bound(*model));
}

class MergeBitsAndBytes : public Merge, public ::testing::WithParamInterface<std::string> {};

TEST_P(MergeBitsAndBytes, BecomesAPlainFolder) {
  const fs::path base = folder_ / "base";
  fs::copy(fixture("llama/" + GetParam()), base);
  for (const char* name : {"tokenizer.json", "tokenizer_config.json"}) {
    const T5Folder any(t5_options().at("first"));
    fs::copy(any.path() / name, base / name);
  }
  const auto model = load(base);
  save_small_adapter(*model, folder_ / "adapter");
  const fs::path out = merged(base, folder_ / "adapter", "", "out");
  const auto plain = load(out);
  const nn::TokenBatch batch = single(std::vector<int32_t>{5, 9, 17, 33, 8, 2, 41});
  EXPECT_LT(distance(run(*plain, batch), with_adapter(*model, folder_ / "adapter", batch)),
            parity_bound(*model));
  EXPECT_FALSE(io::load_json(out / "config.json").contains("quantization_config"));
  const auto weights = io::Safetensors::open_folder(out);
  for (const auto& tensor : weights.tensors()) {
    EXPECT_EQ(tensor.dtype, "F32") << tensor.name;
    EXPECT_FALSE(tensor.name.find("absmax") != std::string::npos) << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, MergeBitsAndBytes,
                         ::testing::Values("bnb_double", "bnb_plain", "bnb_fp4"),
                         [](const auto& test) { return test.param; });

TEST_F(MergeFolder, GgufFormatsAreThoseOfQuantize) {
  const fs::path exact = merged(base_.path(), adapter_, "f32", "exact");
  for (const char* format : {"q8_0", "q4_0", "q4_k", "q6_k", "bf16", "f16"}) {
    const auto file = io::GgufFile::open(
        merged(base_.path(), adapter_, format, std::string(format) + ".gguf"));
    // What quantize makes of the merged folder: the sum is rounded once.
    jobs::quantize({exact, format, folder_ / "want.gguf", true}, host_);
    const auto want = io::GgufFile::open(folder_ / "want.gguf");
    for (const io::GgufTensor& tensor : want.tensors()) {
      EXPECT_TRUE(std::ranges::equal(tensor.bytes, file.tensor(tensor.name).bytes)) << tensor.name;
    }
  }
}

TEST_F(MergeFolder, AGgufWithoutAFormatHasThatOfItsBase) {
  for (const auto& [type, wanted] : {std::pair{"f32", "f16"}, {"bf16", "bf16"}}) {
    const auto folder = merged(base_.path(), adapter_, type, "folder");
    const auto file = io::GgufFile::open(merged(folder, adapter_, "", "out.gguf"));
    EXPECT_EQ(report_->format, wanted);
    EXPECT_EQ(io::to_weight(file.tensor("blk.0.attn_q.weight")).format, wanted);
    overwrite_ = true;
  }
  // Of a mixture each tensor goes back into its own, and what is not changed keeps its bytes.
  jobs::quantize({base_.path(), "q4_0", folder_ / "base.gguf"}, host_);
  const auto base = io::GgufFile::open(folder_ / "base.gguf");
  const auto mixed = io::GgufFile::open(merged(folder_ / "base.gguf", adapter_, "", "mixed.gguf"));
  EXPECT_EQ(report_->format, "keep");
  EXPECT_THAT(lines_, Contains(HasSubstr("each tensor keeps the base's number format: ")));
  const auto whole = io::GgufFile::open(
      merged(folder_ / "base.gguf", adapter_, "f32", "whole.gguf"));
  std::set<std::string> formats;
  for (const io::GgufTensor& tensor : base.tensors()) {
    const auto& own = mixed.tensor(tensor.name);
    EXPECT_EQ(own.type, tensor.type) << tensor.name;
    formats.insert(io::to_weight(own).format);
    const bool linear = tensor.name.find("attn_") != std::string::npos ||
                        tensor.name.find("ffn_") != std::string::npos;
    if (linear && tensor.name.find("norm") == std::string::npos) {
      const Weight sum = io::to_weight(whole.tensor(tensor.name));
      Matrix<float> values(sum.rows, sum.cols);
      quant::decode_rows(sum, 0, values.view());
      const Weight want = quant::encode(io::to_weight(own).format, tensor.name, values.view());
      EXPECT_TRUE(std::ranges::equal(own.bytes, want.data)) << tensor.name;
    } else {
      EXPECT_TRUE(std::ranges::equal(own.bytes, tensor.bytes)) << tensor.name;
    }
  }
  EXPECT_GE(formats.size(), 2U);
  EXPECT_EQ(mixed.get_int("general.file_type"), base.get_int("general.file_type"));
}

TEST_F(MergeFolder, AppearsWholeOrNotAtAll) {
  TemporaryFolder place;
  stop_at_ = 0.01;
  for (const char* name : {"out", "out.gguf"}) {
    stop_ = false;
    merged(base_.path(), adapter_, std::string(name) == "out" ? "" : "f32", name);
    EXPECT_FALSE(report_) << name;
    EXPECT_TRUE(fs::is_empty(folder_.path())) << name;
  }
}

TEST_F(MergeFolder, ValuesThatATypeCannotHoldAreRefused) {
  const fs::path loud = folder_ / "loud";
  save_small_adapter(*base_.load(), loud, {.rank = 1, .alpha = 1e7});
  for (const char* name : {"out", "out.gguf"}) {
    EXPECT_THAT(refusal(base_.path(), loud, "f16", name), HasSubstr("too large for f16")) << name;
    EXPECT_FALSE(fs::exists(folder_ / name));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);  // nothing is left over
}

TEST_F(MergeFolder, OnlyItsOwnResultIsReplaced) {
  const fs::path out = merged(base_.path(), adapter_, "", "out");
  EXPECT_THAT(refusal(base_.path(), adapter_, "", "out"), HasSubstr("Use --overwrite"));
  overwrite_ = true;
  write_file(out / "stale.json", "{}");
  merged(base_.path(), adapter_, "bf16", "out");
  EXPECT_FALSE(fs::exists(out / "stale.json"));
  EXPECT_EQ(io::Safetensors::open_folder(out).tensors()[0].dtype, "BF16");
  fs::copy(base_.path(), folder_ / "copy");
  EXPECT_THAT(refusal(base_.path(), adapter_, "", "copy"), HasSubstr("holds no merge.json"));
  EXPECT_THAT(refusal(out, adapter_, "", "out"), HasSubstr("which this command reads"));
  EXPECT_THAT(refusal(folder_ / "copy", adapter_, "", ""), HasSubstr("which this command reads"));
  EXPECT_TRUE(fs::exists(folder_ / "copy" / "config.json"));
}

TEST_F(MergeFolder, WhatCannotBeIsRefused) {
  EXPECT_THAT(refusal(base_.path(), adapter_, "q8_0", "out"), HasSubstr("no format of a folder's"));
  EXPECT_THAT(refusal(base_.path(), adapter_, "safetensors", "out.gguf"),
              HasSubstr("which has no safetensors"));
  EXPECT_THAT(refusal(base_.path(), adapter_, "q5_9", "out.gguf"), HasSubstr("'q5_9' is unknown"));
  jobs::quantize({base_.path(), "f32", folder_ / "base.gguf"}, host_);
  EXPECT_THAT(refusal(folder_ / "base.gguf", adapter_, "", "out"), HasSubstr("is a GGUF file"));
  overwrite_ = true;
  EXPECT_THAT(refusal(folder_ / "base.gguf", adapter_, "f32", "base.gguf"),
              HasSubstr("is a file that this command reads"));
}

}  // namespace
}  // namespace relatum::testing
