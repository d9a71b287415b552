// Reads a SPEC's file and does to its rows what the SPEC and the options ask.
#include "task/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <unordered_map>

#include "base/error.h"
#include "base/known_names.h"
#include "base/mapped_file.h"
#include "base/printable.h"
#include "base/rng.h"
#include "io/text_file.h"
#include "task/data_warnings.h"
#include "task/dataset.h"
#include "task/forms.h"
#include "task/json_rows.h"
#include "task/relabel.h"

namespace relatum::task {
namespace {

constexpr size_t kSniffed = 64 << 10;   // bytes that a format is told from
constexpr size_t kKeysShown = 8;
constexpr size_t kBadShown = 3;
constexpr uint64_t kSampleStream = 11;  // apart from the hold-out's and the trainer's draws

/// The file's text, mapped or read from the stream, without a byte-order mark; lines end with LF.
struct Source {
  std::shared_ptr<const MappedFile> file;
  std::string text;
  std::string name;
  std::string_view bytes;
};

/// "brat:notes" is meant as a format, unless there is such a file.
void check_prefix(const Spec& spec) {
  const size_t colon = spec.path.find(':');
  std::error_code ignored;
  if (!spec.format.empty() || colon == spec.path.npos || colon < 2 ||
      std::filesystem::exists(spec.path, ignored))
    return;
  const std::string prefix = spec.path.substr(0, colon);
  const auto named = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_' || c == '.';
  };
  if (!std::all_of(prefix.begin(), prefix.end(), named)) return;
  std::vector<std::string> known;
  for (const DatasetFormat* format : dataset_formats()) known.emplace_back(format->name);
  const std::string near = nearest_name(prefix, known);
  fail("task.load", fmt::format("'{}': there is no file of this name, and '{}' is no data format "
                                "that is known.{} Known formats: {}.",
                                printable_start(spec.path), prefix,
                                near.empty() ? "" : fmt::format(" Did you mean '{}'?", near),
                                fmt::join(known, ", ")));
}

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
  if (const std::string wide = io::wide_encoding(source.bytes); !wide.empty())
    fail("task.load", fmt::format("{} {}: expected UTF-8. Save the file as UTF-8.", source.name,
                                  wide));
  source.bytes = io::without_mark(source.bytes);
  if (source.bytes.find('\r') != source.bytes.npos) {
    source.text = io::with_line_feeds(source.bytes);
    source.bytes = source.text;
  }
  if (source.bytes.find_first_not_of(" \t\r\n") == source.bytes.npos)
    fail("task.load", fmt::format("{} is empty: expected rows with a text and two entities. Check "
                                  "the file.",
                                  source.name));
  return source;
}

/// What the beginning of a file shows, for a sentence.
std::string seen_first(std::string_view bytes) {
  const std::vector<std::string> keys = first_keys(bytes.substr(0, kSniffed));
  if (keys.empty()) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    return fmt::format("its first line is '{}'", printable_start(line, 60));
  }
  std::string list;
  for (size_t i = 0; i < keys.size() && i < kKeysShown; ++i)
    list += fmt::format("{}'{}'", list.empty() ? "" : ", ", printable_start(keys[i], 40));
  return fmt::format("its first JSON object has the keys {}{}", list,
                     keys.size() > kKeysShown ? " …" : "");
}

std::string known_formats() {
  std::string known;
  for (const DatasetFormat* each : dataset_formats())
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", each->name, each->description);
  return known;
}

/// The format that was named, or the one that shows; `guess` says in the latter case why, unless
/// the first object's keys leave no doubt.
const DatasetFormat& choose_format(const Spec& spec, const Source& source, std::string& guess) {
  if (!spec.format.empty()) return dataset_format(spec.format);
  const DatasetFormat* format =
      spec.path == "-" ? &dataset_format("jsonl")
                       : sniff_dataset_format(spec.path, source.bytes.substr(0, kSniffed));
  if (!format)
    fail("task.load", fmt::format("{}: its format does not show: {}. Write FORMAT:{} with one of: "
                                  "{}.", spec.path, seen_first(source.bytes), spec.path,
                                  known_formats()));
  const std::vector<std::string> keys = first_keys(source.bytes.substr(0, kSniffed));
  if (format->name == "jsonl" && std::ranges::find(keys, "text") != keys.end()) return *format;
  const std::string reason =
      spec.path == "-" ? "standard input is read so where no format is named"
                       : seen_first(source.bytes);
  guess = fmt::format("The file was taken for {}, as {}. Where it is of another format, write "
                      "FORMAT:{} with one of: {}.", format->name, reason, spec.path,
                      known_formats());
  return *format;
}

void apply_patch(const Patch& patch, const std::string& relabel, Dataset& data) {
  std::vector<Example> kept;
  int64_t named = 0;
  for (Example& example : data.examples) {
    const auto at = patch.labels.find(example.id);
    if (at == patch.labels.end() && patch.drops_others) {
      ++data.dropped;
      continue;
    }
    named += at != patch.labels.end();
    if (at != patch.labels.end() && example.label != at->second) {
      ++data.relabelled;
      example.label = at->second;
    }
    kept.push_back(std::move(example));
  }
  if (named == 0 && !kept.empty())
    data.warnings.push_back(fmt::format("--relabel {} names none of these rows' ids, so no label "
                                        "is changed.", relabel));
  data.examples = std::move(kept);
}

/// "" for an id that no earlier row has. `lines`: ids in the form that people see, and their rows.
std::string repeated_id(const Rows& rows, const Example& example,
                        std::unordered_map<std::string, const Example*>& lines) {
  const auto [first, fresh] = lines.emplace(seen_form(example.id), &example);
  if (fresh) return "";
  const Example& earlier = *first->second;
  if (rows.numbered(example))
    return fmt::format("the row has no id, and the number {} that would stand for one is the id of "
                       "line {}", example.id, earlier.line);
  const std::string id = printable_start(example.id);
  if (example.id == earlier.id)
    return fmt::format("id '{}' already stands on line {}", id, earlier.line);
  return fmt::format("id '{}' differs from '{}' on line {} only by blanks or Unicode forms", id,
                     printable_start(earlier.id), earlier.line);
}

/// Leaves out rows with a repeated id or an unknown label, or stops at the first.
void check_rows(Rows& rows, bool keep_unknown_labels, Dataset& data) {
  std::vector<size_t> kept;
  std::unordered_map<std::string, const Example*> lines;
  for (size_t i = 0; i < data.examples.size(); ++i) {
    const Example& example = data.examples[i];
    if (const std::string problem = repeated_id(rows, example, lines); !problem.empty()) {
      rows.bad(example.line, problem);
      continue;
    }
    const std::vector<std::string> labels = gold_labels(example);
    const auto unknown = std::find_if(labels.begin(), labels.end(), [&](const std::string& label) {
      if (data.open_labels) data.labels.add(label);
      return !data.labels.find(label);
    });
    if (unknown != labels.end() && !keep_unknown_labels) {
      std::string sentence = unlisted_label(data.labels, *unknown);
      if (sentence.ends_with('.')) sentence.pop_back();  // Rows ends the sentence
      rows.bad(example.line, sentence);
      continue;
    }
    kept.push_back(i);
  }
  std::vector<Example> examples;
  for (const size_t i : kept) examples.push_back(std::move(data.examples[i]));
  data.examples = std::move(examples);
}

/// Why there is no example, in a sentence with the first bad rows.
[[noreturn]] void refuse_empty(const Dataset& data, const Rows& rows, std::string_view bytes) {
  const size_t bad = data.bad_rows.size();
  const std::string guess = rows.guess().empty() ? "" : " " + rows.guess();
  if (bad == 0 && data.dropped == 0) {
    const char first = bytes[bytes.find_first_not_of(" \t\r\n")];
    fail("task.load", fmt::format("{} holds {}. Check the file.{}", data.file,
                                  data.format == "csv" ? "a header and no rows"
                                  : first == '['       ? "an empty list"
                                                       : "no examples", guess));
  }
  const std::string malformed = bad == 1 ? "1 row is malformed" : fmt::format("{} rows are "
                                                                              "malformed", bad);
  const std::string dropped = fmt::format("{} not in the patch of --relabel",
                                          data.dropped == 1 ? "1 row is"
                                                            : fmt::format("{} rows are",
                                                                          data.dropped));
  std::string why = bad == 0 ? dropped : data.dropped == 0 ? malformed
                                                           : malformed + ", " + dropped;
  for (size_t i = 0; i < bad && i < kBadShown; ++i)
    why += fmt::format("{} {}: {}", i == 0 ? ". Line" : "; line", data.bad_rows[i].line,
                       data.bad_rows[i].sentence);
  why = bad > kBadShown ? why + " …" : full_sentence(why);
  fail("task.load", fmt::format("{}: no example is left: {} {}{}", data.file, why,
                                rows.odd_bytes() ? "Save the file as UTF-8."
                                                 : "Check the file.", guess));
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
  check_prefix(spec);
  const Source source = open_source(spec, options);
  std::string guess;
  const DatasetFormat& format = choose_format(spec, source, guess);
  Rows rows(std::string(format.name), source.name, options.skip_bad_rows);
  rows.guessed(guess);
  format.read(source.bytes, rows);
  if (!rows.examples().empty()) rows.guessed("");  // it fits: what follows is not its fault

  Dataset data;
  data.name = spec.text;
  data.file = source.name;
  data.format = format.name;
  data.examples = std::move(rows.examples());
  if (format.inventory) data.labels = Labels(format.inventory());
  data.warnings = rows.warnings();
  if (!options.relabel.empty()) {
    const Patch patch = load_patch(options.relabel);
    apply_patch(patch, options.relabel, data);
    data.labels = patch.inventory;
  }
  if (options.labels) data.labels = *options.labels;
  data.open_labels = data.labels.empty();
  check_rows(rows, options.keep_unknown_labels, data);
  data.bad_rows = std::move(rows.bad_rows());
  std::stable_sort(data.bad_rows.begin(), data.bad_rows.end(),
                   [](const BadRow& a, const BadRow& b) { return a.line < b.line; });
  if (data.examples.empty()) refuse_empty(data, rows, source.bytes);
  cut(data.examples, spec.limit);
  draw_sample(data.examples, spec);
  cut(data.examples, options.limit);
  if (options.labels && !options.labels->rewritten().empty())
    data.warnings.push_back(
        fmt::format("labels of the inventory that differ from their plain form only by blanks or "
                    "Unicode forms are read as that form: '{}'.",
                    fmt::join(options.labels->rewritten(), "', '")));
  for (std::string& line : data_warnings(data.examples, data.labels))
    data.warnings.push_back(std::move(line));
  return data;
}

Dataset load_dataset(std::string_view spec, const LoadOptions& options) {
  return load_dataset(parse_spec(spec), options);
}

}  // namespace relatum::task
