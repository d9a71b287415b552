// Escapes are undone last, so that what they protect cuts nothing.
#include "task/webanno_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/code_points.h"
#include "base/printable.h"
#include "io/text_file.h"

namespace relatum::task {
namespace {

constexpr std::string_view kFormat = "#FORMAT=WebAnno TSV ";
constexpr size_t kFixedColumns = 3;  // a unit's id, place and text
// Characters between all sentences together, beyond as many as these have: without a bound a file
// of a few KB would stand for gigabytes.
constexpr int64_t kMostPadding = 1 << 20;

/// Parts between separators that no backslash stands before.
std::vector<std::string> cut_unescaped(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) {
      parts.back() += text[at++];
      parts.back() += text[at];
    } else if (text[at] == separator) {
      parts.emplace_back();
    } else {
      parts.back() += text[at];
    }
  }
  return parts;
}

std::string unescaped_value(std::string_view value) {
  std::string plain;
  for (size_t at = 0; at < value.size(); ++at) {
    if (value[at] != '\\' || at + 1 == value.size()) {
      plain += value[at];
      continue;
    }
    const char next = value[++at];
    plain += next == 't' ? '\t' : next == 'n' ? '\n' : next == 'r' ? '\r' : next;
  }
  return plain;
}

/// In sentences other characters than these are not escaped, so a backslash before them stays.
std::string unescaped_text(std::string_view text) {
  constexpr std::string_view kLetters = "tnfrb\\", kMeant = "\t\n\f\r\b\\";
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    const char next = text[at] == '\\' && at + 1 < text.size() ? text[at + 1] : '\0';
    const size_t letter = next ? kLetters.find(next) : kLetters.npos;
    if (letter != kLetters.npos) {
      plain += kMeant[letter];
      ++at;
    } else if (next && static_cast<unsigned char>(next) < 0x20) {
      plain += next;
      ++at;
    } else {
      plain += text[at];
    }
  }
  return plain;
}

std::vector<std::string> cut(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// Lines between empty ones: a sentence's text, and its units.
struct Sentence {
  std::string text;
  size_t first_unit = 0, units = 0;
  int64_t line = 0;
};

class Parser {
 public:
  explicit Parser(RowSink& rows) : rows_(rows) {}

  /// Whether the first line is that of a version that is read; else it is a bad row.
  bool take_format(std::string_view line) {
    const bool named = line.starts_with(kFormat);
    if (named && line.substr(kFormat.size()).starts_with("3.")) return true;
    if (const std::string odd = io::encoding_problem(line, false); !odd.empty()) {
      rows_.bad_bytes(1, odd);
    } else if (named) {
      rows_.bad(1, fmt::format("the file has version {}: export WebAnno TSV 3.3",
                               printable_start(line.substr(kFormat.size()), 10)));
    } else {
      rows_.bad(1, fmt::format("expected the first line #FORMAT=WebAnno TSV 3.3, got '{}'",
                               printable_start(line, 40)));
    }
    return false;
  }

  void take(std::string_view line, int64_t number) {
    if (const std::string odd = io::encoding_problem(line, false); !odd.empty()) {
      return rows_.bad_bytes(number, odd);
    }
    if (line.empty()) {
      in_sentence_ = false;
    } else if (line.starts_with("#T_SP=")) {
      take_layer(line.substr(6), WebannoLayer::Kind::kSpan);
    } else if (line.starts_with("#T_CH=")) {
      take_layer(line.substr(6), WebannoLayer::Kind::kChain);
    } else if (line.starts_with("#T_RL=")) {
      take_layer(line.substr(6), WebannoLayer::Kind::kRelation);
    } else if (line.starts_with("#Text=")) {
      take_text(line.substr(6), number);
    } else if (line[0] != '#') {
      take_unit(line, number);
    }
  }

  WebannoFile finish() {
    for (WebannoUnit& unit : file_.units) unit.cells.resize(columns_, "_");
    for (const Counting counting : {Counting::kUtf16, Counting::kCodePoints}) {
      if (!fits(counting)) continue;
      if (counting != Counting::kUtf16) {
        rows_.odd("offsets that fit the tokens only as code points", 1);
      }
      place(counting, false);
      return std::move(file_);
    }
    place(Counting::kUtf16, true);
    return std::move(file_);
  }

 private:
  void take_layer(std::string_view line, WebannoLayer::Kind kind) {
    const std::vector<std::string> parts = cut(line, '|');
    WebannoLayer layer;
    layer.kind = kind;
    layer.name = parts[0];
    layer.first_column = columns_;
    for (size_t i = 1; i < parts.size(); ++i) {
      if (kind == WebannoLayer::Kind::kRelation && parts[i].starts_with("BT_")) {
        layer.base = parts[i].substr(3);
        layer.reference_column = columns_++;
        continue;
      }
      layer.features.push_back(parts[i]);
      ++columns_;
    }
    if (layer.features.empty() && kind != WebannoLayer::Kind::kRelation) {
      layer.features.emplace_back();
      ++columns_;
    }
    file_.layers.push_back(std::move(layer));
  }

  void take_text(std::string_view text, int64_t number) {
    if (!in_sentence_) {
      sentences_.push_back({"", file_.units.size(), 0, number});
      in_sentence_ = true;
    } else {
      sentences_.back().text += '\n';
    }
    sentences_.back().text += unescaped_text(text);
  }

  void take_unit(std::string_view line, int64_t number) {
    const std::vector<std::string> parts = cut(line, '\t');
    if (sentences_.empty() || parts.size() < kFixedColumns) {
      return rows_.bad(number, "expected a unit's number, its place and its text behind #Text=");
    }
    WebannoUnit unit;
    unit.id = parts[0];
    unit.line = number;
    unit.text = parts[2];
    const std::string& place = parts[1];
    const char* end = place.data() + place.size();
    const auto start = std::from_chars(place.data(), end, unit.place.start);
    const bool hyphen = start.ec == std::errc() && start.ptr != end && *start.ptr == '-';
    const auto stop = hyphen ? std::from_chars(start.ptr + 1, end, unit.place.end) : start;
    if (!hyphen || stop.ec != std::errc() || stop.ptr != end || unit.place.start < 0 ||
        unit.place.end < unit.place.start) {
      return rows_.bad(number, fmt::format("'{}' is no place of a unit, as in 15-18",
                                           printable_start(place, 40)));
    }
    unit.cells.assign(parts.begin() + kFixedColumns, parts.end());
    unit.cells.resize(columns_, "_");
    file_.units.push_back(std::move(unit));
    ++sentences_.back().units;
  }

  static int64_t length(std::string_view text, Counting counting) {
    return CountedPlaces(text, counting).length();
  }

  /// Puts the text together; gives the first line whose offsets go backwards, or 0.
  int64_t rebuild(Counting counting) {
    file_.text.clear();
    int64_t reached = 0, spare = kMostPadding;
    bool begun = false;
    for (const Sentence& sentence : sentences_) {
      if (sentence.units == 0) continue;
      const WebannoUnit& first = file_.units[sentence.first_unit];
      const int64_t gap = first.place.start - reached;
      if (gap < 0 || gap > spare) return first.line;
      spare += int64_t(sentence.text.size()) - gap;
      if (gap > 0) {
        file_.text.append(size_t(gap - 1), ' ');
        file_.text += begun ? '\n' : ' ';
      }
      file_.text += sentence.text;
      begun = true;
      reached = first.place.start + length(sentence.text, counting);
    }
    return 0;
  }

  bool unit_fits(const WebannoUnit& unit, const CountedPlaces& places,
                 const CodePoints& points) const {
    const auto start = places.code_point(unit.place.start), end = places.code_point(unit.place.end);
    if (!start || !end) return false;
    const std::string_view there = points.slice(*start, *end);
    return same_words(there, unit.text) || same_words(there, unescaped_text(unit.text)) ||
           same_words(there, unescaped_value(unit.text));
  }

  bool fits(Counting counting) {
    if (rebuild(counting) != 0) return false;
    const CountedPlaces places(file_.text, counting);
    const CodePoints points(file_.text);
    return std::all_of(file_.units.begin(), file_.units.end(),
                       [&](const WebannoUnit& unit) { return unit_fits(unit, places, points); });
  }

  void place(Counting counting, bool check) {
    if (const int64_t line = rebuild(counting); line != 0) {
      rows_.bad(line, "the sentence begins before the end of the one before it, or far behind it");
      file_.units.clear();
      return;
    }
    const CountedPlaces places(file_.text, counting);
    const CodePoints points(file_.text);
    std::vector<WebannoUnit> kept;
    for (WebannoUnit& unit : file_.units) {
      if (check && !unit_fits(unit, places, points)) {
        rows_.bad(unit.line,
                  fmt::format("unit {} from {} to {} (UTF-16 units) is not the '{}' of its line in "
                              "the text",
                              printable_start(unit.id, 20), unit.place.start, unit.place.end,
                              printable_start(unit.text, 40)));
        continue;
      }
      unit.place = {*places.code_point(unit.place.start), *places.code_point(unit.place.end)};
      kept.push_back(std::move(unit));
    }
    file_.units = std::move(kept);
  }

  RowSink& rows_;
  WebannoFile file_;
  std::vector<Sentence> sentences_;
  size_t columns_ = 0;
  bool in_sentence_ = false;
};

}  // namespace

std::vector<std::string> webanno_stack(std::string_view cell) {
  if (cell == "_" || cell.empty()) return {};
  return cut_unescaped(cell, '|');
}

std::vector<WebannoValue> webanno_values(std::string_view cell) {
  std::vector<WebannoValue> values;
  for (const std::string& part : webanno_stack(cell)) {
    WebannoValue value;
    std::string_view text = part;
    const size_t open = text.rfind('[');
    const bool numbered = text.ends_with(']') && open != text.npos &&
                          (open == 0 || text[open - 1] != '\\');
    if (numbered) {
      const char* end = text.data() + text.size() - 1;
      const auto [stop, error] = std::from_chars(text.data() + open + 1, end, value.number);
      if (error == std::errc() && stop == end) text = text.substr(0, open);
      else value.number = 0;
    }
    value.value = text == "*" || text == "_" ? "" : unescaped_value(text);
    values.push_back(std::move(value));
  }
  return values;
}

std::optional<WebannoFile> read_webanno(std::string_view bytes, RowSink& rows) {
  Parser parser(rows);
  if (!parser.take_format(bytes.substr(0, bytes.find_first_of("\r\n")))) return std::nullopt;
  io::for_lines(bytes, [&](std::string_view line, int64_t number) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    parser.take(line, number);
  });
  return parser.finish();
}

}  // namespace relatum::task
