// Reads a SPEC's rows and does to them what the SPEC and the options ask.
#include "task/load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "base/error.h"
#include "base/rng.h"
#include "task/data_source.h"
#include "task/dataset.h"
#include "task/few_rows.h"
#include "task/marked_documents.h"
#include "task/raw_row.h"
#include "task/row_checks.h"

namespace relatum::task {
namespace {

constexpr size_t kBadShown = 3;
constexpr uint64_t kSampleStream = 11;   // apart from the hold-out's and the trainer's draws
constexpr int64_t kRowsInMemory = 4096;  // of a mapped file, before its pages are given back

/// Why there is no example, in a sentence with the first bad rows.
[[noreturn]] void refuse_empty(const Dataset& data, RowSink& rows, const DataSource& source) {
  const size_t bad = data.bad_rows.size();
  const std::string guess = rows.guess().empty() ? "" : " " + rows.guess();
  if (data.left_out > 0 && bad == 0 && data.dropped == 0) {
    fail("task.load", fmt::format("{}: no example is left: every row has a label that without= "
                                  "leaves out.",
                                  data.file));
  }
  if (bad == 0 && data.dropped == 0) {
    if (source.stream) fail_empty(source.name);
    const size_t at = source.bytes.find_first_not_of(" \t\r\n");
    const char first = at == source.bytes.npos ? '\0' : source.bytes[at];
    fail("task.load", fmt::format("{} holds {}. Check the file.{}", data.file,
                                  data.format == "csv" ? "a header and no rows"
                                  : first == '['       ? "an empty list"
                                                       : "no examples",
                                  guess));
  }
  const std::string malformed = bad == 1 ? "1 row is malformed"
                                         : fmt::format(
                                               "{} rows are "
                                               "malformed",
                                               bad);
  const std::string dropped = fmt::format(
      "{} not in the patch of --relabel",
      data.dropped == 1 ? "1 row is" : fmt::format("{} rows are", data.dropped));
  std::string why = bad == 0 ? dropped : data.dropped == 0 ? malformed : malformed + ", " + dropped;
  for (size_t i = 0; i < bad && i < kBadShown; ++i) {
    const BadRow& row = data.bad_rows[i];
    std::string place = place_text(place_of(row));
    if (i == 0 && row.file.empty()) place[0] = row.row > 0 ? 'R' : 'L';
    why += fmt::format("{} {}: {}", i == 0 ? "." : ";", place, row.sentence);
  }
  why = bad > kBadShown ? why + " …" : full_sentence(why);
  fail("task.load",
       fmt::format("{}: no example is left: {} {}{}", data.file, why,
                   rows.odd_bytes() ? "Save the file as UTF-8." : "Check the file.", guess));
}

/// Which rows, by their place among those that are kept, the SPEC and --limit ask for.
class Selection {
 public:
  /// `count`: of the rows that are kept; looked at where a sample is drawn.
  Selection(const Spec& spec, std::optional<int64_t> limit, int64_t count)
      : cut_(spec.limit), limit_(limit) {
    const int64_t rows = std::min(count, cut_.value_or(count));
    if (!spec.sample || *spec.sample >= rows) return;
    std::vector<int64_t> order(static_cast<size_t>(rows));
    std::iota(order.begin(), order.end(), int64_t{0});
    Rng(spec.seed, kSampleStream).shuffle(order);
    order.resize(size_t(*spec.sample));
    std::sort(order.begin(), order.end());
    drawn_ = std::move(order);
  }

  /// Whether no further row will be taken.
  bool full(int64_t next_row) const {
    return (cut_ && next_row >= *cut_) || (limit_ && taken_ >= *limit_);
  }
  /// To be asked of each row in its turn.
  bool takes(int64_t row) {
    if (full(row)) return false;
    if (drawn_ && !std::binary_search(drawn_->begin(), drawn_->end(), row)) return false;
    ++taken_;
    return true;
  }

 private:
  std::optional<int64_t> cut_, limit_;
  std::optional<std::vector<int64_t>> drawn_;
  int64_t taken_ = 0;
};

/// Thrown through a reader of a stream, which may never end, once all rows are there.
struct Enough {};

/// Takes rows that are kept, by their place among them; documents where `document` is set.
struct TakeKept {
  std::function<void(Example&& example, int64_t place)> example;
  std::function<void(Document&& document, int64_t place)> document{};
};

/// Whether the format may count as the SPEC says.
void check_offsets(const Spec& spec, const DatasetFormat& format) {
  const std::string_view asked = spec.offsets;
  if (asked.empty() || std::ranges::count(format.offsets, asked)) return;
  if (!format.offsets.empty()) {
    fail("task.spec",
         fmt::format("{}: offsets={} is not for the format {}: expected {}.", spec.text, asked,
                     format.name, fmt::join(format.offsets, " or ")));
  }
  std::vector<std::string_view> names;
  for (const DatasetFormat* each : dataset_formats()) {
    if (!each->offsets.empty()) names.push_back(each->name);
  }
  fail("task.spec", fmt::format("{}: offsets= is for {}; how the format {} counts is known.",
                                spec.text, fmt::join(names, " and "), format.name));
}

void read_source(const Spec& spec, const DataSource& source, RowSink& rows) {
  check_offsets(spec, *source.format);
  rows.offsets(spec.offsets);
  if (source.stream) return source.format->read_lines(*source.stream, rows);
  if (source.parts.empty()) return source.format->read(source.bytes, rows);
  for (const DataPart& part : source.parts) {
    if (source.parts.size() > 1 || part.file != source.name) rows.in_file(part.file.string());
    source.format->read_file(part.file, part.id, rows);
  }
}

void ask_for_adapters(const LoadOptions& options, const DataSource& source, RowSink& rows) {
  if (options.adapters.empty()) return;
  if (!source.format->names_adapters) {
    rows.fatal(
        fmt::format("rows of the format {} cannot name their adapter. Use JSON lines or a "
                    "table, whose key or column '{}' names it, or give one adapter "
                    "without a name.",
                    source.format->name, kAdapterField));
  }
  rows.read_adapters();
}

/// Which pairs of documents are examples: as the SPEC says, else as the inventory and, where it is
/// open and the documents can be looked through before, their own labels say.
PairRule rule_of(const Spec& spec, const LoadOptions& options, const DataSource& source,
                 const Labels& inventory) {
  PairRule rule;
  const DatasetFormat& format = *source.format;
  const bool pairs = !format.documents ||
                     (!source.stream && format.of_documents && !format.of_documents(source.bytes));
  if (pairs && (spec.window || !spec.negative.empty())) {
    fail("task.spec",
         fmt::format("{}: window= and negative= are for documents, and {}.", spec.text,
                     format.documents ? "the file begins with a pair: put documents "
                                        "first, or leave these parts out"
                                      : fmt::format("the format {} has pairs", format.name)));
  }
  if (!format.documents) return rule;
  rule.window = spec.window;
  Labels labels = inventory;
  if (!source.stream && !pairs) {
    int64_t relations = 0;
    RowSink rows(std::string(format.name), source.name, true, [](Example&&, bool) {});
    rows.guessed(source.guess, source.others);
    rows.take_documents([&](Document&& document, bool) {
      relations += int64_t(document.relations.size());
      if (!inventory.empty()) return;
      for (const Relation& relation : document.relations) labels.add(relation.label);
    });
    ask_for_adapters(options, source, rows);
    read_source(spec, source, rows);
    // Other formats say of each document whether its relations were looked for.
    rule.all_unlabelled = format.read_file && relations == 0;
  }
  rule.negative = spec.negative.empty() ? negative_label(labels) : spec.negative;
  rule.labels_have_direction = std::any_of(
      labels.names().begin(), labels.names().end(),
      [](const std::string& label) { return label.ends_with("(e2,e1)"); });
  return rule;
}

/// A corpus that lists no pairs without a relation has no label for them in its own inventory.
void add_negative(const Spec& spec, const LoadOptions& options, Dataset& data) {
  if (spec.negative.empty() || options.labels || data.open_labels) return;
  if (!data.labels.find(spec.negative)) data.labels.add(spec.negative);
}

/// Runs once through the source; gives the number of rows that are kept.
int64_t run_through(const Spec& spec, const DataSource& source, const LoadOptions& options,
                    const PairRule& rule, Dataset& data, const TakeKept& take) {
  RowChecks checks(options, *source.format, data);
  add_negative(spec, options, data);
  checks.leave_out(spec);
  int64_t kept = 0;
  RowSink rows(std::string(source.format->name), source.name, options.skip_bad_rows,
               [&](Example&& example, bool numbered) {
    if (!checks.keep(example, numbered, rows)) return;
    if (take.document) take.document(document_of(example), kept++);
    else take.example(std::move(example), kept++);
    if (kept % kRowsInMemory == 0) source.drop_pages();
  });
  if (take.document) {
    rows.take_documents([&](Document&& document, bool numbered) {
      if (checks.keep(document, numbered, rows)) take.document(std::move(document), kept++);
    });
  }
  rows.pair_rule(rule);
  if (options.texts) rows.read_texts();
  ask_for_adapters(options, source, rows);
  rows.guessed(source.guess, source.others);
  try {
    read_source(spec, source, rows);
  } catch (const Enough&) {
  }
  data.unrelated_left_out = rows.unrelated_left_out();
  data.warnings = source.warnings;
  for (std::string& line : rows.warnings()) data.warnings.push_back(std::move(line));
  checks.tell();
  data.bad_rows = std::move(rows.bad_rows());
  std::stable_sort(data.bad_rows.begin(), data.bad_rows.end(),
                   [](const BadRow& a, const BadRow& b) {
    return std::tie(a.file, a.line, a.row) < std::tie(b.file, b.line, b.row);
  });
  if (kept == 0 && !options.may_be_empty) refuse_empty(data, rows, source);
  return kept;
}

void check_limit(const LoadOptions& options) {
  if (!options.limit || *options.limit >= 1) return;
  fail("task.load", fmt::format("--limit {}: expected at least 1.", *options.limit));
}

/// The inventory as it is known before the data are read.
Labels known_labels(const LoadOptions& options, const DatasetFormat& format) {
  Dataset data;
  const RowChecks settles(options, format, data);
  return data.labels;
}

}  // namespace

Dataset read_dataset(const Spec& spec, const LoadOptions& options, const TakeExample& take) {
  check_limit(options);
  if (spec.marked_entities) {
    fail("task.load",
         fmt::format("{}: entities=marked makes documents of rows (for --task entities and joint, "
                     "--pairs sentences and `convert`), and here rows are read. Leave it out.",
                     spec.text));
  }
  const DataSource source = open_data(spec, options.input, !spec.sample);
  const PairRule rule = rule_of(spec, options, source, known_labels(options, *source.format));
  Dataset data;
  int64_t rows = 0;
  if (spec.sample) {
    Dataset counted;
    counted.file = source.name;
    rows = run_through(spec, source, options, rule, counted, {[](Example&&, int64_t) {}});
  }
  Selection selection(spec, options.limit, rows);
  data.name = spec.text;
  data.file = source.name;
  data.format = source.format->name;
  DataWarnings warnings;
  FewRows few(spec);
  run_through(spec, source, options, rule, data, {[&](Example&& example, int64_t place) {
                if (!selection.takes(place) || !few.take(example)) return;
                warnings.add(example, data.labels);
                ++data.count;
                take(std::move(example));
                if (source.stream && selection.full(place + 1)) throw Enough{};
              }});
  few.check();
  if (options.labels && !options.labels->rewritten().empty()) {
    data.warnings.push_back(
        fmt::format("labels of the inventory that differ from their plain form only by blanks or "
                    "Unicode forms are read as that form: '{}'.",
                    fmt::join(options.labels->rewritten(), "', '")));
  }
  for (std::string& line : warnings.sentences(data.labels)) {
    data.warnings.push_back(std::move(line));
  }
  data.odd = warnings.odd();
  return data;
}

namespace {

/// Documents that are made of all rows of a text: whole ones are counted and drawn.
Dataset read_marked(const Spec& spec, const LoadOptions& options, const TakeDocumentOf& take) {
  if (!spec.without.empty() || !spec.few_labels.empty()) {
    fail("task.load",
         fmt::format("{}: {}= leaves rows out, and with entities=marked what they mark "
                     "would be no entity then. Leave one of them out.",
                     spec.text, spec.without.empty() ? "few" : "without"));
  }
  const DataSource source = open_data(spec, options.input, true);
  Dataset data;
  data.name = spec.text;
  data.file = source.name;
  data.format = source.format->name;
  MarkedDocuments marked;
  run_through(spec, source, options, {}, data,
              {{}, [&](Document&& row, int64_t) { marked.add(std::move(row), data.file); }});
  std::vector<Document> documents = marked.take();
  Selection selection(spec, options.limit, int64_t(documents.size()));
  for (size_t i = 0; i < documents.size(); ++i) {
    if (!selection.takes(int64_t(i))) continue;
    ++data.count;
    take(std::move(documents[i]));
  }
  return data;
}

}  // namespace

Dataset read_documents(const Spec& spec, const LoadOptions& options, const TakeDocumentOf& take) {
  check_limit(options);
  if (spec.marked_entities) return read_marked(spec, options, take);
  const DataSource source = open_data(spec, options.input, !spec.sample);
  Dataset data;
  int64_t rows = 0;
  TakeKept count{{}, [](Document&&, int64_t) {}};
  if (spec.sample) {
    Dataset counted;
    counted.file = source.name;
    rows = run_through(spec, source, options, {}, counted, count);
  }
  Selection selection(spec, options.limit, rows);
  data.name = spec.text;
  data.file = source.name;
  data.format = source.format->name;
  FewRows few(spec);
  count.document = [&](Document&& document, int64_t place) {
    if (!selection.takes(place) || !few.take(document)) return;
    ++data.count;
    take(std::move(document));
    if (source.stream && selection.full(place + 1)) throw Enough{};
  };
  run_through(spec, source, options, {}, data, count);
  few.check();
  return data;
}

Dataset read_dataset(std::string_view spec, const LoadOptions& options, const TakeExample& take) {
  return read_dataset(parse_spec(spec), options, take);
}

Dataset load_dataset(const Spec& spec, const LoadOptions& options) {
  std::vector<Example> examples;
  Dataset data = read_dataset(spec, options,
                              [&](Example&& example) { examples.push_back(std::move(example)); });
  data.examples = std::move(examples);
  return data;
}

Dataset load_dataset(std::string_view spec, const LoadOptions& options) {
  return load_dataset(parse_spec(spec), options);
}

}  // namespace relatum::task
