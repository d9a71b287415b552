// A table of names, one a row.
#include <fmt/format.h>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/printable.h"
#include "graph/gazetteer_names.h"
#include "io/text_file.h"
#include "task/delimited.h"
#include "task/forms.h"
#include "task/table_shape.h"

namespace relatum::graph {
namespace {

constexpr const char* kPlace = "graph.gazetteer";

const std::vector<std::string> kColumns = {"name", "type", "id"};

/// Places of the columns; -1 for an id that is not there.
struct Columns {
  int64_t name, type, id;
};

Columns find_columns(const task::TableShape& shape, const std::string& file) {
  if (const std::string twice = shape.repeated(kColumns); !twice.empty()) {
    fail(kPlace,
         fmt::format("{}: column '{}' stands twice in the header. Remove one.", file, twice));
  }
  const Columns columns{shape.find("name"), shape.find("type"), shape.find("id")};
  if (columns.name >= 0 && columns.type >= 0) return columns;
  std::string seen = shape.quoted();
  if (!seen.empty()) seen = "; its columns are " + seen;
  fail(kPlace,
       fmt::format("{}: the header has no column '{}'{}. The first line of a gazetteer names "
                   "its columns, as in name,type,id.",
                   file, columns.name < 0 ? "name" : "type", seen));
}

/// ASCII that is its own seen_form, as most of a million rows are: looked at in one pass.
bool is_plain(std::string_view cell) {
  char last = ' ';
  for (const char c : cell) {
    if (c < ' ' || c > '~' || (c == ' ' && last == ' ')) return false;
    last = c;
  }
  return cell.empty() || last != ' ';
}

}  // namespace

void Gazetteer::read(const std::filesystem::path& table) {
  const auto mapped = MappedFile::open(table);
  const auto bytes = mapped->bytes();
  read_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, printable(table.string()));
}

void Gazetteer::read_text(std::string_view table, const std::string& file) {
  if (const std::string wide = io::wide_encoding(table); !wide.empty()) {
    fail(kPlace, fmt::format("{} {}. Save the file as UTF-8.", file, wide));
  }
  const task::TableShape shape = task::find_table(io::without_mark(table), kColumns);
  const Columns columns = find_columns(shape, file);
  if (const std::string unread = shape.quoted(kColumns); !unread.empty()) {
    names_->notes.push_back(fmt::format("{}: columns that are not read: {}.", file, unread));
  }
  task::DelimitedReader reader(shape.records, shape.separator, shape.line);
  task::DelimitedRecord record;
  reader.next(record);  // the header
  const int64_t before = entries();
  const auto add_record = [&]() -> std::string {
    if (const std::string problem = shape.problem(record); !problem.empty()) return problem;
    const std::string none;
    const auto cell = [&](int64_t column) -> const std::string& {
      return column < 0 ? none : record.fields[size_t(column)];
    };
    for (const int64_t column : {columns.name, columns.type, columns.id}) {
      if (is_plain(cell(column))) continue;
      const std::string odd = io::encoding_problem(cell(column), false);
      if (!odd.empty()) return "the row " + odd;
    }
    const auto seen = [&](int64_t column) {
      return is_plain(cell(column)) ? cell(column) : task::seen_form(cell(column));
    };
    return add(seen(columns.name), seen(columns.type), seen(columns.id));
  };
  while (reader.next(record)) {
    const std::string problem = add_record();
    if (problem.empty()) continue;
    const std::string sentence = fmt::format("{}:{}: {}", file, record.line, problem);
    if (!names_->rules.skip_bad_rows) {
      fail(kPlace, sentence + ". Mend or remove the row, or give --skip-bad-rows.");
    }
    names_->bad_rows.push_back(sentence + ".");
  }
  if (entries() == before) {
    fail(kPlace, fmt::format("{} has no names below its header. Add a row as in "
                             "Kestrel Airways,ORG,Q1.",
                             file));
  }
}

}  // namespace relatum::graph
