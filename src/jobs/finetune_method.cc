// The two things that can be trained.
#include "jobs/finetune_method.h"

#include <fmt/format.h>

#include "arch/model_files.h"
#include "base/error.h"
#include "jobs/finetune_plan.h"
#include "jobs/finetune_start.h"
#include "train/adapter.h"
#include "train/full_weights.h"
#include "train/schedule.h"

namespace relatum::jobs {
namespace {

[[noreturn]] void refuse(const std::string& sentence) { fail("jobs.finetune", sentence); }

}  // namespace

bool trains_all(const FinetuneOptions& options) { return options.method == "full"; }

double learning_rate(const FinetuneOptions& options) {
  return options.learning_rate.value_or(trains_all(options) ? train::kFullRate
                                                            : train::kAdapterRate);
}

void check_method(const FinetuneOptions& o) {
  if (!trains_all(o)) return;
  if (!o.adapter_flags.empty()) {
    refuse(
        fmt::format("{} is for an adapter, and --method full trains the base's own weights. "
                    "Leave it out.",
                    o.adapter_flags[0]));
  }
  if (o.model.base != "auto" && o.model.base != "f32") {
    refuse(
        fmt::format("--method full trains weights in f32, and --base {} would round them at "
                    "each step. Leave it out.",
                    o.model.base));
  }
  if (o.model.low_memory) {
    refuse(
        "--low-memory decodes weights for each use, and --method full keeps those that it "
        "trains. Leave it out; --checkpoint and --micro-tokens save memory.");
  }
}

void check_method_base(const FinetuneOptions& o, const std::filesystem::path& model) {
  if (!trains_all(o)) return;
  const auto files = arch::ModelFiles::open(model);
  if (files.gguf()) {
    refuse(
        fmt::format("{}: a GGUF file has no config.json, which the trained model is written "
                    "with. Use the model's Hugging Face folder.",
                    model.string()));
  }
  if (files.quantised() && o.model.base == "auto") {
    refuse(
        fmt::format("{}: its weights are quantised, and --method full would begin with what "
                    "rounding left of them. Use the plain model, or --base f32 if that is "
                    "meant.",
                    model.string()));
  }
}

std::unique_ptr<train::Trainable> make_trainable(FinetuneOptions& o, engine::Session& session) {
  if (!o.init_adapter.empty()) return load_start(o, session);
  if (trains_all(o)) return std::make_unique<train::FullWeights>(session.open_weights());
  return std::make_unique<train::Adapter>(session.model(), session.compute(), finetune_adapter(o),
                                          o.training.seed);
}

}  // namespace relatum::jobs
