// Tables as text: a header and records, separated by comma, semicolon or tab (RFC 4180's quotes).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "io/text_file.h"
#include "task/dataset.h"
#include "task/delimited.h"
#include "task/fields.h"
#include "task/json_document.h"
#include "task/raw_row.h"
#include "task/table_shape.h"

namespace relatum::task {
namespace {

// adapters: whether rows name theirs.
const std::vector<std::string>& columns(bool adapters = false) {
  static const auto with = [](std::vector<std::string> all) {
    all.insert(all.end(), entity_fields().begin(), entity_fields().end());
    return all;
  };
  static const auto plain = with({"id", "text", "label"});
  static const auto more = with({"id", "text", "label", kAdapterField});
  return adapters ? more : plain;
}

/// The columns by which convert keeps documents apart; a table has all of them or none.
const std::vector<std::string>& document_columns() {
  static const std::vector<std::string> names = {"document", "head_id", "tail_id", "entities",
                                                 "evidence"};
  return names;
}

bool has_documents(const TableShape& shape) {
  return std::ranges::all_of(document_columns(),
                             [&](const std::string& name) { return shape.find(name) >= 0; });
}

constexpr size_t kTelling = 3;  // known columns that make a file without a .csv name a table

/// Column name to its place in a record.
using Header = std::map<std::string, size_t>;

Header parse_header(const DelimitedRecord& record, const TableShape& shape, RowSink& rows) {
  if (shape.find("text") >= 0) rows.guessed("", "");  // it is a table of ours
  std::vector<std::string> known = columns(rows.reads_adapters());
  if (has_documents(shape)) {
    known.insert(known.end(), document_columns().begin(), document_columns().end());
  }
  if (const std::string name = shape.repeated(known); !name.empty()) {
    rows.fatal(fmt::format("column '{}' stands twice in the header. Remove one.", name));
  }
  Header header;
  for (size_t i = 0; i < shape.columns.size(); ++i) {
    const std::string& name = shape.columns[i];
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      header.emplace(name, i);
    } else if (!name.empty()) {
      rows.unknown_field(name, known, record.line);
    }
  }
  if (header.contains("text")) return header;
  std::string seen;
  for (const std::string& cell : record.fields) {
    seen += fmt::format("{}'{}'", seen.empty() ? "" : ", ", printable_start(cell, 40));
  }
  rows.fatal(
      fmt::format("the header has no column 'text': it was cut into {}. Columns are "
                  "separated by comma, semicolon or tab, and the first line names them, as "
                  "in text,head,tail,label.",
                  printable_start(seen, 200)));
}

/// Cells of one record by the names of their columns.
class Cells {
 public:
  Cells(const DelimitedRecord& record, const Header& header) : record_(record), header_(header) {}

  /// "" where the file has no such column.
  std::string operator[](const std::string& name) const {
    const auto at = header_.find(name);
    return at == header_.end() ? "" : record_.fields[at->second];
  }

  RawEntity entity(const std::string& name) const {
    const Cells& cells = *this;
    RawEntity entity;
    entity.start = offset(name + "_start");
    entity.end = offset(name + "_end");
    entity.name = cells[name];
    entity.type = cells[name + "_type"];
    return entity;
  }

 private:
  std::optional<int64_t> offset(const std::string& name) const {
    const std::string cell = (*this)[name];
    if (cell.find_first_not_of(" \t") == cell.npos) return std::nullopt;
    if (const auto value = whole_number(cell)) return value;
    fail("task.csv", fmt::format("{} is no whole number: '{}'{}", name, printable_start(cell, 40),
                                 may_be_thousands(cell) ? ", which may be a thousand" : ""));
  }

  const DelimitedRecord& record_;
  const Header& header_;
};

/// What a record came to: an example; a text alone, where the rows may be that; or a problem.
struct Parsed {
  std::string problem;
  Example example;
  std::optional<Document> text;
  bool label = false;  ///< of a text alone
};

Parsed parse_record(const DelimitedRecord& record, const Header& header, size_t width,
                    const RowSink& rows) {
  Parsed parsed;
  parsed.problem = record.problem;
  if (!parsed.problem.empty()) return parsed;
  if (record.fields.size() != width) {
    parsed.problem = fmt::format("expected {} fields as in the header, got {}", width,
                                 record.fields.size());
    return parsed;
  }
  try {
    const Cells cells(record, header);
    RawRow raw;
    raw.line = record.line;
    raw.id = id_of_cell(cells["id"]);
    raw.text = cells["text"];
    raw.head = cells.entity("head");
    raw.tail = cells.entity("tail");
    raw.adapter = cells[kAdapterField];
    if (const std::string label = cells["label"]; !label.empty()) raw.labels.push_back(label);
    if (rows.reads_texts()) parsed.text = text_alone(raw);
    parsed.label = parsed.text && !raw.labels.empty();
    if (!parsed.text) parsed.example = settle(std::move(raw));
  } catch (const Error& error) {
    parsed.problem = bare_sentence(error);
  }
  return parsed;
}

/// Rows that convert wrote of documents: the first of each has the entities, all but those of
/// documents without a relation have a pair.
class DocumentRows {
 public:
  /// Whether the record is a document's.
  bool take(const DelimitedRecord& record, const Header& header, size_t width, RowSink& rows) {
    if (!header.contains("entities") || record.fields.size() != width || !record.problem.empty()) {
      return false;
    }
    const Cells cells(record, header);
    const std::string id = cells["document"], entities = cells["entities"];
    if (id.empty() || (entities.empty() && (!open_ || open_->id != id))) return false;
    if (!entities.empty()) finish(rows);  // what is wrong with it is not this row's
    std::optional<Error> problem;
    try {
      if (!entities.empty()) begin(cells, record.line, rows);
      add_relation(cells);
    } catch (const Error& error) {
      problem = error;
    }
    if (problem) rows.bad(record.line, *problem);
    return true;
  }

  /// Hands on the document that is open.
  void finish(RowSink& rows) {
    if (open_) rows.add_document(std::move(*open_));
    open_.reset();
  }

 private:
  void begin(const Cells& cells, int64_t line, RowSink& rows) {
    nlohmann::json entities = io::parse_json(cells["entities"], "the column 'entities'");
    nlohmann::json document = {{"id", cells["document"]}, {"text", cells["text"]}};
    bool unlabelled = false;
    if (entities.is_object()) {
      unlabelled = entities.contains("unlabelled");
      if (entities.contains("pair")) document["pair"] = entities["pair"];
      entities = nlohmann::json(entities[unlabelled ? "unlabelled" : "labelled"]);
    }
    document["entities"] = std::move(entities);
    if (!unlabelled) document["relations"] = nlohmann::json::array();
    open_ = parse_document(document, line, rows);
  }

  void add_relation(const Cells& cells) {
    if (cells["head_id"].empty()) return;  // a document without a relation
    nlohmann::json relation = {
        {"head", cells["head_id"]}, {"tail", cells["tail_id"]}, {"label", cells["label"]}};
    if (const std::string evidence = cells["evidence"]; !evidence.empty()) {
      relation["evidence"] = io::parse_json(evidence, "the column 'evidence'");
    }
    open_->relations.push_back(parse_relation(relation, "the row"));
  }

  std::optional<Document> open_;
};

/// A quote too many makes one record of several rows. Where the line below the record's first is a
/// row by itself and the record is none, the reader goes back to that line; where the record is
/// one, too, that is told.
void read_record(const DelimitedRecord& record, const Header& header, DelimitedReader& reader,
                 size_t width, RowSink& rows) {
  for (const std::string& field : record.fields) {
    if (const std::string odd = io::encoding_problem(field, false); !odd.empty()) {
      return rows.bad_bytes(record.line, odd);
    }
  }
  Parsed parsed = parse_record(record, header, width, rows);
  const auto second = reader.second_line();
  const Parsed below = second ? parse_record(*second, header, width, rows) : Parsed{};
  const bool two_rows = second && below.problem.empty();
  if (parsed.problem.empty()) {
    // A line of prose may well be a text alone.
    if (two_rows && !below.text) {
      rows.odd(
          "quoted fields that reach over lines which are rows by themselves, as a quote too "
          "many makes them",
          record.line);
    }
    if (parsed.label) rows.odd(kLabelOfNoPair, record.line);
    return parsed.text ? rows.add_document(std::move(*parsed.text))
                       : rows.add(std::move(parsed.example));
  }
  std::string& problem = parsed.problem;
  if (two_rows) {
    problem += fmt::format(" (its quotes reach to line {}, and line {} is a row by itself)",
                           record.last_line, second->line);
    reader.end_with_first_line();
  } else if (record.last_line > record.line) {
    problem += fmt::format(" (the row ends on line {})", record.last_line);
  }
  rows.bad(record.line, problem);
}

void read(std::string_view bytes, RowSink& rows) {
  const TableShape shape = find_table(bytes, columns());
  DelimitedReader reader(shape.records, shape.separator, shape.line);
  DelimitedRecord record;
  if (!reader.next(record)) return;
  if (!record.problem.empty()) rows.fatal("the header is malformed: " + record.problem + ".");
  const size_t width = record.fields.size();
  const Header header = parse_header(record, shape, rows);
  DocumentRows documents;
  while (reader.next(record)) {
    if (documents.take(record, header, width, rows)) continue;
    documents.finish(rows);
    read_record(record, header, reader, width, rows);
  }
  documents.finish(rows);
}

bool of_documents(std::string_view bytes) { return has_documents(find_table(bytes, columns())); }

bool sniff(std::string_view file_name, std::string_view first) {
  const size_t at = first.find_first_not_of(" \t\r\n");
  if (at == first.npos || first[at] == '{' || first[at] == '[') return false;
  if (first.substr(at).starts_with("#FORMAT=WebAnno")) return false;
  if (file_name.ends_with(".csv") || file_name.ends_with(".tsv")) return true;
  const TableShape shape = find_table(first.substr(at), columns());
  return shape.known >= kTelling && shape.find("text") >= 0;
}

}  // namespace

const DatasetFormat& dataset_csv() {
  static const DatasetFormat format = {
      .name = "csv",
      .description = "a table with a header: text,head,tail,label or id,text,head_start,head_end,…",
      .sniff = sniff,
      .read = read,
      .names_adapters = true,
      .documents = true,
      .of_documents = of_documents};
  return format;
}

}  // namespace relatum::task
