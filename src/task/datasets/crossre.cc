// CrossRE's JSON lines: tokens, and relations between token ranges; one example per pair.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "io/json.h"
#include "io/text_file.h"
#include "task/dataset.h"

namespace relatum::task {
namespace {

using nlohmann::json;
using Range = std::pair<int64_t, int64_t>;  // first and last token, inclusive

const std::vector<std::string>& labels() {
  static const std::vector<std::string> names = {
      "artifact",  "cause-effect", "compare", "general-affiliation",
      "named",     "opposite",     "origin",  "part-of",
      "physical",  "related-to",   "role",    "social",
      "temporal",  "topic",        "type-of", "usage",
      "win-defeat"};
  return names;
}

/// A sentence's tokens in their joined text.
struct Sentence {
  std::string text;
  std::vector<Span> tokens;
  std::map<Range, std::string> types;
};

Range range_of(const json& list, size_t at, const Sentence& sentence, const std::string& place) {
  if (!list.is_array() || list.size() < at + 3 || !list[at].is_number_integer() ||
      !list[at + 1].is_number_integer()) {
    fail("task.crossre", place + ": expected a list that starts with token numbers");
  }
  const Range range = {list[at].get<int64_t>(), list[at + 1].get<int64_t>()};
  if (range.first < 0 || range.second < range.first ||
      range.second >= int64_t(sentence.tokens.size())) {
    fail("task.crossre", fmt::format("{}: tokens {} to {} do not lie in the sentence's {} tokens",
                                     place, range.first, range.second, sentence.tokens.size()));
  }
  return range;
}

Sentence parse_sentence(const json& row, const std::string& place) {
  Sentence sentence;
  int64_t length = 0;
  for (const std::string& token : io::require_strings(row, "sentence", place)) {
    if (!sentence.tokens.empty()) {
      sentence.text += ' ';
      ++length;
    }
    sentence.tokens.push_back({length, length + utf8_length(token), ""});
    length = sentence.tokens.back().end;
    sentence.text += token;
  }
  for (const json& entity : io::require_array(row, "ner", place)) {
    const Range range = range_of(entity, 0, sentence, place);
    if (entity[2].is_string()) sentence.types[range] = entity[2].get<std::string>();
  }
  return sentence;
}

Span span_of(const Range& range, const Sentence& sentence) {
  const auto type = sentence.types.find(range);
  return {sentence.tokens[size_t(range.first)].start, sentence.tokens[size_t(range.second)].end,
          type == sentence.types.end() ? "" : type->second};
}

/// One example per ordered pair, with all its labels. Pairs without a relation are no examples:
/// CrossRE does not list them.
std::vector<Example> parse_row(std::string_view line, int64_t number) {
  const std::string place = "the row";
  const json row = io::parse_json(line, place);
  const std::string key = io::require_string(row, "doc_key", place);
  const Sentence sentence = parse_sentence(row, place);
  std::vector<Example> examples;
  std::map<std::pair<Range, Range>, size_t> seen;
  for (const json& relation : io::require_array(row, "relations", place)) {
    const Range head = range_of(relation, 0, sentence, place);
    const Range tail = range_of(relation, 2, sentence, place);
    if (relation.size() < 5 || !relation[4].is_string()) {
      fail("task.crossre", place + ": a relation's label is no string");
    }
    const auto [at, fresh] = seen.emplace(std::pair(head, tail), examples.size());
    if (fresh) {
      Example example;
      example.id = fmt::format("{}:{}-{}:{}-{}", key, head.first, head.second, tail.first,
                               tail.second);
      example.text = sentence.text;
      example.head = span_of(head, sentence);
      example.tail = span_of(tail, sentence);
      example.line = number;
      example.document = key;
      examples.push_back(std::move(example));
    }
    add_gold_label(examples[at->second], relation[4].get<std::string>());
  }
  return examples;
}

void read_line(std::string_view line, int64_t number, RowSink& rows) {
  if (line.find_first_not_of(" \t\r") == line.npos) return;
  if (const std::string odd = io::encoding_problem(line, false); !odd.empty()) {
    return rows.bad_bytes(number, odd);
  }
  std::vector<Example> examples;
  try {
    examples = parse_row(line, number);
  } catch (const Error& error) {
    return rows.bad(number, error);
  }
  for (Example& example : examples) rows.add(std::move(example));
}

void read(std::string_view bytes, RowSink& rows) {
  for (int64_t number = 1; !bytes.empty(); ++number) {
    const size_t end = bytes.find('\n');
    read_line(bytes.substr(0, end), number, rows);
    bytes = end == bytes.npos ? "" : bytes.substr(end + 1);
  }
}

bool sniff(std::string_view, std::string_view first) {
  const size_t at = first.find_first_not_of(" \t\r\n");
  return at != first.npos && first[at] == '{' && first.find("\"doc_key\"") != first.npos;
}

}  // namespace

const DatasetFormat& dataset_crossre() {
  static const DatasetFormat format = {
      "crossre", "CrossRE's JSON lines; a pair may have several labels", labels, sniff, read,
      "macro"};
  return format;
}

}  // namespace relatum::task
