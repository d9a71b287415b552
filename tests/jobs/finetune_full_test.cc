// Fine-tuning of all weights, from options to the model that extraction takes up.
#include "arch/model_files.h"
#include "base/error.h"
#include "desk.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"
#include "jobs/finetune_method.h"
#include "jobs/run_record.h"
#include "support/error_of.h"
#include "support/models.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;

class FullJob : public Desk {
 protected:
  jobs::FinetuneOptions teach_all() const {
    jobs::FinetuneOptions options = teach();
    options.method = "full";
    options.learning_rate = 2e-3;
    return options;
  }
  jobs::ExtractOptions ask_run() const {
    jobs::ExtractOptions options = ask();
    options.model.model = "";
    options.prompt = "";
    options.adapter = path("run");
    return options;
  }
  std::string refusal(const jobs::FinetuneOptions& options) {
    const std::string sentence = error_of([&] { jobs::finetune(options, host_); });
    EXPECT_FALSE(there("run"));
    return sentence;
  }
};

// A rate for adapters would undo what a trained model knows.
TEST(FullMethod, HasALearningRateOfItsOwn) {
  jobs::FinetuneOptions options;
  EXPECT_EQ(jobs::learning_rate(options), 1e-3);
  options.training.lora_plus = 16;
  EXPECT_EQ(jobs::learning_rate(options), 2.5e-4) << "of A, and 16 times as much of B";
  options.training.lora_plus = 1;
  options.method = "full";
  EXPECT_EQ(jobs::learning_rate(options), 2e-4);
  options.learning_rate = 2e-3;
  EXPECT_EQ(jobs::learning_rate(options), 2e-3);
}

TEST_F(FullJob, WritesAModelThatExtractionTakesUp) {
  EXPECT_TRUE(jobs::finetune(teach_all(), host_).finished);
  EXPECT_EQ(jobs::read_run(path("run")).status, "done");
  EXPECT_FALSE(there("run/adapter_model.safetensors"));
  EXPECT_FALSE(there("run/state"));
  for (const char* name : {"tokenizer.json", "tokenizer_config.json"}) {
    EXPECT_EQ(read(std::string("run/model/") + name), read_file(fs::path(kModel) / name));
  }
  EXPECT_TRUE(jobs::extract(ask_run(), host_).finished);
  const std::string answers = std::exchange(out_, "");
  EXPECT_EQ(json_lines(answers).size(), 10u);
  EXPECT_TRUE(warnings_.empty()) << warnings_[0];
  // It is a model like any other, and not the one that it was.
  jobs::ExtractOptions alone = ask();
  alone.model.model = path("run/model");
  alone.model.base = "f32";
  alone.data.labels = path("run/labels.json");
  jobs::extract(alone, host_);
  EXPECT_EQ(std::exchange(out_, ""), answers);
  alone.model.model = kModel;
  jobs::extract(alone, host_);
  EXPECT_NE(out_, answers);
}

TEST_F(FullJob, TheModelsFilesAreTheBasesInF32) {
  jobs::finetune(teach_all(), host_);
  const auto base = arch::ModelFiles::open(kModel),
             trained = arch::ModelFiles::open(path("run/model"));
  json want = *base.config();
  want["torch_dtype"] = "float32";
  EXPECT_EQ(*trained.config(), want);
  ASSERT_EQ(trained.safetensors()->tensors().size(), base.safetensors()->tensors().size());
  for (const auto& tensor : base.safetensors()->tensors()) {
    const auto& now = trained.safetensors()->tensor(tensor.name);
    EXPECT_EQ(now.shape, tensor.shape) << tensor.name;
    EXPECT_EQ(now.dtype, "F32") << tensor.name;
    EXPECT_FALSE(std::ranges::equal(now.bytes, tensor.bytes)) << tensor.name << " did not move";
  }
}

TEST_F(FullJob, StopsAndGoesOnToTheSameModel) {
  jobs::FinetuneOptions options = teach_all();
  options.training.epochs = 3;
  options.batch_tokens = 64;
  jobs::finetune(options, host_);
  const std::string want = read("run/model/model.safetensors");
  options.out = path("again");
  host_.context.progress = [&](const Progress& p) { stop_ = p.done >= 3; };
  EXPECT_FALSE(jobs::finetune(options, host_).finished);
  EXPECT_FALSE(there("again/model"));
  stop_ = false;
  host_.context.progress = nullptr;
  options.resume = true;
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(read("again/model/model.safetensors"), want);
}

TEST_F(FullJob, AnAdapterInItsPlaceLeavesNoModel) {
  jobs::finetune(teach_all(), host_);
  jobs::FinetuneOptions options = teach();
  options.overwrite = true;
  jobs::finetune(options, host_);
  EXPECT_TRUE(there("run/adapter_model.safetensors"));
  EXPECT_FALSE(there("run/model"));
}

TEST_F(FullJob, NothingIsTrainedFromItsOwnModelIntoItself) {
  jobs::finetune(teach_all(), host_);
  jobs::FinetuneOptions options = teach_all();
  options.model.model = path("run/model");
  options.overwrite = true;
  EXPECT_THAT([&] { jobs::finetune(options, host_); },
              ThrowsMessage<Error>(HasSubstr("is read by this command")));
  EXPECT_TRUE(there("run/model/model.safetensors"));
}

TEST_F(FullJob, ExtractionHoldsTheModelAgainstTheRecord) {
  jobs::finetune(teach_all(), host_);
  jobs::ExtractOptions options = ask_run();
  options.model.model = kModel;
  EXPECT_THAT([&] { jobs::extract(options, host_); },
              ThrowsMessage<Error>(HasSubstr("Leave out --model")));
  std::string bytes = read("run/model/model.safetensors");
  bytes.back() = char(bytes.back() ^ 1);
  write("run/model/model.safetensors", bytes);
  EXPECT_THAT([&] { jobs::extract(ask_run(), host_); },
              ThrowsMessage<Error>(HasSubstr("weights of its own")));
}

TEST_F(FullJob, WhatItKnowsNothingOfIsRefusedByName) {
  jobs::FinetuneOptions options = teach_all();
  options.adapter_flags = {"--rank"};
  EXPECT_THAT(refusal(options), HasSubstr("--rank"));
  options = teach_all();
  options.model.base = "nf4";
  EXPECT_THAT(refusal(options), HasSubstr("--base nf4"));
  options = teach_all();
  options.model.low_memory = true;
  EXPECT_THAT(refusal(options), HasSubstr("--low-memory"));
  options = teach_all();
  options.model.model = fixture("llama/tiny.gguf").string();
  EXPECT_THAT(refusal(options), HasSubstr("GGUF"));
}

TEST_F(FullJob, AQuantisedBaseIsTrainedWhereThatIsMeant) {
  jobs::FinetuneOptions options = teach_all();
  const fs::path base = folder_ / "base";
  fs::copy(fixture("llama/bnb_plain"), base);
  for (const char* name : {"tokenizer.json", "tokenizer_config.json"}) {
    fs::copy_file(fs::path(kModel) / name, base / name, fs::copy_options::overwrite_existing);
  }
  options.model.model = base.string();
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("quantised"), HasSubstr("--base f32")));
}

}  // namespace
}  // namespace relatum::testing
