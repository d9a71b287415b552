// Folders and GGUF files in other number formats: the same model, and what is told and refused.
#include "jobs/quantize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <set>

#include "quant/format.h"
#include "support/error_of.h"
#include "support/gguf_parts.h"
#include "support/gguf_writer.h"
#include "support/tokenized.h"
#include "text/tokenizer.h"

namespace relatum::testing {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

class Quantize : public ::testing::Test {
 protected:
  Quantize() {
    host_.context.stop = &stop_;
    host_.context.log = [this](LogLevel, const std::string& line) { lines_.push_back(line); };
  }
  fs::path quantized(const fs::path& model, const std::string& format,
                     const std::string& name = "out.gguf") {
    report_ = jobs::quantize({model, format, folder_ / name, true}, host_);
    return folder_ / name;
  }
  std::set<std::string> formats_of(const fs::path& file) const {
    std::set<std::string> names;
    const auto opened = io::GgufFile::open(file);
    for (const auto& tensor : opened.tensors()) {
      names.emplace(quant::find_gguf_type(tensor.type)->name);
    }
    return names;
  }

  TemporaryFolder folder_;
  std::atomic<bool> stop_{false};
  jobs::Host host_;
  std::vector<std::string> lines_;
  std::optional<jobs::QuantizeReport> report_;
};

json folder_config(const std::string& option) { return decoder_options().at(option); }

class QuantizeOption : public Quantize, public ::testing::WithParamInterface<std::string> {};

TEST_P(QuantizeOption, IsTheFoldersModelInF32) {
  const TokenizedFolder folder(folder_config(GetParam()));
  const auto file = io::Safetensors::open(fixture("decoder/weights.safetensors"));
  std::vector<int32_t> tokens = read_ints(file, "input_ids");
  const auto model = load(quantized(folder.path(), "f32"));
  const json config = folder_config(GetParam());
  const bool window = GetParam().ends_with("window"), gemma = config["model_type"] == "gemma3_text";
  if (window && GetParam().starts_with("phi3")) {
    EXPECT_THAT(lines_, Contains(HasSubstr("llama.cpp passes over the window of 7 tokens")));
  } else if (window && !gemma) {
    EXPECT_EQ(model->info().context, 7);
    EXPECT_THAT(lines_, Contains(HasSubstr("the context ends with the window, after 7 tokens")));
    tokens.resize(7);
  }
  const Matrix<float> got = run(*model, single(tokens)), want = run(*folder.load(), single(tokens));
  // YaRN's magnitude is divided by its natural one and multiplied again by who reads the file.
  if (GetParam().starts_with("rope_yarn")) {
    EXPECT_LT(largest_difference(log_probabilities(got), log_probabilities(want).view()),
              kOptionBound);
  } else {
    EXPECT_TRUE(bit_equal(got, want));
  }
  for (const auto& kind : report_->kinds) EXPECT_EQ(kind.error(), 0) << kind.name;
}

std::vector<std::string> writable_options() {
  std::vector<std::string> names = decoder_option_names();
  std::erase_if(names,
                [](const std::string& name) { return options_without_gguf().contains(name); });
  return names;
}
INSTANTIATE_TEST_SUITE_P(Fixtures, QuantizeOption, ::testing::ValuesIn(writable_options()),
                         [](const auto& test) { return test.param; });

TEST_F(Quantize, OptionsWithoutAFormAreRefused) {
  for (const auto& [option, said] : options_without_gguf()) {
    const TokenizedFolder folder(folder_config(option));
    EXPECT_THAT(error_of([&] { quantized(folder.path(), "f32"); }), HasSubstr(said)) << option;
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

// llama.cpp reads no divisors of single frequencies in these networks, and no YaRN for one of two
// kinds of layers.
TEST_F(Quantize, ScalingsThatOnlySomeNetworksHaveAreRefused) {
  const auto refusal = [&](const std::string& option, const std::string& scaling) {
    json config = folder_config(option);
    config["rope_scaling"] = folder_config(scaling)["rope_scaling"];
    const TokenizedFolder folder(config);
    return error_of([&] { quantized(folder.path(), "f32"); });
  };
  EXPECT_THAT(refusal("qwen2", "rope_llama3"), HasSubstr("'llama3' scales"));
  EXPECT_THAT(refusal("qwen3", "rope_longrope"), HasSubstr("'longrope' scales"));
  EXPECT_THAT(refusal("phi3", "rope_llama3"), HasSubstr("an architecture 'phi3'"));
  EXPECT_THAT(refusal("gemma3", "rope_yarn"), HasSubstr("'yarn' scales"));
  EXPECT_EQ(refusal("qwen2", "rope_yarn"), "");
  json both = folder_config("gemma3_linear");
  both["rope_parameters"]["sliding_attention"] = {
      {"rope_type", "linear"}, {"factor", 2.0}, {"rope_theta", 50.0}};
  const TokenizedFolder folder(both);
  EXPECT_THAT(error_of([&] { quantized(folder.path(), "f32"); }),
              HasSubstr("layers that slide scale their rotary positions by 'linear'"));
}

// Longrope as it was called at first.
TEST_F(Quantize, ScalingByItsOldNameIsWrittenByItsNewOne) {
  json config = folder_config("rope_longrope");
  config["rope_scaling"].erase("rope_type");
  config["rope_scaling"]["type"] = "su";
  const TokenizedFolder old(config), now(folder_config("rope_longrope"));
  const auto first = quantized(old.path(), "f32", "first.gguf");
  const auto second = quantized(now.path(), "f32", "second.gguf");
  const auto from = io::GgufFile::open(first);
  EXPECT_EQ(from.get_string("llama.rope.scaling.type"), "longrope");
  const auto file = io::Safetensors::open(fixture("decoder/weights.safetensors"));
  const auto row = single(read_ints(file, "input_ids"));
  EXPECT_TRUE(bit_equal(run(*load(first), row), run(*load(second), row)));
}

// What readers take without a key is not written; what they would take wrongly is, and is told.
TEST_F(Quantize, Gemma3sRhythmAndBaseAreWrittenWhereTheyDiffer) {
  json config = folder_config("gemma3");
  config["layer_types"] = {"sliding_attention", "sliding_attention"};
  config["rope_local_base_freq"] = 10000.0;
  const TokenizedFolder usual(config);
  const auto plain = io::GgufFile::open(quantized(usual.path(), "f32", "plain.gguf"));
  EXPECT_EQ(plain.get_int("gemma3.attention.sliding_window"), 7);
  EXPECT_FALSE(plain.find("gemma3.attention.sliding_window_pattern"));
  EXPECT_FALSE(plain.find("gemma3.rope.freq_base_swa"));
  EXPECT_THAT(lines_, Not(Contains(HasSubstr("slide"))));
  const TokenizedFolder other(folder_config("gemma3"));
  const auto file = io::GgufFile::open(quantized(other.path(), "f32", "other.gguf"));
  EXPECT_EQ(file.get_int("gemma3.attention.sliding_window_pattern"), 2);
  EXPECT_EQ(file.get_double("gemma3.rope.freq_base_swa"), 50);
  EXPECT_THAT(lines_, Contains(HasSubstr("of every 2 layers all but the last slide, with a base "
                                         "of 50")));
}

class QuantizeT5 : public Quantize, public ::testing::WithParamInterface<std::string> {};

TEST_P(QuantizeT5, IsTheFoldersModelInF32) {
  json config = t5_options().at(GetParam().substr(0, GetParam().find('+')));
  config["relative_attention_max_distance"] = 128;  // llama.cpp knows no other
  if (GetParam().ends_with("+scaled")) config["scale_decoder_outputs"] = true;
  if (GetParam().ends_with("+plain")) config["scale_decoder_outputs"] = false;
  const T5Folder folder(config);
  const T5Row row = t5_rows()[0];
  nn::TokenBatch batch;
  const int root = batch.root();
  batch.read_source(root, batch.add_source(row.source));
  batch.append(root, row.fed());
  batch.finish();
  const auto model = load(quantized(folder.path(), "f32"));
  const auto told = Contains(HasSubstr("a T5 whose decoder has more layers"));
  if (GetParam() == "deeper_decoder") {
    EXPECT_THAT(lines_, told);
  } else {
    EXPECT_THAT(lines_, Not(told));
  }
  const Matrix<float> got = run(*model, batch), want = run(*folder.load(), batch);
  EXPECT_TRUE(bit_equal(got, want)) << largest_difference(got, want.view());
}

INSTANTIATE_TEST_SUITE_P(Fixtures, QuantizeT5,
                         ::testing::Values("first", "gated_gelu", "untied", "deeper_decoder",
                                           "first+plain", "untied+scaled"),
                         [](const auto& test) {
  std::string name = test.param;
  std::ranges::replace(name, '+', '_');
  return name;
});

TEST_F(Quantize, EightBitsAreCloseAndHalfAsLarge) {
  const TokenizedFolder folder(folder_config("untied_head"));
  const auto file = io::Safetensors::open(fixture("decoder/weights.safetensors"));
  const nn::TokenBatch row = single(read_ints(file, "input_ids"));
  const auto model = load(quantized(folder.path(), "q8_0"));
  EXPECT_EQ(formats_of(folder_ / "out.gguf"), (std::set<std::string>{"f16", "f32", "q8_0"}));
  // At most half a step, largest / 254, is lost of each value, and the root mean square of a
  // block's 32 values is at least largest / sqrt(32); the scale itself is a half.
  const double most = std::sqrt(32.0) / 254 + 0x1p-11;
  for (const auto& kind : report_->kinds) EXPECT_LT(kind.error(), most) << kind.name;
  EXPECT_LT(2 * report_->bytes, report_->bytes_before);
  // Four bits have steps 16 times as wide; a quarter of that leaves room for chance.
  const Matrix<float> want = log_probabilities(run(*folder.load(), row));
  const Matrix<float> got = log_probabilities(run(*model, row));
  const auto coarse = load(quantized(folder.path(), "q4_0"));
  const double off = largest_difference(log_probabilities(run(*coarse, row)), want.view());
  EXPECT_LT(largest_difference(got, want.view()), off / 4);
  EXPECT_GT(largest_difference(got, want.view()), 0);
}

TEST_F(Quantize, RowsThatDoNotFitGetWhatLlamaCppGivesThem) {
  const TokenizedFolder folder(folder_config("untied_head"));
  quantized(folder.path(), "q4_k");
  const auto file = io::GgufFile::open(folder_ / "out.gguf");
  EXPECT_EQ(quant::find_gguf_type(file.tensor("blk.0.attn_q.weight").type)->name, "q5_0");
  EXPECT_EQ(quant::find_gguf_type(file.tensor("blk.1.ffn_down.weight").type)->name, "f16");
  EXPECT_EQ(quant::find_gguf_type(file.tensor("output.weight").type)->name, "q8_0");
  EXPECT_EQ(quant::find_gguf_type(file.tensor("blk.0.attn_norm.weight").type)->name, "f32");
  EXPECT_EQ(file.get_int("general.file_type"), 14);
  EXPECT_THAT(lines_, Contains(HasSubstr("rows of 32 values: q5_0 instead of q4_k, whose blocks "
                                         "have 256")));
  EXPECT_THAT(lines_, Contains(HasSubstr("2 tensors with rows of 48 values: f16 instead of q4_k")));
  EXPECT_THAT(lines_, Contains(HasSubstr("output.weight is kept in q8_0, as it is the head")));
  load(folder_ / "out.gguf");
}

TEST_F(Quantize, AGgufKeepsItsKeysAndWhatIsNoMatrix) {
  const TokenizedFolder folder(folder_config("rope_llama3"));
  const auto first = quantized(folder.path(), "f32", "first.gguf");
  const auto second = quantized(first, "bf16", "second.gguf");
  const auto from = io::GgufFile::open(first), to = io::GgufFile::open(second);
  ASSERT_EQ(from.metadata().size(), to.metadata().size());
  for (const io::GgufEntry& entry : from.metadata()) {
    const io::GgufValue* kept = to.find(entry.key);
    ASSERT_TRUE(kept) << entry.key;
    if (entry.key == "general.file_type") continue;
    EXPECT_TRUE(std::ranges::equal(kept->raw, entry.value.raw)) << entry.key;
  }
  EXPECT_TRUE(std::ranges::equal(from.tensor("rope_freqs.weight").bytes,
                                 to.tensor("rope_freqs.weight").bytes));
  EXPECT_EQ(to.get_int("general.file_type"), 32);
  // Once more into what it is: nothing is rounded again.
  quantized(second, "bf16", "third.gguf");
  EXPECT_EQ(read_file(second), read_file(folder_ / "third.gguf"));
}

// Parts become one file, which says nothing of parts.
TEST_F(Quantize, AModelInPartsIsWrittenWhole) {
  const auto parts = write_parts(folder_.path(), 3);
  const auto whole = quantized(fixture("llama/tiny.gguf"), "f16", "whole.gguf");
  const auto joined = quantized(parts, "f16", "joined.gguf");
  EXPECT_EQ(read_file(joined), read_file(whole));
  // A part may no more be replaced than a whole model.
  EXPECT_THAT(error_of([&] { quantized(parts, "f16", "big-00002-of-00003.gguf"); }),
              HasSubstr("is a file that this command reads"));
}

TEST_F(Quantize, AFileMayBeReplacedButNotTheModels) {
  const TokenizedFolder folder(folder_config("untied_head"));
  const auto first = quantized(folder.path(), "f32", "first.gguf");
  quantized(first, "bf16", "second.gguf");
  quantized(first, "f16", "second.gguf");  // --overwrite is given
  EXPECT_EQ(io::GgufFile::open(folder_ / "second.gguf").get_int("general.file_type"), 1);
  fs::create_hard_link(first, folder_ / "link.gguf");
  EXPECT_THAT(error_of([&] { quantized(first, "bf16", "link.gguf"); }),
              HasSubstr("is a file that this command reads"));
}

TEST_F(Quantize, TheTokenizerIsTheFolders) {
  const TokenizedFolder folder(folder_config("untied_head"));
  const auto file = quantized(folder.path(), "f32");
  const auto want = text::load_tokenizer(folder.path()), got = text::load_tokenizer(file);
  for (const char* text : {"Anna flies.", "a  b", "(12)", ""}) {
    EXPECT_EQ(got->encode_with_special(text), want->encode_with_special(text)) << text;
  }
  EXPECT_EQ(got->token(95), "[PAD95]");
  EXPECT_EQ(got->special().eos, want->special().eos);
}

TEST_F(Quantize, WhatCannotBeWrittenIsRefused) {
  const TokenizedFolder folder(folder_config("untied_head"));
  EXPECT_THAT(error_of([&] { quantized(folder.path(), "q3_k"); }),
              HasSubstr("number format 'q3_k' is unknown. Did you mean 'q4_k'? Use q8_0, "));
  EXPECT_THAT(error_of([&] { quantized(fixture("bert"), "f32"); }), HasSubstr("'bert'"));
  const OptionFolder silent(folder_config("untied_head"));
  EXPECT_THAT(error_of([&] { quantized(silent.path(), "f32"); }), HasSubstr("tokenizer.json"));
  json far = t5_options().at("first");
  far["relative_attention_max_distance"] = 64;
  EXPECT_THAT(error_of([&] { quantized(T5Folder(far).path(), "f32"); }),
              HasSubstr("relative_attention_max_distance is 64, not 128"));
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(Quantize, ValuesThatAFormatCannotHoldAreRefused) {
  std::vector<float> values(32 * 32, 1.0f);
  const auto write = [&](float worst) {
    values[77] = worst;
    GgufWriter writer;
    writer.set_string("general.architecture", "llama");
    writer.add_tensor("blk.0.attn_q.weight", 0, {32, 32}, std::as_bytes(std::span(values)));
    writer.write(folder_ / "in.gguf");
  };
  write(1e6f);
  EXPECT_THAT(error_of([&] { quantized(folder_ / "in.gguf", "f16"); }),
              HasSubstr("tensor 'blk.0.attn_q.weight' of"));
  EXPECT_THAT(error_of([&] { quantized(folder_ / "in.gguf", "f16"); }),
              HasSubstr("too large for f16. Choose bf16 or f32."));
  EXPECT_EQ(error_of([&] { quantized(folder_ / "in.gguf", "bf16"); }), "");
  write(NAN);
  EXPECT_THAT(error_of([&] { quantized(folder_ / "in.gguf", "q8_0"); }), HasSubstr("not finite"));
  EXPECT_THAT(error_of([&] { quantized(folder_ / "in.gguf", "q8_0", "in.gguf"); }),
              HasSubstr("in.gguf"));
}

TEST_F(Quantize, AStopLeavesNothingBehind) {
  const TokenizedFolder folder(folder_config("untied_head"));
  stop_ = true;
  quantized(folder.path(), "q8_0");
  EXPECT_FALSE(report_);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

}  // namespace
}  // namespace relatum::testing
