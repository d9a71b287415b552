// Methods of fine-tuning, from options to answers: what goes together, what is written, what is
// told.
#include <nlohmann/json.hpp>

#include "desk.h"
#include "io/json.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"
#include "jobs/run_record.h"
#include "support/error_of.h"
#include "support/models.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;

class Methods : public Desk {
 protected:
  jobs::ExtractOptions ask_run() const {
    jobs::ExtractOptions options = ask();
    options.model.model = "";
    options.prompt = "";
    options.adapter = path("run");
    options.scores = true;
    return options;
  }
  std::string refusal(const jobs::FinetuneOptions& options) {
    const std::string sentence = error_of([&] { jobs::finetune(options, host_); });
    EXPECT_FALSE(there("run"));
    return sentence;
  }
  jobs::FinetuneOptions with(const std::string& method, const std::string& base = "auto") const {
    jobs::FinetuneOptions options = teach();
    options.method = method;
    options.method_given = true;
    options.model.base = base;
    return options;
  }
  json record() { return json::parse(read("run/run.json")); }
  json peft() { return json::parse(read("run/adapter_config.json")); }
  // The largest difference between probabilities of two outputs.
  static double difference(const std::string& one, const std::string& other) {
    const auto a = json_lines(one), b = json_lines(other);
    EXPECT_EQ(a.size(), b.size());
    double most = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      for (const auto& [label, score] : a[i]["scores"].items()) {
        most = std::max(most, std::abs(score.get<double>() - b[i]["scores"][label].get<double>()));
      }
    }
    return most;
  }
};

TEST_F(Methods, OfContradictionsEachIsNamed) {
  EXPECT_THAT(refusal(with("qlora", "f32")), AllOf(HasSubstr("--method qlora"), HasSubstr("f32")));
  EXPECT_THAT(refusal(with("qlora", "bf16")), HasSubstr("--base bf16 is not one"));
  EXPECT_THAT(refusal(with("lora", "nf4")), HasSubstr("--base nf4 is"));
  EXPECT_THAT(refusal(with("qlora", "keep")), HasSubstr("Use --method lora"));
  jobs::FinetuneOptions options = teach();
  options.init = "loftq";
  options.model.base = "f32";
  EXPECT_THAT(refusal(options), HasSubstr("--base f32 rounds nothing so"));
  options = with("lora");
  options.init = "loftq";
  EXPECT_THAT(refusal(options), HasSubstr("--method lora"));
  options = teach();
  options.adapter.tie_saved = true;
  EXPECT_THAT(refusal(options), HasSubstr("--ensure-weight-tying"));
  options = teach();
  options.init = "pissa";
  options.adapter.magnitudes = true;
  EXPECT_THAT(refusal(options), HasSubstr("DoRA and PiSSA do not go together"));
  options = teach();
  options.save_modules = "lm_head,norm";
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("'norm'"), HasSubstr("model.embed_tokens")));
  options = teach();
  options.init = "pissa";
  options.adapter.rank = 33;
  EXPECT_THAT(refusal(options), HasSubstr("Use a smaller one, or --init default"));
}

TEST_F(Methods, AnUnnamedOneIsWhatTheBaseMakesIt) {
  for (const auto& [base, method] : {std::pair{"nf4", "qlora"}, std::pair{"f32", "lora"},
                                     std::pair{"keep", "lora"}, std::pair{"bf16", "lora"}}) {
    jobs::FinetuneOptions options = teach();
    options.model.base = base;
    options.overwrite = true;
    EXPECT_TRUE(jobs::finetune(options, host_).finished);
    EXPECT_EQ(record()["method"], method) << base;
  }
}

TEST_F(Methods, EachIsRecordedAndAnswers) {
  std::vector<jobs::FinetuneOptions> all(6, teach());
  all[0].adapter.magnitudes = true;
  all[1].training.lora_plus = 4;
  all[2].init = "pissa";
  all[3].init = "loftq";
  all[4].save_modules = "lm_head,embed_tokens";
  all[5].save_modules = "embed_tokens";
  all[5].adapter.tie_saved = true;
  for (jobs::FinetuneOptions& options : all) {
    options.overwrite = true;
    options.learning_rate = 0.02;  // the answers move far
    options.training.epochs = 4;
    EXPECT_TRUE(jobs::finetune(options, host_).finished);
    const json then = record();
    EXPECT_EQ(then["dora"], options.adapter.magnitudes);
    EXPECT_EQ(then["lora_plus"], options.training.lora_plus);
    EXPECT_EQ(then["init"], options.init);
    EXPECT_EQ(then["save_modules"], options.save_modules);
    EXPECT_EQ(peft()["use_dora"], options.adapter.magnitudes);
    EXPECT_EQ(peft()["r"], options.init == "pissa" ? 32 : 16);
    EXPECT_EQ(peft()["init_lora_weights"], true);
    EXPECT_TRUE(jobs::extract(ask_run(), host_).finished);
    const std::string answers = std::exchange(out_, "");
    // Products of integers have what the adapter does in them: they are nearer to it than the base
    // without it is.
    jobs::ExtractOptions integers = ask_run(), alone = ask();
    integers.model.compute = "int8";
    EXPECT_TRUE(jobs::extract(integers, host_).finished);
    const double apart = difference(answers, std::exchange(out_, ""));
    alone.model.base = "nf4";
    alone.data.labels = path("run/labels.json");
    alone.scores = true;
    EXPECT_TRUE(jobs::extract(alone, host_).finished);
    // Below half of the way they cannot be as near to the base's answers (triangle inequality).
    EXPECT_LT(apart, 0.5 * difference(answers, std::exchange(out_, "")));
  }
}

TEST_F(Methods, WhatCannotBeExactIsTold) {
  jobs::FinetuneOptions options = teach();
  options.init = "pissa";
  options.model.base = "nf4";
  jobs::finetune(options, host_);
  EXPECT_THAT(lines_, Contains(HasSubstr("the rest is not rounded again")));
  lines_.clear();
  options.overwrite = true;
  options.init = "loftq";
  jobs::finetune(options, host_);
  EXPECT_THAT(lines_, Contains(HasSubstr("nearer to the file's weights, not equal")));
  lines_.clear();
  options.init = "default";
  options.adapter.magnitudes = true;
  jobs::finetune(options, host_);
  EXPECT_THAT(lines_, Contains(HasSubstr("in lora_magnitude_vector")));
}

// Base and pairs together are nearer to the plain model, from the first step on.
TEST_F(Methods, LoftqBeginsNearerToThePlainModel) {
  const auto answers = [&](const std::string& init, const std::string& base) {
    jobs::FinetuneOptions options = teach();
    options.init = init;
    options.model.base = base;
    options.learning_rate = 1e-12;  // what it begins with
    options.overwrite = true;
    jobs::finetune(options, host_);
    jobs::extract(ask_run(), host_);
    return std::exchange(out_, "");
  };
  const std::string plain = answers("default", "f32");
  EXPECT_LT(difference(answers("loftq", "nf4"), plain),
            difference(answers("default", "nf4"), plain));
}

}  // namespace
}  // namespace relatum::testing
