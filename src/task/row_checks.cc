// Ids are compared by the hash of the form that people see.
#include "task/row_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

#include "base/known_names.h"
#include "base/printable.h"
#include "task/forms.h"
#include "task/raw_row.h"

namespace relatum::task {

RowChecks::RowChecks(const LoadOptions& options, const DatasetFormat& format, Dataset& data)
    : options_(options), data_(data) {
  if (format.inventory) data.labels = Labels(format.inventory());
  if (!options.relabel.empty()) {
    patch_ = load_patch(options.relabel);
    data.labels = patch_->inventory;
  }
  if (options.labels) data.labels = *options.labels;
  data.open_labels = data.labels.empty();
}

bool RowChecks::relabel(Example& example) {
  const auto at = patch_->labels.find(example.id);
  const bool named = at != patch_->labels.end();
  if (!named && patch_->drops_others) {
    ++data_.dropped;
    return false;
  }
  named_ += named;
  ++passed_;
  if (named && example.label != at->second) {
    ++data_.relabelled;
    example.label = at->second;
  }
  return true;
}

/// "" for an id that no earlier row has.
std::string RowChecks::repeated_id(const Example& example, bool numbered) {
  const std::string form = seen_form(example.id);
  const auto [first, fresh] = lines_.emplace(std::hash<std::string>{}(form), example.line);
  if (fresh) {
    if (form != example.id) odd_ids_.emplace(example.line, example.id);
    return "";
  }
  const int64_t line = first->second;
  if (numbered) {
    return fmt::format(
        "the row has no id, and the number {} that would stand for one is the id of "
        "line {}",
        example.id, line);
  }
  const auto odd = odd_ids_.find(line);
  const std::string& earlier = odd == odd_ids_.end() ? form : odd->second;
  const std::string id = printable_start(example.id);
  if (example.id == earlier) return fmt::format("id '{}' already stands on line {}", id, line);
  return fmt::format("id '{}' differs from '{}' on line {} only by blanks or Unicode forms", id,
                     printable_start(earlier), line);
}

/// "" for a row whose adapter is known, or where rows name none.
std::string RowChecks::unknown_adapter(const Example& example) const {
  const std::vector<std::string>& known = options_.adapters;
  if (known.empty() || std::ranges::count(known, example.adapter)) return "";
  if (!example.adapter.empty()) {
    std::string sentence = unknown_name("adapter", printable_start(example.adapter), known);
    if (sentence.ends_with('.')) sentence.pop_back();  // RowSink ends the sentence
    return sentence;
  }
  return fmt::format(
      "the row names no adapter: its key or column '{}' has to be one of those given "
      "by --adapter, {}",
      kAdapterField, fmt::join(known, ", "));
}

bool RowChecks::keep(Example& example, bool numbered, RowSink& rows) {
  if (patch_ && !relabel(example)) return false;
  if (const std::string problem = repeated_id(example, numbered); !problem.empty()) {
    rows.bad(example.line, problem);
    return false;
  }
  if (const std::string problem = unknown_adapter(example); !problem.empty()) {
    rows.bad(example.line, problem);
    return false;
  }
  const std::vector<std::string> labels = gold_labels(example);
  const auto unknown = std::find_if(labels.begin(), labels.end(), [&](const std::string& label) {
    if (data_.open_labels) data_.labels.add(label);
    return !data_.labels.find(label);
  });
  if (unknown == labels.end() || options_.keep_unknown_labels) return true;
  std::string sentence = unlisted_label(data_.labels, *unknown);
  if (sentence.ends_with('.')) sentence.pop_back();  // RowSink ends the sentence
  rows.bad(example.line, sentence);
  return false;
}

void RowChecks::tell() {
  if (!patch_ || named_ > 0 || passed_ == 0) return;
  data_.warnings.push_back(
      fmt::format("--relabel {} names none of these rows' ids, so no label is "
                  "changed.",
                  options_.relabel));
}

}  // namespace relatum::task
