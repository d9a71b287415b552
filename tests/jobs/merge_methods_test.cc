// PEFT's adapters of every form, merged into their base: the answers are those of PEFT's adapter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/to_weight.h"
#include "jobs/quantize.h"
#include "merging.h"
#include "support/methods.h"
#include "support/small_adapter.h"
#include "support/tokenized.h"

namespace relatum::testing {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

bool has_own_modules(const std::string& name) {
  return name.starts_with("saved") || name.starts_with("tokens") || name == "plus_saved";
}
bool parts_head(const std::string& name) {
  return name == "plus_saved" || name == "saved_embedding" || name == "saved_both" ||
         name == "saved_gemma" || name == "saved_t5";
}

json t5_with_known_distances(const std::string& base) {
  json config = t5_options().at(base.substr(3));
  config["relative_attention_max_distance"] = 128;
  return config;
}

class MergeMethods : public Merge, public ::testing::WithParamInterface<std::string> {
 protected:
  bool of_t5() const { return case_.facts().at("base").get<std::string>().starts_with("t5:"); }
  // With a tokenizer, which sessions need.
  fs::path base() {
    const std::string name = case_.facts().at("base");
    if (of_t5() || name == "tied" || name == "untied") return case_.base();
    return option_.emplace(decoder_options().at(name)).path();
  }
  // Of T5 with the distances that llama.cpp knows.
  fs::path base_for_gguf() {
    if (!of_t5()) return base();
    return t5_.emplace(t5_with_known_distances(case_.facts().at("base"))).path();
  }
  void expect_answers(const arch::Model& model, const std::vector<Matrix<float>>& want) const {
    const auto rows = case_.rows();
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_LT(largest_difference(answer_log_probabilities(model, {}, rows[i]), want[i].view()),
                kOptionBound)
          << i;
    }
  }
  std::vector<Matrix<float>> with_adapter(const fs::path& base) const {
    const auto model = load(base);
    const auto adapter = train::load_peft(case_.folder(), *model, DType::kF32);
    std::vector<Matrix<float>> all;
    for (const auto& row : case_.rows()) {
      all.push_back(answer_log_probabilities(*model, adapter->set(), row));
    }
    return all;
  }

  MethodCase case_{GetParam()};
  std::optional<T5Folder> t5_;
  std::optional<TokenizedFolder> option_;
};

TEST_P(MergeMethods, FolderAnswersAsPeftsAdapter) {
  std::vector<Matrix<float>> want;
  for (const char* number : {"0", "1"}) {
    want.push_back(read_matrix(case_.expected(), "expected." + std::string(number)));
  }
  const fs::path base = this->base(), out = merged(base, case_.folder(), "", "out");
  expect_answers(*load(out), want);
  EXPECT_EQ(report_->parts_head, parts_head(GetParam()));
  EXPECT_EQ(report_->modules.empty(), !has_own_modules(GetParam()));
  const json config = io::load_json(out / "config.json"),
             before = io::load_json(base / "config.json");
  if (parts_head(GetParam())) EXPECT_EQ(config["tie_word_embeddings"], false);
  else EXPECT_EQ(config, before);
}

TEST_P(MergeMethods, GgufAnswersAsItsAdapterFromAFolderAndFromGguf) {
  if (GetParam() == "saved_t5") return;  // has no form there, see below
  const fs::path base = base_for_gguf();
  const auto want = with_adapter(base);
  const fs::path file = merged(base, case_.folder(), "f32", "merged.gguf");
  expect_answers(*load(file), want);
  const bool parts = report_->parts_head;
  jobs::quantize({base, "f32", folder_ / "base.gguf"}, host_);
  const fs::path again = merged(folder_ / "base.gguf", case_.folder(), "f32", "again.gguf");
  EXPECT_EQ(report_->parts_head, parts);
  expect_answers(*load(again), want);
  const auto one = io::GgufFile::open(file), other = io::GgufFile::open(again);
  ASSERT_EQ(one.tensors().size(), other.tensors().size());
  for (const io::GgufTensor& tensor : one.tensors()) {
    EXPECT_TRUE(std::ranges::equal(tensor.bytes, other.tensor(tensor.name).bytes)) << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, MergeMethods,
                         ::testing::ValuesIn(method_names([](const auto& name) {
                           return !begins_at_principal_part(name);
                         })),
                         [](const auto& test) { return test.param; });

class MergeModules : public Merge {
 protected:
  static bool equal(const io::SafetensorsTensor& one, const io::SafetensorsTensor& other) {
    return one.shape == other.shape && std::ranges::equal(one.bytes, other.bytes);
  }
};

// Head and embedding of a tied base become two tensors; which file an index names is true.
TEST_F(MergeModules, AHeadThatStaysTheBasesIsTheBasesEmbedding) {
  const MethodCase which("saved_embedding");
  const fs::path out = merged(which.base(), which.folder(), "", "out");
  const auto before = io::Safetensors::open_folder(which.base()),
             after = io::Safetensors::open_folder(out),
             adapter = io::Safetensors::open(which.folder() / "adapter_model.safetensors");
  EXPECT_EQ(before.find("lm_head.weight"), nullptr);
  EXPECT_TRUE(equal(after.tensor("lm_head.weight"), before.tensor("model.embed_tokens.weight")));
  EXPECT_TRUE(equal(after.tensor("model.embed_tokens.weight"),
                    adapter.tensor("base_model.model.model.embed_tokens.weight")));
  EXPECT_THAT(report_->modules, ElementsAre("model.embed_tokens"));
  EXPECT_EQ(io::load_json(out / "merge.json")["modules"], json({"model.embed_tokens"}));
  uint64_t bytes = 0;
  for (const auto& tensor : after.tensors()) bytes += tensor.bytes.size();
  EXPECT_EQ(report_->bytes, bytes);
  EXPECT_DOUBLE_EQ(last_.done, last_.total);
}

TEST_F(MergeModules, OfABaseInSeveralFilesTheIndexNamesThem) {
  const MethodCase which("saved_gemma");
  const TokenizedFolder base(decoder_options().at("gemma3"), 3);
  const fs::path out = merged(base.path(), which.folder(), "bf16", "out");
  const json index = io::load_json(out / "model.safetensors.index.json");
  const auto weights = io::Safetensors::open_folder(out);
  EXPECT_EQ(index["weight_map"]["lm_head.weight"],
            index["weight_map"]["model.embed_tokens.weight"]);
  EXPECT_EQ(weights.tensor("lm_head.weight").dtype, "BF16");
  EXPECT_EQ(index["metadata"]["total_size"], report_->bytes);
  // Merged once more into that, which has two of its own already.
  save_small_adapter(*load(out), folder_ / "next");
  merged(out, folder_ / "next", "", "twice");
  EXPECT_FALSE(report_->parts_head);
  EXPECT_TRUE(equal(io::Safetensors::open_folder(folder_ / "twice").tensor("lm_head.weight"),
                    weights.tensor("lm_head.weight")));
}

TEST_F(MergeModules, AGgufsHeadHasTheFormatOfHeads) {
  const MethodCase which("saved_both");
  const auto file = io::GgufFile::open(merged(which.base(), which.folder(), "q4_0", "out.gguf"));
  const auto format = [&](const char* name) { return io::to_weight(file.tensor(name)).format; };
  EXPECT_NE(format("output.weight"), format("token_embd.weight"));
  EXPECT_EQ(format("token_embd.weight"), "q4_0");
  EXPECT_THAT(lines_, ::testing::Contains(HasSubstr("output.weight is kept in")));
}

// One table cannot stand for two.
TEST_F(MergeModules, EmbeddingsOfEncoderAndDecoderThatDifferHaveNoPlaceInGguf) {
  const MethodCase which("saved_t5");
  EXPECT_THAT(refusal(which.base(), which.folder(), "f32", "out.gguf"),
              HasSubstr("gives encoder and decoder embeddings that differ"));
  const T5Folder base(t5_with_known_distances(which.facts().at("base")));
  const fs::path out = merged(base.path(), which.folder(), "", "out");
  EXPECT_THAT(error_of([&] {
                jobs::quantize({out, "f32", folder_ / "out.gguf"}, host_);
              }),
              HasSubstr("differs from 'shared.weight'"));
}

}  // namespace
}  // namespace relatum::testing
