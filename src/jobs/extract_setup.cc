// The run's record against the options.
#include "jobs/extract_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/counted.h"
#include "base/error.h"
#include "base/hash.h"
#include "io/json.h"
#include "jobs/finetune_classifier.h"
#include "jobs/merge_folder.h"
#include "jobs/models_folder.h"
#include "jobs/style_choice.h"
#include "jobs/trained_with.h"
#include "jobs/without_effect.h"
#include "retrieve/store.h"
#include "train/full_folder.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

// The run of --method full whose model's folder this is; empty where it is none.
std::string run_of_model(const std::string& model) {
  const fs::path folder = fs::path(model).lexically_normal();
  const fs::path run = folder.has_filename() ? folder.parent_path()
                                             : folder.parent_path().parent_path();
  std::error_code ignored;
  const bool its = !run.empty() && fs::exists(run / "run.json", ignored) &&
                   fs::equivalent(train::full_folder(run), folder, ignored);
  return its ? run.string() : "";
}

// What no run says has to be said, all of it at once.
void require_model_and_style(const ExtractOptions& o, const ExtractSetup& setup) {
  if (setup.run || !o.prompt.empty()) return;
  const std::string usual = fmt::format(
      "finetune's is {}, for an encoder-decoder {}, where none is "
      "named",
      kDecoderStyle, kEncoderDecoderStyle);
  if (!o.adapter.empty()) {
    std::vector<std::string> lacking, flags;
    const auto lacks = [&](const char* what, const char* flag) {
      lacking.emplace_back(what);
      flags.emplace_back(flag);
    };
    if (o.model.model.empty()) lacks("base model", "--model");
    lacks("prompt style", "--prompt");
    const bool labels = fs::exists(fs::path(o.adapter) / "labels.json");
    if (!labels && o.data.labels.empty()) lacks("labels", "--labels");
    fail("jobs.extract", fmt::format("{} has no run.json that names its {}. Give {} (of prompt "
                                     "styles, {}).",
                                     o.adapter, and_list(lacking), and_list(flags), usual));
  }
  if (const std::string run = run_of_model(o.model.model); !run.empty()) {
    fail("jobs.extract", fmt::format("--prompt is missing. {} is the model of a run: --adapter {} "
                                     "knows its style and labels.",
                                     o.model.model, run));
  }
  fail("jobs.extract",
       fmt::format("--prompt is missing: name the style that the model was trained with ({}), or "
                   "an --adapter whose run names one. For a model that was not trained, try "
                   "compact, or one-line for T5.",
                   usual));
}

void settle_classified(const ExtractOptions& o, ExtractSetup& setup) {
  check_classified(o);
  if (!setup.labels) {
    fail("jobs.extract", fmt::format("{} has no labels.json, which says what its classifier's "
                                     "outputs mean. Restore the file that the run wrote.",
                                     o.adapter));
  }
  setup.style = classifier_style_of(*setup.run, *setup.labels);
  setup.prompt = setup.style.name;
}

// The style by its text: the run's own copy of a template, or a built-in style.
void settle_style(const ExtractOptions& o, const Host& host, ExtractSetup& setup) {
  const fs::path kept = fs::path(o.adapter) / "prompt.txt";
  const bool has_kept = setup.run && fs::exists(kept);
  if (!o.prompt.empty()) {
    setup.prompt = o.prompt;
    setup.style = task::load_style(o.prompt);
  } else if (has_kept) {
    setup.prompt = setup.run->prompt;
    setup.style = task::load_template(kept);
  } else {
    setup.prompt = setup.run->prompt;
    setup.style = task::load_style(setup.prompt);
  }
  if (!setup.run) return;
  const std::string& trained = setup.run->prompt_hash;
  const bool other = trained.empty() ? setup.prompt != setup.run->prompt
                                     : task::style_hash(setup.style) != trained;
  if (!other) return;
  const bool renamed = setup.prompt == setup.run->prompt;
  tell_mismatch(o, host, "prompt style", setup.run->prompt,
                renamed ? "another text of that name" : setup.prompt);
}

fs::path index_of(const fs::path& folder, const RunInfo& run) {
  const FoundIndex found = find_index(folder, run);
  if (!found.path.empty()) return found.path;
  fail("jobs.extract", fmt::format("{}: the adapter was trained with retrieved examples, but their "
                                   "index {}. Name it with --index, or do without by --no-index.",
                                   folder.string(), found.missing));
}

void settle_index(const ExtractOptions& o, const Context& context, ExtractSetup& setup) {
  setup.index = o.no_index ? "" : o.index;
  setup.embedder = o.embedder;
  if (o.no_index && !o.index.empty()) {
    fail("jobs.extract", "--index and --no-index exclude each other. Give one of them.");
  }
  if (!setup.run) return;
  const std::string& trained = setup.run->index;
  if (trained.empty() && !setup.index.empty()) {
    context.info("the adapter was trained without retrieved examples and is used with them.");
  }
  if (trained.empty() || !setup.index.empty()) return;
  if (o.no_index) {
    context.info("the adapter was trained with retrieved examples and is used without them.");
  } else {
    setup.index = index_of(o.adapter, *setup.run).string();
    if (setup.embedder.empty()) setup.embedder = setup.run->embedder;
    context.info(
        fmt::format("retrieved examples come from {}, as in training (--no-index does "
                    "without).",
                    setup.index));
  }
}

void settle_examples(const ExtractOptions& o, ExtractSetup& setup) {
  const RunInfo usual = setup.run.value_or(RunInfo{});
  setup.examples = example_choice(o.neighbours > 0 ? o.neighbours : usual.neighbours,
                                  o.examples.empty() ? usual.examples : o.examples,
                                  o.examples_seed.value_or(usual.seed));
}

void read_words(const fs::path& folder, ExtractSetup& setup) {
  if (!fs::exists(folder / "labels.json")) return;
  setup.labels = task::load_labels(folder / "labels.json");
  if (fs::exists(folder / "answers.json")) {
    setup.words = task::load_answers(folder / "answers.json");
  } else if (!setup.run) {
    return;  // an adapter of another program's: the style's words, as for a model alone
  } else if (setup.run->prompt_hash.empty() && !setup.labels->empty()) {
    setup.words = task::pair_words(*setup.labels, task::answer_words_before_they_were_kept(
                                                      *setup.labels, setup.style.verbalise));
  } else {
    setup.words = task::pair_words(*setup.labels, setup.labels->names());
  }
}

// Of several adapters only some may have an index.
void tell_without_index(const std::vector<NamedSetup>& all, const Context& context) {
  const ExtractOptions& given = all[0].options;  // the same for all
  std::vector<std::string> flags;
  if (given.neighbours > 0) flags.emplace_back("--neighbours");
  if (!given.examples.empty()) flags.emplace_back("--examples");
  if (given.examples_seed) flags.emplace_back("--examples-seed");
  if (flags.empty()) return;
  const auto has_none = [](const NamedSetup& each) { return each.setup.index.empty(); };
  if (std::ranges::all_of(all, has_none)) return warn_without_effect(flags, "--index", context);
  for (const NamedSetup& each : all) {
    if (!has_none(each)) continue;
    context.warn(fmt::format("{} {} no effect on {}, which has no index.", and_list(flags),
                             flags.size() == 1 ? "has" : "have", each.title()));
  }
}

// SHA-256 of the adapter that `relatum merge` made the model of; empty where its folder does not
// say so.
std::string merged_adapter(const fs::path& model) {
  const fs::path record = model / kMergeRecord;
  std::error_code ignored;
  if (!fs::exists(record, ignored)) return "";
  return io::get_string(io::load_json(record), "adapter_hash", "", record.string());
}

// One that was named. Of what was fitted with numbers that an adapter's folder or the record of a
// merged model names, others are refused; a GGUF file says nothing of that.
RunCalibration named_calibration(const ExtractOptions& o, const ExtractSetup& setup,
                                 const Host& host) {
  RunCalibration calibration = load_calibration(o.calibration);
  fs::path place = o.adapter;
  std::string hash;
  if (o.adapter.empty()) {
    place = find_model(setup.model, setup.models, host);
    hash = merged_adapter(place);
  } else if (fs::is_directory(place)) {
    hash = adapter_hash(place, setup.run);
  }
  if (!hash.empty()) check_calibration(calibration, o.calibration, hash, place);
  return calibration;
}

// A temperature says how sure answers are to prompts like those that it was fitted on.
void settle_calibration(const ExtractOptions& o, const Host& host, ExtractSetup& setup) {
  if (o.no_calibration) return;
  if (!o.calibration.empty()) {
    setup.calibration = named_calibration(o, setup, host);
  } else if (!o.adapter.empty()) {
    setup.calibration = read_calibration(o.adapter, setup.run);
  }
  if (!setup.calibration) return;
  const std::string& fitted = setup.calibration->prompt_hash;
  if (fitted.empty() || fitted == task::style_hash(setup.style)) return;
  host.context.warn(
      "the temperature was fitted with another prompt style than the one that is used now; "
      "--no-calibration leaves it off.");
}

}  // namespace

void check_classified(const ExtractOptions& o) {
  const std::pair<bool, const char*> unknown[] = {{!o.prompt.empty(), "--prompt"},
                                                  {!o.index.empty(), "--index"},
                                                  {o.chat, "--chat"},
                                                  {o.answer != "scored", "--answer"},
                                                  {o.negligible > 0, "--negligible"}};
  for (const auto& [given, flag] : unknown) {
    if (!given) continue;
    fail("jobs.extract", fmt::format("{} is a classifier's run, and {} is for models that answer "
                                     "in words. Leave it out.",
                                     o.adapter, flag));
  }
}

FoundIndex find_index(const fs::path& folder, const RunInfo& run) {
  std::vector<fs::path> places{run.index, run.index_path};
  if (!run.index_beside.empty()) places.push_back(folder / run.index_beside);
  std::string changed;
  for (const fs::path& place : places) {
    if (place.empty() || !retrieve::is_store(place)) continue;
    if (sha256_file(place / "index.json") == run.index_hash) return {place, ""};
    if (changed.empty()) changed = place.string();
  }
  return {"", changed.empty() ? fmt::format("is not at {} any more", run.index)
                              : fmt::format("at {} has changed since", changed)};
}

void settle_model(const ExtractOptions& o, const Context& context, ExtractSetup& setup) {
  setup.model = o.model.model;
  setup.models = o.model.models;
  setup.base = o.model.base;
  if (setup.run && has_own_model(*setup.run)) {
    if (!setup.model.empty()) {
      fail("jobs.extract", fmt::format("{} holds a run of --method full, which has a model of its "
                                       "own. Leave out --model.",
                                       o.adapter));
    }
    setup.model = train::full_folder(o.adapter).string();
    if (setup.base == "auto") setup.base = setup.run->base;
  } else if (setup.run) {
    if (setup.model.empty()) setup.model = setup.run->model;
    // The run may have been made in another working directory.
    const bool moved = o.model.model.empty() && !fs::exists(setup.model) &&
                       setup.model.find('/') != std::string::npos &&
                       fs::exists(setup.run->model_path);
    if (moved) setup.model = setup.run->model_path;
    if (setup.models.empty()) setup.models = setup.run->models;
    if (setup.base == "auto") setup.base = setup.run->base;
  } else if (!o.adapter.empty() && setup.base == "auto") {
    // Its own training says nothing of 4 bits.
    setup.base = "keep";
    context.info(
        "the adapter has no record of its training: the base's weights are used as its files hold "
        "them (--base nf4 for an adapter that was trained on 4 bits).");
  }
  if (setup.model.empty()) {
    fail("jobs.extract", o.adapter.empty()
                             ? std::string("--model is missing: name a language model, or an "
                                           "--adapter whose run names one.")
                             : fmt::format("{} has no run.json that names its base model. Give "
                                           "--model.",
                                           o.adapter));
  }
}

ExtractSetup settle_extract(const ExtractOptions& o, const Host& host) {
  ExtractSetup setup;
  const fs::path folder(o.adapter);
  if (!o.adapter.empty()) {
    setup.run = read_trained(o, host);
  }
  if (setup.run && finds_entities(*setup.run)) {
    fail("jobs.extract", fmt::format("{} is a run that finds entities and answers no pairs. "
                                     "`relatum extract --adapter {}` finds them, without other "
                                     "adapters.",
                                     o.adapter, o.adapter));
  }
  const bool classified = setup.run && is_classifier(*setup.run);
  require_model_and_style(o, setup);
  if (!classified) settle_style(o, host, setup);
  settle_model(o, host.context, setup);
  if (!o.adapter.empty()) read_words(folder, setup);
  if (classified) settle_classified(o, setup);
  settle_calibration(o, host, setup);
  setup.chat = o.chat || (setup.run && setup.run->chat);
  if (setup.run && o.chat && !setup.run->chat) {
    host.context.warn("the adapter was trained without --chat and is used with it.");
  }
  settle_index(o, host.context, setup);
  settle_examples(o, setup);
  return setup;
}

std::string NamedSetup::title() const {
  return name.empty() ? "the adapter" : fmt::format("the adapter '{}'", name);
}

std::vector<NamedSetup> settle_adapters(const ExtractOptions& o, const Host& host) {
  std::vector<NamedSetup> all;
  if (o.adapters.empty()) {
    all.push_back({"", o, settle_extract(o, host)});
    tell_without_index(all, host.context);
    return all;
  }
  for (const NamedAdapter& adapter : o.adapters) {
    all.push_back({adapter.name, o, {}});
    all.back().options.adapters.clear();
    all.back().options.adapter = adapter.folder;
  }
  const auto has_record = [](const NamedSetup& each) {
    return fs::exists(fs::path(each.options.adapter) / "run.json");
  };
  // Those with a record first: they say which base the others are used with.
  std::vector<NamedSetup*> order;
  for (NamedSetup& each : all) order.push_back(&each);
  std::stable_partition(order.begin(), order.end(),
                        [&](const NamedSetup* each) { return has_record(*each); });
  const ExtractSetup* first = nullptr;
  for (NamedSetup* each : order) {
    ModelChoice& model = each->options.model;
    if (first && model.model.empty()) model.model = first->model;
    if (first && model.models.empty()) model.models = first->models;
    if (first && model.base == "auto") model.base = first->base;
    const auto record = has_record(*each) ? read_run(each->options.adapter) : RunInfo{};
    if (is_classifier(record)) {
      fail("jobs.extract", fmt::format("{} holds a classifier, which answers its rows in another "
                                       "way than models that answer in words. Use it alone, as "
                                       "--adapter {}.",
                                       each->options.adapter, each->options.adapter));
    }
    if (has_own_model(record)) {
      fail("jobs.extract", fmt::format("{} holds a run of --method full, which has a model of its "
                                       "own and no adapter. Use it alone, as --adapter {}.",
                                       each->options.adapter, each->options.adapter));
    }
    each->setup = settle_extract(each->options, host);
    if (!first) first = &each->setup;
  }
  tell_without_index(all, host.context);
  return all;
}

size_t place_of(std::span<const NamedSetup> setups, const task::Example& example) {
  const auto at = std::ranges::find(setups, example.adapter, &NamedSetup::name);
  if (at != setups.end()) return size_t(at - setups.begin());
  fail("jobs.extract", fmt::format("example '{}' names the adapter '{}', which is not among those "
                                   "that were opened. Name one of them.",
                                   example.id, example.adapter));
}

task::Labels described_for(const ExtractSetup& setup, const task::Labels& labels) {
  return setup.labels ? task::with_descriptions(labels, *setup.labels) : labels;
}

std::vector<std::string> words_for(const ExtractSetup& setup, const task::Labels& labels,
                                   const Context& context, const std::string& title) {
  if (!setup.words) return task::answer_texts(setup.style, labels);
  int64_t unknown = 0;
  std::string first;
  for (const std::string& label : labels.names()) {
    if (setup.labels->find(label)) continue;
    if (++unknown == 1) first = label;
  }
  if (unknown) {
    context.warn(fmt::format("{} was not trained on {} of the {}{} '{}'.", title, unknown,
                             counted(labels.size(), "label"), unknown == 1 ? ":" : ", such as",
                             first));
  }
  return task::answer_words(labels, setup.style.verbalise, *setup.words);
}

}  // namespace relatum::jobs
