// An adapter's folder as the first values of another run.
#include "jobs/finetune_start.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "base/counted.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/known_names.h"
#include "io/gguf.h"
#include "jobs/finetune_entities.h"
#include "jobs/finetune_plan.h"
#include "jobs/trained_with.h"
#include "train/peft.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& sentence) { fail("jobs.finetune", sentence); }

// The adapter as `extract` is given one: what it refuses is refused here in the same words.
ExtractOptions as_extracted(const FinetuneOptions& options) {
  ExtractOptions extract;
  extract.adapter = options.init_adapter;
  extract.force = options.force;
  return extract;
}

void take_model(const RunInfo& run, FinetuneOptions& o) {
  if (o.model.model.empty()) {
    const bool moved = !fs::exists(run.model) && run.model.find('/') != std::string::npos &&
                       fs::exists(run.model_path);
    o.model.model = moved ? run.model_path : run.model;
    if (o.model.models.empty()) o.model.models = run.models;
  }
  if (o.model.base != "auto") return;
  o.model.base = run.base;
  const bool plain = run.base == "bf16" || run.base == "f32";
  const bool other = (o.method == "qlora" && plain) || (o.method == "lora" && run.base == "nf4");
  if (!o.method_given || !other) return;
  refuse(
      fmt::format("--method {} trains on a base that is{} quantised, and the run in {} is on its "
                  "base in {}. Leave --method out.",
                  o.method, o.method == "qlora" ? "" : " not", o.init_adapter, run.base));
}

// What the adapter was taught, where nothing else is asked for; a resumed run has it among its
// options then.
void take_task(const RunInfo& run, FinetuneOptions& o, const Context& context) {
  if (!run.entities || o.words.contains("task") || o.task != FinetuneOptions{}.task) return;
  o.task = run.joint ? "joint" : "entities";
  o.words["task"] = o.task;
  context.info(fmt::format("task: {}, as {} was taught (--task relations for relations alone).",
                           o.task, o.init_adapter));
}

void take_style(const RunInfo& run, FinetuneOptions& o, const Context& context) {
  const fs::path kept = fs::path(o.init_adapter) / "prompt.txt";
  const std::string trained = fs::exists(kept) ? kept.string() : run.prompt;
  if (o.prompt.empty()) {
    o.prompt = trained;
    context.info(fmt::format(
        "prompt style {}, as the adapter was trained (--prompt names another).", run.prompt));
  } else if (!run.prompt_hash.empty() &&
             task::style_hash(task::load_style(o.prompt)) != run.prompt_hash) {
    context.warn(
        fmt::format("the adapter was trained with the prompt style {} and goes on with "
                    "{}.",
                    run.prompt, o.prompt));
  }
  o.chat = o.chat || run.chat;
  if (!run.index.empty() && o.index.empty()) {
    context.info(
        fmt::format("the adapter was trained with retrieved examples from {} and goes on "
                    "without them (--index gives them).",
                    run.index));
  }
}

template <class Module>
std::set<std::string> names_of(const std::vector<Module>& modules) {
  std::set<std::string> names;
  for (const Module& module : modules) names.insert(module.name);
  return names;
}

// What --targets would say of the adapter, as far as ends of names can.
std::string ends_of(const std::vector<train::AdapterModule>& modules) {
  std::set<std::string> ends;
  for (const auto& module : modules) ends.insert(module.name.substr(module.name.rfind('.') + 1));
  return fmt::format("{}", fmt::join(ends, ","));
}

void check_form(const FinetuneOptions& o, const train::Adapter& adapter, const arch::Model& model) {
  const train::AdapterConfig &asked = o.adapter, &has = adapter.config();
  train::AdapterConfig wanted = finetune_adapter(o);
  wanted.tie_saved = has.tie_saved;
  const auto contradicts = [&](const std::string& flag, const std::string& what) {
    refuse(fmt::format("{}: the adapter in {} has {}, which --init-adapter keeps. Leave {} out.",
                       flag, o.init_adapter, what, flag.substr(0, flag.find(' '))));
  };
  for (const std::string& flag : o.adapter_flags) {
    if (flag == "--rank" && asked.rank != has.rank) {
      contradicts(fmt::format("--rank {}", asked.rank), fmt::format("rank {}", has.rank));
    } else if (flag == "--alpha" && asked.alpha != has.alpha) {
      contradicts(fmt::format("--alpha {}", asked.alpha), fmt::format("alpha {}", has.alpha));
    } else if (flag == "--rslora" && asked.rank_stabilised != has.rank_stabilised) {
      contradicts(flag, "the scale alpha / rank");
    } else if (flag == "--dora" && !has.magnitudes) {
      contradicts(flag, "no magnitudes");
    } else if (flag == "--init" && o.init != "default") {
      contradicts(fmt::format("--init {}", o.init), "numbers of its own");
    } else if (flag == "--save-modules" &&
               names_of(train::saved_modules(model, wanted, 0)) != names_of(adapter.saved())) {
      contradicts(
          fmt::format("--save-modules {}", o.save_modules),
          has.saved.empty() ? "none" : fmt::format("the modules {}", fmt::join(has.saved, ",")));
    } else if (flag == "--ensure-weight-tying" && !has.tie_saved) {
      contradicts(flag, "no head that stays one with the embedding");
    } else if (flag == "--targets" &&
               names_of(train::adapter_modules(model, finetune_adapter(o))) !=
                   names_of(adapter.modules())) {
      contradicts(fmt::format("--targets {}", o.targets),
                  fmt::format("the targets {}", ends_of(adapter.modules())));
    }
  }
}

void tell_labels(const AdapterStart& start, const task::Labels& labels, const Context& context) {
  if (!start.labels) return;
  const auto lacking = [](const task::Labels& all, const task::Labels& others) {
    std::vector<std::string> names;
    for (const std::string& name : all.names()) {
      if (!others.find(name)) names.push_back(name);
    }
    return names.empty() ? "none" : first_names(names);
  };
  const std::string fresh = lacking(labels, *start.labels), gone = lacking(*start.labels, labels);
  if (fresh == "none" && gone == "none") return;
  context.info(fmt::format("the adapter was taught {} and this run has {}: new {}, gone {}.",
                           counted(start.labels->size(), "label"), labels.size(), fresh, gone));
}

}  // namespace

std::optional<AdapterStart> read_start(FinetuneOptions& o, const Host& host) {
  if (o.init_adapter.empty()) return std::nullopt;
  const fs::path folder(o.init_adapter);
  if (o.method == "full") {
    refuse(
        "--init-adapter starts from an adapter, and --method full trains the base's own "
        "weights. Leave one of them out.");
  }
  if (fs::exists(folder / "run.json") && has_own_model(read_run(folder))) {
    refuse(
        fmt::format("{} holds a run of --method full, which has a model and no adapter. Name "
                    "{} after --model instead.",
                    o.init_adapter, (folder / "model").string()));
  }
  if (fs::exists(folder / "run.json") && is_classifier(read_run(folder))) {
    refuse(
        fmt::format("{} holds a classifier, which a new run would begin anew. Leave out "
                    "--init-adapter.",
                    o.init_adapter));
  }
  const bool file = io::GgufFile::recognise(folder);
  if (!file) train::check_adapter_folder(folder);
  AdapterStart start;
  if (!o.resume) start.run = read_trained(as_extracted(o), host);
  o.start_hash = sha256_file(file ? folder : folder / "adapter_model.safetensors");
  if (fs::exists(folder / "labels.json")) {
    start.labels = task::load_labels(folder / "labels.json");
  }
  if (start.run) {
    o.start_base_hash = start.run->base_hash;
    take_task(*start.run, o, host.context);
    take_model(*start.run, o);
    // A run that finds entities has no style, nor does it ask for one.
    if (!finds_entities(o) && !finds_entities(*start.run)) {
      take_style(*start.run, o, host.context);
    }
  } else if (o.resume && fs::exists(folder / "run.json")) {
    o.start_base_hash = read_run(folder).base_hash;
  }
  if (o.model.model.empty()) {
    refuse(
        fmt::format("{} has no run.json that names its base model. Give --model.", o.init_adapter));
  }
  return start;
}

void check_start(const FinetuneOptions& o, const AdapterStart& start,
                 const engine::Session& session, const task::Labels& labels, const Host& host) {
  if (start.run) check_base(as_extracted(o), *start.run, session, o.chat, host);
  tell_labels(start, labels, host.context);
}

std::unique_ptr<train::Trainable> load_start(FinetuneOptions& o, const engine::Session& session,
                                             int64_t extras) {
  auto adapter = train::load_peft(o.init_adapter, session.model(), session.compute());
  check_form(o, *adapter, session.model());
  train::AdapterConfig config = adapter->config();
  const bool asked = std::ranges::count(o.adapter_flags, "--dropout") > 0;
  if (asked) config.dropout = o.adapter.dropout;
  if (extras || config.dropout != adapter->config().dropout) {
    auto other = std::make_unique<train::Adapter>(session.model(), session.compute(), config, 0,
                                                  nullptr, extras);
    std::ranges::copy(adapter->values(), other->values().begin());
    other->sync();
    adapter = std::move(other);
  }
  o.adapter = config;
  o.targets = ends_of(adapter->modules());
  o.save_modules = fmt::format("{}", fmt::join(config.saved, ","));
  return adapter;
}

nlohmann::json start_record(const FinetuneOptions& o, const std::string& base_hash) {
  nlohmann::json record{
      {"options", o.words},
      {"directory", o.directory.empty() ? fs::current_path().string() : o.directory}};
  if (o.init_adapter.empty()) return record;
  record["init_adapter"] = o.init_adapter;
  record["init_adapter_path"] = fs::absolute(o.init_adapter).string();
  record["init_adapter_hash"] = o.start_hash;
  record["init_adapter_base_hash"] = o.start_base_hash;
  record["init_adapter_force"] = o.force;
  if (base_hash.empty()) return record;  // of several runs, each of which says it
  record["init_adapter_forced"] = !o.start_base_hash.empty() && o.start_base_hash != base_hash;
  return record;
}

}  // namespace relatum::jobs
