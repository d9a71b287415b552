// Loads both parts and gives them one label inventory.
#include "jobs/finetune_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "base/counted.h"
#include "base/error.h"
#include "jobs/finetune_balance.h"
#include "jobs/finetune_entities.h"
#include "jobs/finetune_joint.h"
#include "jobs/retrieval.h"
#include "jobs/run_record.h"
#include "task/folds.h"
#include "task/holdout.h"

namespace relatum::jobs {
namespace {

// Moves examples from `data` to a data set of the same name.
task::Dataset take_out(task::Dataset& data, const task::Split& split) {
  task::Dataset taken = data;
  taken.examples.clear();
  std::vector<task::Example> kept;
  for (const int64_t i : split.kept) kept.push_back(data.examples[size_t(i)]);
  for (const int64_t i : split.held_out) taken.examples.push_back(data.examples[size_t(i)]);
  data.examples = std::move(kept);
  return taken;
}

void leave_fold_out(const FinetuneOptions& options, FinetuneData& data) {
  const std::vector<int64_t> folds = task::assign_folds(data.train.examples, options.fold->count,
                                                        options.training.seed);
  task::Split split;
  for (size_t i = 0; i < folds.size(); ++i) {
    (folds[i] == options.fold->number ? split.held_out : split.kept).push_back(int64_t(i));
  }
  data.test = take_out(data.train, split);
}

void hold_out(const FinetuneOptions& options, FinetuneData& data, const Context& context) {
  const std::string by = holdout_by(options);
  const auto draw = by == kHoldoutWhole     ? task::hold_out
                    : by == kHoldoutByLabel ? task::hold_out_by_text
                                            : task::hold_out_regardless;
  data.dev = take_out(data.train,
                      draw(data.train.examples, options.holdout, options.training.seed));
  const auto held_out = int64_t(data.dev.examples.size());
  if (held_out == options.holdout) return;
  context.warn(
      fmt::format("{}: {} held out, not {}: rows of one sentence or document stay together.",
                  data.train.name, counted(held_out, "row"), options.holdout));
}

// One inventory for both. A label that only dev has joins an open inventory, though it is never
// trained; a closed one refuses it.
void join_labels(FinetuneData& data, const Context& context) {
  std::vector<std::string> untrained;
  int64_t rows = 0;
  for (const task::Example& example : data.dev.examples) {
    if (!example.label) continue;
    if (!data.train.labels.find(*example.label)) {
      if (!data.train.open_labels) {
        data.train.labels.index(*example.label, task::full_place(data.dev.file, place_of(example)));
      }
      untrained.push_back(*example.label);
      data.train.labels.add(*example.label);
    }
    for (const std::string& label : untrained) rows += label == *example.label;
  }
  data.dev.labels = data.train.labels;
  data.test.labels = data.train.labels;
  if (untrained.empty()) return;
  constexpr size_t kNamed = 3;
  const size_t count = untrained.size(), named = std::min(count, kNamed);
  std::string names = fmt::format(
      "'{}'", fmt::join(untrained.begin(), untrained.begin() + ptrdiff_t(named), "', '"));
  if (count > named) names += fmt::format(" and {} more", count - named);
  context.warn(
      fmt::format("{}: no training example has the label {} ({} in dev); such rows count "
                  "in the dev figures all the same.",
                  data.dev.name, names, counted(rows, "row")));
}

void require_labels(const task::Dataset& data) {
  for (const task::Example& example : data.examples) {
    if (example.label) continue;
    fail("jobs.finetune",
         fmt::format("{}: example '{}' has no label. Training and dev data need one in each row.",
                     task::full_place(data.file, place_of(example)), example.id));
  }
}

// A row is one prompt and one answer.
void tell_several_labels(const task::Dataset& data, const Context& context) {
  const int64_t count = task::count_with_several_labels(data.examples);
  if (!count) return;
  context.warn(
      fmt::format("{}: {} with several labels, of which the first is learned. Give each "
                  "label a row of its own by --multi-label to learn them all.",
                  data.name, counted(count, "row")));
}

// One row for each label; dev data stay as they are, as scores know pairs with several.
void spread_labels(task::Dataset& data) {
  std::vector<task::Example> rows;
  for (task::Example& example : data.examples) {
    const std::vector<std::string> labels = task::gold_labels(example);
    example.more_labels.clear();
    for (const std::string& label : labels) {
      example.label = label;
      rows.push_back(example);
    }
    if (labels.empty()) rows.push_back(example);  // refused below, by its place
  }
  data.examples = std::move(rows);
}

void check_negative(const FinetuneOptions& options, const FinetuneData& data,
                    const Context& context) {
  if (!options.negative) return;
  data.train.labels.index(*options.negative, "--negative");
  const bool of_sentences = asks_sentences(options);
  if (data.dev.examples.empty() && !options.negatives && !options.fold && !of_sentences) {
    context.info(
        fmt::format("--negative '{}': without --dev or --holdout it decides only what `extract "
                    "--skip-negative` leaves out.",
                    *options.negative));
  }
}

// Of documents where no label says that there is no relation.
void tell_unrelated_left_out(const task::Dataset& data, const Context& context) {
  if (!data.unrelated_left_out) return;
  context.info(
      fmt::format("{}: pairs of entities that no relation names are not learned, as no label means "
                  "that there is none: the run will name one for any two. --pairs sentences learns "
                  "those of each sentence, --task joint to find the entities, too; "
                  "?negative=no_relation behind the file's name learns all of each document.",
                  data.name));
}

FinetuneData load_pairs(const FinetuneOptions& options, const Host& host) {
  FinetuneData data;
  data.train = options.data.load(options.train, true, host);
  tell_unrelated_left_out(data.train, host.context);
  if (options.fold) leave_fold_out(options, data);
  if (!options.dev.empty()) {
    data.dev = options.data.load(options.dev, false, host);
  } else if (options.holdout > 0) {
    hold_out(options, data, host.context);
  }
  return data;
}

}  // namespace

std::string holdout_by(const FinetuneOptions& options) {
  if (!options.resume ||
      !std::filesystem::exists(std::filesystem::path(options.out) / "run.json")) {
    return kHoldoutWhole;
  }
  return read_run(options.out).holdout_by;
}

std::optional<std::string> negative_of(const FinetuneOptions& options, const task::Labels& labels) {
  if (options.negative) return options.negative;
  const std::string named = task::parse_spec(options.train).negative;
  if (labels.find(named)) return named;
  return learns_sentences(options) ? task::negative_label(labels) : std::nullopt;
}

std::vector<std::string> entity_types(const FinetuneData& data) {
  return data.entities ? data.entities->types.names() : std::vector<std::string>{};
}

FinetuneData load_finetune_data(const FinetuneOptions& options, const Host& host,
                                const IndexLabels* index) {
  if (finds_entities(options)) return load_entities(options, host);
  FinetuneData data = asks_sentences(options) ? load_joint(options, host)
                                              : load_pairs(options, host);
  if (index) {
    settle_labels(data.train, index->labels, index->place);
  } else if (!options.index.empty()) {
    settle_labels(data.train, options.index);
  }
  if (options.multi_label) spread_labels(data.train);
  join_labels(data, host.context);
  tell_several_labels(data.train, host.context);
  require_labels(data.train);
  require_labels(data.dev);
  require_labels(data.test);
  check_negative(options, data, host.context);
  check_balance(options, data);
  return data;
}

}  // namespace relatum::jobs
