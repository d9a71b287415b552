// Draws once, writes what is not there yet.
#include "jobs/study_split.h"

#include <fmt/format.h>

#include <map>
#include <span>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/hash.h"
#include "task/convert.h"
#include "task/evaluate.h"
#include "task/holdout.h"
#include "task/spec.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

std::string lines_of(const task::Dataset& data, const std::vector<int64_t>& rows) {
  std::string text;
  const auto writer = task::jsonl_writer([&](std::string_view part) { text += part; });
  for (const int64_t row : rows) writer->add(task::document_of(data.examples[size_t(row)]));
  writer->finish();
  return text;
}

void check_rows(const task::Dataset& data) {
  std::map<std::string, std::string> texts;
  for (const task::Example& example : data.examples) {
    const std::string place = task::full_place(data.file, task::place_of(example));
    if (!example.label) {
      fail("jobs.study", fmt::format("{}: example '{}' has no label. A study needs one in each "
                                     "row.",
                                     place, example.id));
    }
    if (example.document.empty()) continue;
    const auto [known, fresh] = texts.emplace(example.document, example.text);
    if (fresh || known->second == example.text) continue;
    fail("jobs.study",
         fmt::format("{}: rows of document '{}' show different parts of it, and 'holdout' keeps "
                     "together what has one text. Split the documents yourself, and name the parts "
                     "as 'train' and 'test'.",
                     place, example.document));
  }
}

// The same bytes as before are left alone, so that nobody's file times change.
void keep(const fs::path& file, const std::string& text) {
  std::error_code ignored;
  if (fs::exists(file, ignored) && read_file(file) == text) return;
  write_file(file, text);
}

}  // namespace

StudySplit split_training(const std::string& spec, const DataChoice& reading, int64_t count,
                          const fs::path& work, const Host& host) {
  if (task::parse_spec(spec).marked_entities) {
    fail("jobs.study",
         fmt::format("{}: 'holdout' holds rows out before documents are made of them. Write "
                     "entities=marked in train-rows of [study], or in an arm's train of parts, "
                     "train = \"?entities=marked\".",
                     spec));
  }
  const task::Dataset data = reading.load(spec, true, host);
  check_rows(data);
  const task::Split split = task::hold_out(data.examples, count, 1);
  const std::string train = lines_of(data, split.kept), held_out = lines_of(data, split.held_out);
  const std::string all = train + '\0' + held_out;
  const fs::path folder = work / ("rows-" + sha256(std::as_bytes(std::span(all))).substr(0, 16));
  StudySplit result{folder / "train.jsonl", folder / "held-out.jsonl", folder / "labels.json",
                    std::string(task::named_official(data))};
  keep(result.train, train);
  keep(result.held_out, held_out);
  std::error_code ignored;
  const bool known = fs::exists(result.labels, ignored) &&
                     task::load_labels(result.labels) == data.labels;
  if (!known) task::save_labels(result.labels, data.labels);
  return result;
}

}  // namespace relatum::jobs
