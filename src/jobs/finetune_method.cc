// The two things that can be trained.
#include "jobs/finetune_method.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "arch/family.h"
#include "arch/model_files.h"
#include "base/error.h"
#include "jobs/finetune_classifier.h"
#include "jobs/finetune_entities.h"
#include "jobs/finetune_plan.h"
#include "jobs/finetune_start.h"
#include "train/adapter.h"
#include "train/full_weights.h"
#include "train/schedule.h"

namespace relatum::jobs {
namespace {

[[noreturn]] void refuse(const std::string& sentence) { fail("jobs.finetune", sentence); }

bool quantised(const engine::Session& session) {
  const auto rounded = [](const nn::Linear::Part& part) {
    return part.weight.format != "f32" && part.weight.format != "f16" &&
           part.weight.format != "bf16";
  };
  return std::ranges::any_of(session.model().linears(), [&](const nn::Linear* linear) {
    return std::ranges::any_of(linear->parts(), rounded);
  });
}

void check_full(const FinetuneOptions& o) {
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

// The model before its weights were rounded, decoded row by row as they are asked for.
std::unique_ptr<arch::Model> source_of(const FinetuneOptions& o, const engine::Session& session) {
  if (o.init != "loftq") return nullptr;
  const auto files = arch::ModelFiles::open(session.model().info().path);
  return arch::load_model(files, {session.compute(), "keep", false});
}

}  // namespace

bool trains_all(const FinetuneOptions& options) { return options.method == "full"; }

double learning_rate(const FinetuneOptions& options) {
  const double full = reads_states(options) ? train::kEncoderRate : train::kFullRate;
  // With LoRA+ B moves faster, and A slower, by the same factor.
  const double pairs = train::kAdapterRate / std::sqrt(std::max(1.0, options.training.lora_plus));
  return options.learning_rate.value_or(trains_all(options) ? full : pairs);
}

std::string method_name(const FinetuneOptions& o, const engine::Session& session) {
  if (trains_all(o) || o.method_given) return o.method;
  return quantised(session) ? "qlora" : "lora";
}

void check_method(const FinetuneOptions& o) {
  check_classifier(o);
  if (trains_all(o)) return check_full(o);
  const std::string& base = o.model.base;
  if (o.method_given && o.method == "qlora" && (base == "bf16" || base == "f32")) {
    refuse(
        fmt::format("--method qlora trains on a quantised base, and --base {} is not one. Use "
                    "--method lora, or --base nf4.",
                    base));
  }
  if (o.method == "lora" && base == "nf4") {
    refuse(
        "--method lora trains on a base that is not quantised, and --base nf4 is. Use --method "
        "qlora, or --base bf16 or f32.");
  }
  if (o.init == "loftq" && o.method == "lora") {
    refuse(
        "--init loftq begins with what rounding to nf4 takes from the base, and --method lora's is "
        "not rounded so. Use --method qlora, or leave --init out.");
  }
  if (o.init == "loftq" && base != "nf4" && base != "auto") {
    refuse(
        fmt::format("--init loftq begins with what rounding to nf4 takes from the base, and --base "
                    "{} rounds nothing so. Leave --base out, or --init.",
                    base));
  }
  if (o.adapter.tie_saved && o.save_modules.empty()) {
    refuse(
        "--ensure-weight-tying is for modules that are trained whole. Name them after "
        "--save-modules, or leave it out.");
  }
}

void check_method_session(const FinetuneOptions& o, const engine::Session& session) {
  if (trains_all(o)) return;
  const std::string& path = session.model().info().path;
  if (o.method_given && (o.method == "qlora") != quantised(session)) {
    refuse(
        fmt::format("{}: its weights are {}quantised as they are kept (--base {}), and --method "
                    "{} trains on a base that is{}. Use --method {}.",
                    path, quantised(session) ? "" : "not ", session.base(), o.method,
                    o.method == "qlora" ? "" : " not", o.method == "qlora" ? "lora" : "qlora"));
  }
  if (o.init == "loftq" && session.base() != "nf4") {
    refuse(fmt::format(
        "{}: --init loftq begins with what rounding to nf4 takes from the base, and its "
        "own blocks are kept (--base {}). Use the model before it was quantised, or "
        "leave --init out.",
        path, session.base()));
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
                    "rounding left of them. Use the plain model, or add --base f32 if you mean "
                    "it.",
                    model.string()));
  }
}

namespace {

// What is trained below a head of so many numbers, or none.
std::unique_ptr<train::Trainable> make_network(FinetuneOptions& o, engine::Session& session,
                                               const train::FullExtras& extras) {
  if (trains_all(o)) return std::make_unique<train::FullWeights>(session.open_weights(), extras);
  check_method_session(o, session);
  if (!o.init_adapter.empty()) return load_start(o, session, extras.values);
  const std::unique_ptr<arch::Model> source = source_of(o, session);
  return std::make_unique<train::Adapter>(session.model(), session.compute(), finetune_adapter(o),
                                          o.training.seed, source.get(), extras.values);
}

}  // namespace

std::unique_ptr<train::Trainable> make_trainable(FinetuneOptions& o, engine::Session& session,
                                                 const FinetuneData& data) {
  if (data.entities) {
    const train::SpanForm form = span_form(o, session, data);
    return std::make_unique<train::SpanTraining>(make_network(o, session, {form.size()}),
                                                 session.compute(), form, o.training.seed);
  }
  if (!classifies(o)) return make_network(o, session, {});
  const auto form = classifier_form(o, session, data.train.labels.size());
  const auto extras = trains_all(o) ? classifier_extras(form, session)
                                    : train::FullExtras{form.size()};
  return std::make_unique<train::ClassifierTraining>(make_network(o, session, extras),
                                                     session.compute(), form, o.training.seed);
}

}  // namespace relatum::jobs
