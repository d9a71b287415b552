// Folders that bitsandbytes quantised: its values, a model's logits, and damaged states.
#include "arch/bitsandbytes.h"

#include <map>

#include "arch/changed_model.h"
#include "quant/format.h"
#include "support/error_of.h"
#include "support/shows.h"

namespace relatum::testing {
namespace {

// The formats that the fixture's single tensors become.
const std::map<std::string, std::string> kFormats = {{"a", "nf4"},  {"b", "map4"}, {"c", "map4"},
                                                     {"d", "map4"}, {"e", "map4"}, {"f", "map4"}};

TEST(BitsAndBytes, ValuesAreThoseOfItsOwnDecoding) {
  const auto file = io::Safetensors::open(fixture("llama/bnb_tensors.safetensors"));
  for (const auto& [name, format] : kFormats) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(arch::is_bitsandbytes(file, name));
    EXPECT_FALSE(arch::is_bitsandbytes(file, name + ".values"));
    std::set<std::string, std::less<>> read;
    const Weight weight = arch::bitsandbytes_weight(file, name, read);
    EXPECT_EQ(weight.format, format);
    const Matrix<float> expected = read_matrix(file, name + ".values");
    ASSERT_EQ(weight.rows, expected.rows());
    ASSERT_EQ(weight.cols, expected.cols());
    Matrix<float> values(weight.rows, weight.cols);
    quant::decode_rows(weight, 0, values.view());
    for (int64_t i = 0; i < weight.size(); ++i) {
      ASSERT_EQ(values.row(0)[i], expected.row(0)[i]) << i;
    }
    EXPECT_EQ(read.size(), file.find(name + ".nested_absmax") ? 6u : 4u);
  }
}

class BitsAndBytesModel : public ::testing::TestWithParam<const char*> {};

TEST_P(BitsAndBytesModel, LogitsAreThoseOfTheDequantisedOne) {
  shows("with 4 bits by bitsandbytes", {"logits", "safetensors"});
  const fs::path folder = fixture(std::string("llama/") + GetParam());
  const auto expected = io::Safetensors::open(folder / "expected.safetensors");
  const arch::ModelFiles files = arch::ModelFiles::open(folder);
  EXPECT_EQ(arch::resolve_base(files, "auto"), "keep");
  const auto model = load(folder);
  for (const std::string row : {"row0.", "row1."}) {
    const auto tokens = read_ints(expected, row + "input_ids");
    EXPECT_LT(distance(run(*model, single(tokens)), read_matrix(expected, row + "logits")),
              parity_bound(*model));
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, BitsAndBytesModel,
                         ::testing::Values("bnb_double", "bnb_plain", "bnb_fp4"),
                         [](const auto& test) { return std::string(test.param); });

TEST(BitsAndBytes, LinearsAreKeptAsTheyAreStored) {
  const arch::ModelFiles files = arch::ModelFiles::open(fixture("llama/bnb_plain"));
  const auto format = [&](const std::string& name, int64_t rows, int64_t cols) {
    return files.weight({"model.layers.0." + name + ".weight", ""}, rows, cols).format;
  };
  EXPECT_EQ(format("self_attn.q_proj", 64, 64), "map4");
  EXPECT_EQ(format("self_attn.o_proj", 64, 64), "f32");  // a module that was left out
  EXPECT_EQ(files.weight({"lm_head.weight", ""}, 64, 64).format, "f32");
}

/// Copies of the quantised folder with one tensor or setting replaced.
class DamagedBits : public ::testing::Test {
 protected:
  using Change = std::function<void(io::SafetensorsOutput&)>;

  std::string refusal(const std::string& ending, const Change& change) {
    const fs::path from = fixture("llama/bnb_double");
    fs::copy_file(from / "config.json", folder_ / "config.json",
                  fs::copy_options::overwrite_existing);
    const auto file = io::Safetensors::open(from / "model.safetensors");
    std::vector<io::SafetensorsOutput> tensors;
    bool changed = false;
    for (const auto& tensor : file.tensors()) {
      tensors.push_back({tensor.name, tensor.dtype, tensor.shape, tensor.bytes});
      if (!tensor.name.ends_with(ending)) continue;
      change(tensors.back());
      changed = true;
      if (tensors.back().name.empty()) tensors.pop_back();
    }
    EXPECT_TRUE(changed) << ending;
    io::write_safetensors(folder_ / "model.safetensors", tensors);
    return error_of([&] { load(folder_.path()); });
  }

  /// The state of one weight with other JSON.
  std::string with_state(const std::function<std::string(json)>& text) {
    std::string kept;
    return refusal("q_proj.weight.quant_state.bitsandbytes__nf4", [&](io::SafetensorsOutput& out) {
      const auto* bytes = reinterpret_cast<const char*>(out.bytes.data());
      kept = text(json::parse(std::string(bytes, out.bytes.size())));
      out.bytes = std::as_bytes(std::span(kept));
      out.shape = {int64_t(kept.size())};
    });
  }
  std::string with_setting(const std::string& key, const json& value) {
    return with_state([&](json state) {
      state[key] = value;
      return state.dump();
    });
  }

  static void cut(io::SafetensorsOutput& out) {
    const size_t width = io::safetensors_dtype_size(out.dtype);
    out.bytes = out.bytes.first(out.bytes.size() - width);
    out.shape = {int64_t(out.bytes.size() / width)};
  }
  TemporaryFolder folder_;
};

TEST_F(DamagedBits, PartsOfAnotherLength) {
  EXPECT_THAT(refusal("q_proj.weight", cut), AllOf(HasSubstr("2047"), HasSubstr("64 x 64")));
  EXPECT_THAT(refusal("q_proj.weight.absmax", cut), AllOf(HasSubstr("63"), HasSubstr("64")));
  EXPECT_THAT(refusal("up_proj.weight.nested_absmax", cut), HasSubstr("expected 2 of type F32"));
  EXPECT_THAT(refusal("q_proj.weight.nested_quant_map", cut), HasSubstr("255"));
  EXPECT_THAT(refusal("q_proj.weight.quant_map", cut), HasSubstr("15"));
}

TEST_F(DamagedBits, PartsThatAreNotThere) {
  const Change away = [](io::SafetensorsOutput& out) { out.name.clear(); };
  EXPECT_THAT(refusal("q_proj.weight.absmax", away), HasSubstr("q_proj.weight.absmax"));
  EXPECT_THAT(refusal("q_proj.weight.quant_map", away), HasSubstr("q_proj.weight.quant_map"));
  EXPECT_THAT(refusal("q_proj.weight.nested_absmax", away), HasSubstr("q_proj.weight.absmax"));
  EXPECT_THAT(refusal("q_proj.weight.nested_quant_map", away), HasSubstr("nested_quant_map"));
  // Codes alone are a tensor of bytes.
  EXPECT_THAT(refusal("q_proj.weight.quant_state.bitsandbytes__nf4", away), HasSubstr("U8"));
}

TEST_F(DamagedBits, ValuesThatAreNone) {
  std::vector<float> bad(256, std::numeric_limits<float>::infinity());
  const Change infinite = [&](io::SafetensorsOutput& out) {
    out.bytes = std::as_bytes(std::span(bad)).first(out.bytes.size());
  };
  EXPECT_THAT(refusal("q_proj.weight.nested_absmax", infinite), HasSubstr("not a finite number"));
  EXPECT_THAT(refusal("q_proj.weight.nested_quant_map", infinite), HasSubstr("finite"));
  std::fill(bad.begin(), bad.end(), 0.5f);
  EXPECT_THAT(refusal("q_proj.weight.quant_map", infinite), HasSubstr("not those of nf4"));
}

TEST_F(DamagedBits, StatesThatSaySomethingElse) {
  EXPECT_THAT(with_state([](const json&) { return std::string("{not JSON"); }),
              HasSubstr("quant_state"));
  EXPECT_THAT(with_state([](const json&) { return std::string("[1]"); }), HasSubstr("quant_type"));
  EXPECT_THAT(with_setting("shape", {32, 128}), HasSubstr("expected 64 x 64"));
  EXPECT_THAT(with_setting("shape", {64, 65}), HasSubstr("64 x 65"));
  EXPECT_THAT(with_setting("shape", {4096}), HasSubstr("shape"));
  EXPECT_THAT(with_setting("shape", {-64, -64}), HasSubstr("shape"));
  EXPECT_THAT(with_setting("shape", {int64_t{1} << 40, int64_t{1} << 40}), HasSubstr("shape"));
  EXPECT_THAT(with_setting("shape", nullptr), HasSubstr("shape"));
  EXPECT_THAT(with_setting("blocksize", 0), HasSubstr("blocksize is 0"));
  EXPECT_THAT(with_setting("blocksize", 96), HasSubstr("blocksize is 96"));
  EXPECT_THAT(with_setting("blocksize", 128), HasSubstr("expected 32"));
  EXPECT_THAT(with_setting("nested_blocksize", -1), HasSubstr("nested_blocksize"));
  EXPECT_THAT(with_setting("nested_offset", 1e300), HasSubstr("nested_offset"));
  EXPECT_THAT(with_setting("nested_offset", nullptr), HasSubstr("nested_offset"));
  EXPECT_THAT(with_setting("quant_type", "fp4"), HasSubstr("'fp4'"));
  EXPECT_THAT(with_setting("quant_type", 4), HasSubstr("quant_type"));
}

class OtherQuantisation : public ChangedModel {};

TEST_F(OtherQuantisation, IsRefusedByName) {
  const auto refused = [&](const json& settings, const std::string& name) {
    const fs::path path = folder({{"quantization_config", settings}});
    EXPECT_THAT(error_of([&] { load(path); }),
                AllOf(HasSubstr("quantization_config"), HasSubstr(name), HasSubstr("bitsandbytes")))
        << settings;
  };
  for (const char* method : {"gptq", "awq", "fp8", "compressed-tensors", "hqq", "quanto"}) {
    refused({{"quant_method", method}, {"bits", 4}}, "'" + std::string(method) + "'");
  }
  refused({{"quant_method", "bitsandbytes"}, {"load_in_8bit", true}}, "8 bits");
  refused({{"load_in_8bit", true}, {"load_in_4bit", false}}, "8 bits");
  refused({{"bits", 4}}, "does not name");
  refused({{"load_in_4bit", true}, {"bnb_4bit_quant_type", "int4"}}, "'int4'");
}

}  // namespace
}  // namespace relatum::testing
