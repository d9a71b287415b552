// One look through the file, then as many as are asked for.
#include "jobs/extract_rows.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/error.h"
#include "jobs/gold_labels.h"
#include "jobs/retrieval.h"
#include "task/dataset.h"
#include "task/relabel.h"

namespace relatum::jobs {

namespace fs = std::filesystem;

ExtractRows::ExtractRows(const ExtractOptions& options, const ExtractSetup& setup, const Host& host)
    : options_(options), setup_(setup), host_(host), choice_(options.data) {
  choice_.keep_unknown_labels = true;
  if (choice_.labels.empty() && setup.labels) {
    choice_.labels = (fs::path(options.adapter) / "labels.json").string();
    who_ = "the adapter";
  }
  const task::Spec spec = task::parse_spec(options.input);
  if (spec.path == "-" && known_before(spec)) return;
  if (spec.path == "-") kept_.emplace();
  GoldLabels gold;
  const task::Dataset data = task::read_dataset(spec, load_options(), [&](task::Example&& row) {
    if (host.context.stopping()) {
      fail("jobs.extract", "interrupted before a row was answered; nothing was written.");
    }
    gold.count(row);
    if (kept_) kept_->push_back(std::move(row));
  });
  file_ = data.file;
  count_ = data.count;
  tell_data(data, !choice_.relabel.empty(), host.context);
  settle(data);
  gold.tell(labels_, who_, host.context);
}

task::LoadOptions ExtractRows::load_options() const { return choice_.options(true, host_); }

// Whether the labels are known before the first row is; then they are settled.
bool ExtractRows::known_before(const task::Spec& spec) {
  if (spec.sample) return false;  // all rows are read before one is drawn
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
    if (setup_.index.empty()) return false;
    data.open_labels = true;
  }
  settle(std::move(data));
  return true;
}

// `data` has no examples: gold labels that the index lacks are taken away, not refused.
void ExtractRows::settle(task::Dataset data) {
  if (data.open_labels && !setup_.index.empty()) who_ = "the index's inventory";
  // A run's inventory, or a part of it, may well lack labels that stand in an index.
  if (!setup_.index.empty() && !setup_.labels) settle_labels(data, setup_.index);
  labels_ = data.labels;
  if (!labels_.empty()) return;
  fail("jobs.extract", fmt::format("{}: no label is known to choose from. Give --labels, a JSON "
                                   "list, or an --index.",
                                   data.name));
}

void ExtractRows::each(const task::TakeExample& take) const {
  if (kept_) {
    for (const task::Example& row : *kept_) {
      task::Example example = row;
      strip_unknown(example, labels_);
      take(std::move(example));
    }
    return;
  }
  GoldLabels gold;
  const task::Dataset data = task::read_dataset(options_.input, load_options(),
                                                [&](task::Example&& example) {
    if (!count_) gold.count(example);
    strip_unknown(example, labels_);
    take(std::move(example));
  });
  if (count_) return;
  tell_data(data, !choice_.relabel.empty(), host_.context);
  gold.tell(labels_, who_, host_.context);
}

}  // namespace relatum::jobs
