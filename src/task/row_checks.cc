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

void RowChecks::leave_out(const Spec& spec) {
  without_ = spec.without;
  const bool asked = options_.keep_unknown_labels && options_.labels;
  if (without_.empty() || data_.open_labels || asked) return;
  for (const std::string& label : without_) {
    if (data_.labels.find(label)) continue;
    fail("task.spec", fmt::format("{}: without= names a label that is none of the data's: {}",
                                  spec.text, full_sentence(unlisted_label(data_.labels, label))));
  }
  data_.labels = data_.labels.less(without_);
  if (!data_.labels.empty()) return;
  fail("task.spec", fmt::format("{}: without= names every label, so none is left.", spec.text));
}

bool RowChecks::leaves_out(const Example& example) {
  bool any = false;
  for (const std::string& label : gold_labels(example)) {
    if (std::ranges::find(without_, label) == without_.end()) continue;
    met_.insert(label);
    any = true;
  }
  data_.left_out += any;
  return any;
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
std::string RowChecks::repeated_id(const std::string& given, const Place& place, bool numbered) {
  const std::string form = seen_form(given);
  const auto [first, fresh] = kept_.emplace(std::hash<std::string>{}(form), places_.keep(place));
  if (fresh) {
    if (form != given) odd_ids_.emplace(first->first, given);
    return "";
  }
  const Place before = places_.of(first->second);
  if (numbered) {
    return fmt::format(
        "the row has no id, and the number {} that would stand for one is the id of {}", given,
        place_text(before));
  }
  const auto odd = odd_ids_.find(first->first);
  const std::string& earlier = odd == odd_ids_.end() ? form : odd->second;
  const std::string id = printable_start(given);
  if (given == earlier) return fmt::format("id '{}' already stands {}", id, at_place(before));
  return fmt::format("id '{}' differs from '{}' {} only by blanks or Unicode forms", id,
                     printable_start(earlier), at_place(before));
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
  if (const std::string problem = repeated_id(example.id, place_of(example), numbered);
      !problem.empty()) {
    rows.bad(example.line, problem);
    return false;
  }
  if (const std::string problem = unknown_adapter(example); !problem.empty()) {
    rows.bad(example.line, problem);
    return false;
  }
  if (!without_.empty() && leaves_out(example)) return false;
  return labels_known(gold_labels(example), example.line, rows);
}

bool RowChecks::keep(const Document& document, bool numbered, RowSink& rows) {
  if (const std::string problem = repeated_id(document.id, place_of(document), numbered);
      !problem.empty()) {
    rows.bad(document.line, problem);
    return false;
  }
  if (!without_.empty()) {
    fail("task.spec",
         fmt::format("{}: without= leaves out pairs, and here documents are read whole. Take the "
                     "relations out of the file, or leave without= out.",
                     full_place(data_.file, place_of(document))));
  }
  std::vector<std::string> labels;
  for (const Relation& relation : document.relations) labels.push_back(relation.label);
  return labels_known(labels, document.line, rows);
}

bool RowChecks::labels_known(const std::vector<std::string>& labels, int64_t line, RowSink& rows) {
  const auto unknown = std::find_if(labels.begin(), labels.end(), [&](const std::string& label) {
    if (data_.open_labels) data_.labels.add(label);
    return !data_.labels.find(label);
  });
  if (unknown == labels.end() || options_.keep_unknown_labels) return true;
  std::string sentence = unlisted_label(data_.labels, *unknown);
  const bool likely_slip = sentence.ends_with('?');  // one of the inventory's is meant
  if (!options_.labels && !likely_slip) {
    sentence += " Labels of your own are named with --labels.";
  }
  if (sentence.ends_with('.')) sentence.pop_back();  // RowSink ends the sentence
  rows.bad(line, sentence);
  return false;
}

void RowChecks::tell() {
  for (const std::string& label : without_) {
    if (met_.contains(label)) continue;
    data_.warnings.push_back(
        fmt::format("without= names the label '{}', which no row has.", printable_start(label)));
  }
  if (!patch_ || named_ > 0 || passed_ == 0) return;
  data_.warnings.push_back(
      fmt::format("--relabel {} names none of these rows' ids, so no label is "
                  "changed.",
                  options_.relabel));
}

}  // namespace relatum::task
