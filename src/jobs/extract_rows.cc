// One look through the file, then as many as are asked for.
#include "jobs/extract_rows.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/printable.h"
#include "jobs/answer_rule.h"
#include "jobs/joint_pairs.h"
#include "jobs/retrieval.h"
#include "task/dataset.h"
#include "task/relabel.h"

namespace relatum::jobs {

namespace fs = std::filesystem;

ExtractRows::ExtractRows(const ExtractOptions& options, std::span<const NamedSetup> setups,
                         const Host& host)
    : options_(options), setups_(setups), host_(host), choice_(options.data),
      labels_(setups.size()) {
  choice_.keep_unknown_labels = true;
  if (named()) {
    for (size_t i = 0; i < setups.size(); ++i) settle_named(i);
  } else if (choice_.labels.empty() && setups[0].setup.labels) {
    choice_.labels = (fs::path(options.adapter) / "labels.json").string();
    who_ = "the adapter";
  }
  const task::Spec spec = task::parse_spec(options.input);
  if (spec.window && of_sentences()) {
    host.context.warn(
        "window= has no effect: the run learned, and asks for, the pairs of sentences.");
  }
  if (spec.path == "-" && known_before(spec)) return;
  if (spec.path == "-") kept_.emplace();
  std::vector<GoldLabels> gold(setups.size());
  const task::Dataset data = read(spec, [&](task::Example&& row) {
    if (host.context.stopping()) {
      fail("jobs.extract", "interrupted before a row was answered; nothing was written.");
    }
    check_sentences(row);
    gold[place_of(setups_, row)].count(row);
    if (kept_) kept_->push_back(std::move(row));
  });
  file_ = data.file;
  count_ = data.count;
  tell_data(data, !choice_.relabel.empty(), host.context);
  if (!named()) settle(data);
  tell(gold);
}

bool ExtractRows::of_sentences() const { return !named() && asks_sentences(setups_[0].setup); }

task::Dataset ExtractRows::read(const task::Spec& spec, const task::TakeExample& take) const {
  if (!of_sentences()) return task::read_dataset(spec, load_options(), take);
  const ExtractSetup& setup = setups_[0].setup;
  if (choice_.labels.empty()) {
    fail("jobs.extract", fmt::format("{}: it has no labels.json, so no label is known to choose "
                                     "from. Give --labels, a JSON list.",
                                     options_.adapter));
  }
  JointPairs pairs(
      joint_rules(options_, task::load_labels(choice_.labels), named_negative(options_, setup)));
  int64_t count = 0;
  bool documents = false;
  task::Dataset data = task::read_documents(spec, load_options(), [&](task::Document&& document) {
    documents = documents || !document.pair;
    pairs.each(document, [&](task::Example&& example) {
      ++count;
      take(std::move(example));
    });
  });
  data.count = count;
  if (count_) return data;  // it is read once more
  pairs.tell(host_.context);
  if (documents) {
    host_.context.info(
        "documents are asked for the pairs of their sentences, in rows of their own; to score "
        "relations of documents, use --given-entities here and then `relatum evaluate --task "
        "joint`.");
  }
  return data;
}

// Of rows that name their adapters each has the pairs of whole documents.
void ExtractRows::check_sentences(const task::Example& row) const {
  if (!named() || row.document.empty()) return;
  const NamedSetup& each = setups_[place_of(setups_, row)];
  if (!asks_sentences(each.setup)) return;
  fail("jobs.extract",
       fmt::format("{}: document '{}' is for {}, which learned, and asks for, the pairs of "
                   "sentences; beside other adapters those of whole documents would be "
                   "asked. Ask for them in an extraction with this adapter alone.",
                   options_.input, printable_start(row.document, 40), each.title()));
}

task::LoadOptions ExtractRows::load_options() const {
  task::LoadOptions options = choice_.options(true, host_);
  if (!named()) return options;
  for (const NamedSetup& each : setups_) options.adapters.push_back(each.name);
  return options;
}

void ExtractRows::tell(const std::vector<GoldLabels>& gold) const {
  for (size_t i = 0; i < gold.size(); ++i) {
    const bool own = named() && choice_.labels.empty();
    gold[i].tell(labels_[i], own ? setups_[i].title() : who_, host_.context);
  }
}

// What an adapter that rows name can answer is known without them: they are other adapters', too.
void ExtractRows::settle_named(size_t adapter) {
  const ExtractSetup& setup = setups_[adapter].setup;
  task::Dataset data;
  data.name = setups_[adapter].options.adapter;
  if (!choice_.labels.empty()) {
    data.labels = task::load_labels(choice_.labels);
  } else if (setup.labels) {
    data.labels = *setup.labels;
  }
  data.open_labels = data.labels.empty();
  if (!setup.index.empty() && !setup.labels) settle_labels(data, setup.index);
  labels_[adapter] = data.labels;
  if (!data.labels.empty()) return;
  fail("jobs.extract", fmt::format("{}: it has no labels.json, so {} has no label to choose from. "
                                   "Give --labels, a JSON list, or an --index.",
                                   data.name, setups_[adapter].title()));
}

// Whether the labels are known before the first row is; then they are settled.
bool ExtractRows::known_before(const task::Spec& spec) {
  if (spec.sample) return false;  // all rows are read before one is drawn
  if (named()) return true;
  task::Dataset data;
  data.name = options_.input;
  data.file = file_;
  const auto format = spec.format.empty() ? nullptr : task::dataset_format(spec.format).inventory;
  if (!choice_.labels.empty()) {
    data.labels = task::load_labels(choice_.labels);
  } else if (!choice_.relabel.empty()) {
    data.labels = task::load_patch(choice_.relabel).inventory;
  } else if (format) {
    data.labels = task::Labels(format());
  } else {
    if (setups_[0].setup.index.empty()) return false;
    data.open_labels = true;
  }
  settle(std::move(data));
  return true;
}

// Of rows that name no adapter. `data` has no examples: gold labels that the index lacks are taken
// away, not refused.
void ExtractRows::settle(task::Dataset data) {
  const ExtractSetup& setup = setups_[0].setup;
  if (data.open_labels && !setup.index.empty()) who_ = "the index's inventory";
  // A run's inventory, or a part of it, may well lack labels that stand in an index.
  if (!setup.index.empty() && !setup.labels) settle_labels(data, setup.index);
  labels_[0] = data.labels;
  if (!labels_[0].empty()) {
    if (data.open_labels && setup.index.empty()) {
      host_.context.info(fmt::format("labels: the {} that occur in {} (--labels names others).",
                                     labels_[0].size(), data.name));
    }
    return;
  }
  fail("jobs.extract", fmt::format("{}: no label is known to choose from. Give --labels, a JSON "
                                   "list, or an --index.",
                                   data.name));
}

void ExtractRows::each(const task::TakeExample& take) const {
  if (kept_) {
    for (const task::Example& row : *kept_) {
      task::Example example = row;
      strip_unknown(example, labels_[place_of(setups_, example)]);
      take(std::move(example));
    }
    return;
  }
  std::vector<GoldLabels> gold(setups_.size());
  const task::Dataset data = read(task::parse_spec(options_.input), [&](task::Example&& example) {
    check_sentences(example);
    const size_t adapter = place_of(setups_, example);
    if (!count_) gold[adapter].count(example);
    strip_unknown(example, labels_[adapter]);
    take(std::move(example));
  });
  if (count_) return;
  tell_data(data, !choice_.relabel.empty(), host_.context);
  tell(gold);
}

}  // namespace relatum::jobs
