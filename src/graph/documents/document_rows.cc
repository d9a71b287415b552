// Rows by the readers that data sets use: id, text, and entities where there are some.
#include "graph/documents/document_rows.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/error_sentence.h"
#include "base/printable.h"
#include "io/json.h"
#include "io/jsonl.h"
#include "io/text_file.h"
#include "task/delimited.h"
#include "task/document.h"
#include "task/json_document.h"
#include "task/table_shape.h"

namespace relatum::graph {
namespace {

constexpr const char* kPlace = "graph.documents";
constexpr size_t kMostNames = 100;
constexpr const char* kEntities = "entities";

/// Counts what is taken from another stream.
class CountingBuffer : public std::streambuf {
 public:
  explicit CountingBuffer(std::istream& from) : from_(*from.rdbuf()) {}
  uint64_t taken() const { return taken_; }

 private:
  int_type underflow() override { return from_.sgetc(); }
  int_type uflow() override {
    const int_type c = from_.sbumpc();
    taken_ += c != traits_type::eof();
    return c;
  }
  std::streambuf& from_;
  uint64_t taken_ = 0;
};

void note_unread(std::set<std::string>& unread, const std::string& name) {
  if (unread.size() < kMostNames) unread.insert(printable_start(name, 40));
}

/// Throws Error with what is wrong with the row.
std::string id_of_row(const nlohmann::json& row, const std::string& key) {
  const auto at = row.find(key);
  if (at == row.end() || at->is_null()) return "";
  if (at->is_string()) return at->get<std::string>();
  if (at->is_number_integer()) return at->dump();
  fail(kPlace,
       fmt::format("'{}' is neither a string nor a whole number", printable_start(key, 40)));
}

std::string text_of_row(const nlohmann::json& row, const std::string& key) {
  if (!row.is_object()) fail(kPlace, "the row is no JSON object");
  const auto at = row.find(key);
  const std::string shown = printable_start(key, 40);
  if (at == row.end()) fail(kPlace, fmt::format("the row has no '{}'", shown));
  if (!at->is_string()) fail(kPlace, fmt::format("'{}' is no string", shown));
  return at->get<std::string>();
}

/// An error's sentence without its place and its full stop.
std::string bare(const Error& error) {
  std::string sentence = sentence_of(error);
  if (sentence.ends_with('.')) sentence.pop_back();
  return sentence;
}

/// Entities as mentions of `document`, which is checked whole. Throws Error with what is wrong.
std::vector<Mention> mentions_of(const nlohmann::json& list, task::Document& document,
                                 std::set<std::string>& unread) {
  static const std::set<std::string> known = {"id",   "start",  "end",        "type",
                                              "text", "pieces", "probability"};
  const CodePoints points(document.text);
  for (const nlohmann::json& each : list) {
    const std::string place = fmt::format("entity {}", document.entities.size() + 1);
    document.entities.push_back(task::parse_entity(each, place, points));
    for (const auto& [key, value] : each.items()) {
      if (!known.contains(key)) note_unread(unread, "entities." + key);
    }
  }
  if (const std::string problem = task::settle(document); !problem.empty()) fail(kPlace, problem);
  std::vector<Mention> mentions;
  for (const task::Entity& entity : document.entities) {
    const task::Span& span = entity.span;
    if (span.type.empty()) {
      fail(kPlace, fmt::format("entity '{}' has no type", printable_start(entity.id, 40)));
    }
    const Stretch stretch{span.start, span.end};
    mentions.push_back({stretch, span.type, entity.probability.value_or(1),
                        std::string(points.slice(span.start, span.end))});
  }
  return mentions;
}

/// Throws Error with what is wrong with the row.
DocumentRow row_of(const nlohmann::json& object, const RowFields& fields,
                   std::set<std::string>& unread) {
  DocumentRow row;
  row.text = text_of_row(object, fields.text);
  row.id = id_of_row(object, fields.id);
  row.has_entities = object.contains(kEntities);
  if (row.has_entities) {
    task::Document document;
    document.id = "row";  // its own, or its line's, comes later
    document.text = row.text;
    row.entities = mentions_of(io::require_array(object, kEntities, "the row"), document, unread);
  }
  for (const auto& [key, value] : object.items()) {
    if (key != fields.text && key != fields.id && key != kEntities) note_unread(unread, key);
  }
  return row;
}

/// Places of the columns; throws Error where there is no text.
struct Columns {
  int64_t text, id;

  Columns(const task::TableShape& shape, const std::vector<std::string>& names,
          const std::string& name, const RowFields& fields)
      : text(shape.find(names[0])), id(shape.find(names[1])) {
    if (const std::string twice = shape.repeated(names); !twice.empty()) {
      fail(kPlace, fmt::format("{}: column '{}' stands twice in the header. Remove one.", name,
                               printable_start(twice, 40)));
    }
    if (text >= 0) return;
    std::string seen = shape.quoted();
    if (!seen.empty()) seen = "; its columns are " + seen;
    fail(kPlace, fmt::format("{}: the header has no column '{}'{}. Name the column of the texts by "
                             "--text-column.",
                             name, printable_start(fields.text, 40), seen));
  }
};

/// What is wrong with a record, or "".
std::string record_problem(const task::DelimitedRecord& record, const task::TableShape& shape,
                           const Columns& columns) {
  if (const std::string problem = shape.problem(record); !problem.empty()) return problem;
  for (const int64_t column : {columns.text, columns.id}) {
    if (column < 0) continue;
    const std::string odd = io::encoding_problem(record.fields[size_t(column)], false);
    if (!odd.empty()) return fmt::format("the row {}", odd);
  }
  return "";
}

}  // namespace

void read_json_documents(std::istream& stream, const std::string& name, const RowFields& fields,
                         RowTaker& rows) {
  CountingBuffer counting(stream);
  std::istream counted(&counting);
  io::JsonlReader reader(counted, name);
  std::string line;
  while (reader.next_line(line)) {
    DocumentRow row;
    std::string problem;
    try {
      row = row_of(io::parse_json(line, "the row"), fields, rows.unread);
    } catch (const Error& error) {
      problem = bare(error);
    }
    row.line = reader.line();
    row.read = counting.taken();
    if (!problem.empty()) rows.bad(row.line, problem);
    else if (!rows.take(std::move(row))) return;
  }
}

void read_table_documents(std::string_view bytes, const std::string& name, const RowFields& fields,
                          RowTaker& rows) {
  if (const std::string wide = io::wide_encoding(bytes); !wide.empty()) {
    fail(kPlace, fmt::format("{} {}. Save the file as UTF-8.", name, wide));
  }
  const size_t all = bytes.size();
  bytes = io::without_mark(bytes);
  const std::vector<std::string> names = {task::column_name(fields.text),
                                          task::column_name(fields.id)};
  const task::TableShape shape = task::find_table(bytes, names);
  const Columns columns(shape, names, name, fields);
  for (const std::string& column : shape.columns) {
    if (!column.empty() && column != names[0] && column != names[1]) {
      note_unread(rows.unread, column);
    }
  }
  task::DelimitedReader reader(shape.records, shape.separator, shape.line);
  task::DelimitedRecord record;
  reader.next(record);  // the header
  while (reader.next(record)) {
    const std::string problem = record_problem(record, shape, columns);
    if (!problem.empty()) {
      rows.bad(record.line, problem);
      continue;
    }
    DocumentRow row;
    if (columns.id >= 0) row.id = std::move(record.fields[size_t(columns.id)]);
    row.line = record.line;
    row.text = io::with_line_feeds(record.fields[size_t(columns.text)]);
    row.read = all - reader.left();
    if (!rows.take(std::move(row))) return;
  }
}

}  // namespace relatum::graph
