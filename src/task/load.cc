// Reads a SPEC's file and does to its rows what the SPEC and the options ask.
#include "task/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <unordered_map>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/rng.h"
#include "task/dataset.h"
#include "task/relabel.h"
#include "task/utf8.h"

namespace relatum::task {
namespace {

constexpr size_t kSniffed = 4096;       // bytes that a format is told from
constexpr uint64_t kSampleStream = 11;  // apart from the hold-out's and the trainer's draws

/// The file's bytes, mapped or read from the stream, without a byte-order mark.
struct Source {
  std::shared_ptr<const MappedFile> file;
  std::string text;
  std::string name;
  std::string_view bytes;
};

Source open_source(const Spec& spec, const LoadOptions& options) {
  Source source;
  source.name = spec.path == "-" ? "standard input" : spec.path;
  if (spec.path == "-") {
    if (!options.input)
      fail("task.load", "standard input is not available here. Name a file instead of '-'.");
    source.text.assign(std::istreambuf_iterator<char>(*options.input), {});
    source.bytes = source.text;
  } else {
    source.file = MappedFile::open(spec.path);
    source.bytes = {reinterpret_cast<const char*>(source.file->bytes().data()),
                    source.file->bytes().size()};
  }
  if (source.bytes.starts_with("\xEF\xBB\xBF")) source.bytes.remove_prefix(3);
  if (source.bytes.find_first_not_of(" \t\r\n") == source.bytes.npos)
    fail("task.load", fmt::format("{} is empty: expected rows with a text and two entities. Check "
                                  "the file.",
                                  source.name));
  return source;
}

const DatasetFormat& choose_format(const Spec& spec, const Source& source) {
  if (!spec.format.empty()) return dataset_format(spec.format);
  if (spec.path == "-") return dataset_format("jsonl");
  const DatasetFormat* format =
      sniff_dataset_format(spec.path, source.bytes.substr(0, kSniffed));
  if (format) return *format;
  std::string known;
  for (const DatasetFormat* each : dataset_formats())
    known += fmt::format("{}{}", known.empty() ? "" : ", ", each->name);
  fail("task.load", fmt::format("{}: its format does not show. Write FORMAT:{} with one of {}.",
                                spec.path, spec.path, known));
}

void apply_patch(const Patch& patch, Dataset& data) {
  std::vector<Example> kept;
  for (Example& example : data.examples) {
    const auto at = patch.labels.find(example.id);
    if (at == patch.labels.end() && patch.drops_others) {
      ++data.dropped;
      continue;
    }
    if (at != patch.labels.end() && example.label != at->second) {
      ++data.relabelled;
      example.label = at->second;
    }
    kept.push_back(std::move(example));
  }
  data.examples = std::move(kept);
}

/// Leaves out rows with a repeated id or an unknown label, or stops at the first.
void check_rows(Rows& rows, bool keep_unknown_labels, Dataset& data) {
  std::vector<Example> kept;
  std::unordered_map<std::string, int64_t> lines;
  for (Example& example : data.examples) {
    const auto [first, fresh] = lines.emplace(example.id, example.line);
    if (!fresh) {
      rows.bad(example.line, fmt::format("id '{}' already stands on line {}",
                                         utf8_printable(example.id), first->second));
      continue;
    }
    const std::vector<std::string> labels = gold_labels(example);
    const auto unknown = std::find_if(labels.begin(), labels.end(), [&](const std::string& label) {
      if (data.open_labels) data.labels.add(label);
      return !data.labels.find(label);
    });
    if (unknown != labels.end() && !keep_unknown_labels) {
      std::string sentence = unknown_label(data.labels, *unknown);
      sentence.pop_back();  // Rows ends the sentence
      rows.bad(example.line, sentence);
      continue;
    }
    kept.push_back(std::move(example));
  }
  data.examples = std::move(kept);
}

void cut(std::vector<Example>& examples, std::optional<int64_t> limit) {
  if (limit && *limit < int64_t(examples.size())) examples.resize(size_t(*limit));
}

void draw_sample(std::vector<Example>& examples, const Spec& spec) {
  if (!spec.sample || *spec.sample >= int64_t(examples.size())) return;
  std::vector<size_t> order(examples.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Rng(spec.seed, kSampleStream).shuffle(order);
  order.resize(size_t(*spec.sample));
  std::sort(order.begin(), order.end());
  std::vector<Example> drawn;
  for (const size_t i : order) drawn.push_back(std::move(examples[i]));
  examples = std::move(drawn);
}

}  // namespace

Dataset load_dataset(const Spec& spec, const LoadOptions& options) {
  if (options.limit && *options.limit < 1)
    fail("task.load", fmt::format("--limit {}: expected at least 1.", *options.limit));
  const Source source = open_source(spec, options);
  const DatasetFormat& format = choose_format(spec, source);
  Rows rows(std::string(format.name), source.name, options.skip_bad_rows);
  format.read(source.bytes, rows);

  Dataset data;
  data.name = spec.text;
  data.format = format.name;
  data.examples = std::move(rows.examples());
  if (format.inventory) data.labels = Labels(format.inventory());
  if (!options.relabel.empty()) {
    const Patch patch = load_patch(options.relabel);
    apply_patch(patch, data);
    data.labels = patch.inventory;
  }
  if (options.labels) data.labels = *options.labels;
  data.open_labels = data.labels.empty();
  check_rows(rows, options.keep_unknown_labels, data);
  data.bad_rows = std::move(rows.bad_rows());
  std::stable_sort(data.bad_rows.begin(), data.bad_rows.end(),
                   [](const BadRow& a, const BadRow& b) { return a.line < b.line; });
  if (data.examples.empty())
    fail("task.load", fmt::format("{}: no example is left ({} bad rows, {} dropped by --relabel). "
                                  "Check the file and its format ({}).",
                                  source.name, data.bad_rows.size(), data.dropped, format.name));
  cut(data.examples, spec.limit);
  draw_sample(data.examples, spec);
  cut(data.examples, options.limit);
  return data;
}

Dataset load_dataset(std::string_view spec, const LoadOptions& options) {
  return load_dataset(parse_spec(spec), options);
}

}  // namespace relatum::task
