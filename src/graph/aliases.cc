// The table's columns, its rows, and rows that contradict one another.
#include "graph/aliases.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/known_names.h"
#include "base/printable.h"
#include "io/text_file.h"
#include "task/delimited.h"

namespace relatum::graph {
namespace {

const std::vector<std::string> kColumns = {"alias", "name", "type", "id"};

[[noreturn]] void refuse(const std::string& place, int64_t line, const std::string& sentence) {
  fail("graph.aliases", fmt::format("{}:{}: {}", place, line, sentence));
}

/// Where each of kColumns stands in a record; nothing where the table lacks it.
class Columns {
 public:
  Columns(const std::string& place, const task::DelimitedRecord& header) : place_(place) {
    for (size_t i = 0; i < header.fields.size(); ++i) {
      const std::string name = one_line(header.fields[i]);
      const auto at = std::find(kColumns.begin(), kColumns.end(), name);
      if (at == kColumns.end()) {
        refuse(place, header.line,
               fmt::format("'{}' is no column of an alias table.{} Its columns "
                           "are alias, name, type and id.",
                           printable_start(name), did_you_mean(name, kColumns)));
      }
      if (!places_.emplace(name, i).second) {
        refuse(place, header.line, fmt::format("column '{}' stands there twice. Keep one.", name));
      }
    }
    if (places_.contains("alias") && places_.contains("name")) return;
    refuse(place, header.line,
           "an alias table needs the columns alias and name in its first line.");
  }

  std::string cell(const task::DelimitedRecord& record, const std::string& column) const {
    const auto at = places_.find(column);
    if (at == places_.end() || at->second >= record.fields.size()) return "";
    return one_line(record.fields[at->second]);
  }
  void check(const task::DelimitedRecord& record) const {
    if (!record.problem.empty()) refuse(place_, record.line, record.problem);
    for (const char* needed : {"alias", "name"}) {
      if (!cell(record, needed).empty()) continue;
      refuse(place_, record.line,
             fmt::format("the cell of '{}' is empty. Fill it, or take the row "
                         "out.",
                         needed));
    }
  }

 private:
  const std::string& place_;
  std::map<std::string, size_t> places_;
};

char separator_of(std::string_view text) {
  const std::string_view header = text.substr(0, text.find('\n'));
  for (const char c : {'\t', ';'}) {
    if (header.find(c) != header.npos) return c;
  }
  return ',';
}

}  // namespace

Aliases Aliases::load(const std::filesystem::path& path, const NameRules& rules) {
  return parse(io::read_text(path), path.string(), rules);
}

Aliases Aliases::parse(std::string_view text, const std::string& place, const NameRules& rules) {
  task::DelimitedReader reader(text, separator_of(text));
  task::DelimitedRecord record;
  if (!reader.next(record)) refuse(place, 1, "an alias table begins with the line alias,name.");
  const Columns columns(place, record);
  Aliases aliases;
  while (reader.next(record)) {
    columns.check(record);
    const std::string alias = normal_name(columns.cell(record, "alias"), rules);
    const AliasTarget target{columns.cell(record, "name"), columns.cell(record, "id"), record.line};
    const std::pair key{columns.cell(record, "type"), alias};
    const auto [at, added] = aliases.targets_.emplace(key, target);
    const AliasTarget& first = at->second;
    if (added || (first.name == target.name && first.gazetteer == target.gazetteer)) continue;
    refuse(place, record.line,
           fmt::format("'{}' stands for '{}', but for '{}' in line {}. Keep one of them.",
                       printable_start(columns.cell(record, "alias")), printable_start(target.name),
                       printable_start(first.name), first.line));
  }
  for (const auto& [key, target] : aliases.targets_) {
    const std::string normal = normal_name(target.name, rules);
    const AliasTarget* next = aliases.find(key.first, normal);
    if (!next || normal == key.second) continue;
    refuse(place, target.line,
           fmt::format("'{}' is itself an alias, in line {}. Name what it stands "
                       "for, '{}'.",
                       printable_start(target.name), next->line, printable_start(next->name)));
  }
  return aliases;
}

const AliasTarget* Aliases::find(const std::string& type, const std::string& normal) const {
  auto at = targets_.find({type, normal});
  if (at == targets_.end()) at = targets_.find({"", normal});
  return at == targets_.end() ? nullptr : &at->second;
}

}  // namespace relatum::graph
