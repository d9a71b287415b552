// CrossRE's JSON lines: tokens, and relations between token ranges.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "task/dataset.h"
#include "task/json_rows.h"
#include "task/offsets.h"

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

Range range_of(const json& list, size_t at, const TokenText& tokens, const std::string& place) {
  if (!list.is_array() || list.size() < at + 3 || !list[at].is_number_integer() ||
      !list[at + 1].is_number_integer()) {
    fail("task.crossre", place + ": expected a list that starts with token numbers");
  }
  const Range range = {list[at].get<int64_t>(), list[at + 1].get<int64_t>()};
  if (range.first < 0 || range.second < range.first ||
      range.second >= int64_t(tokens.tokens.size())) {
    fail("task.crossre", fmt::format("{}: tokens {} to {} do not lie in the sentence's {} tokens",
                                     place, range.first, range.second, tokens.tokens.size()));
  }
  return range;
}

/// A sentence whose entities are its ranges of tokens: "3-4" from the third to the fourth.
class Sentence {
 public:
  explicit Sentence(const TokenText& tokens) : tokens_(tokens) {}

  /// The id of the range's entity, which joins the document where it is new. Of several types of
  /// one range the last one stays.
  std::string entity(const Range& range, const std::string& type, Document& document) {
    const auto [at, fresh] = places_.emplace(range, document.entities.size());
    const std::string id = fmt::format("{}-{}", range.first, range.second);
    if (fresh) {
      document.entities.push_back({id,
                                   {tokens_.tokens[size_t(range.first)].start,
                                    tokens_.tokens[size_t(range.second)].end, ""}});
    }
    if (!type.empty()) document.entities[at->second].span.type = type;
    return id;
  }

 private:
  const TokenText& tokens_;
  std::map<Range, size_t> places_;
};

/// Pairs without a relation are no examples: CrossRE does not list them.
ParsedRow parse_row(const JsonRow& source, RowSink&) {
  const std::string place = "the row";
  const json row = io::parse_json(source.text, place);
  Document document;
  document.id = io::require_string(row, "doc_key", place);
  document.line = source.line;
  const TokenText tokens = join_tokens(io::require_strings(row, "sentence", place));
  document.text = tokens.text;
  Sentence sentence(tokens);
  for (const json& entity : io::require_array(row, "ner", place)) {
    const Range range = range_of(entity, 0, tokens, place);
    sentence.entity(range, entity[2].is_string() ? entity[2].get<std::string>() : "", document);
  }
  for (const json& relation : io::require_array(row, "relations", place)) {
    const Range head = range_of(relation, 0, tokens, place);
    const Range tail = range_of(relation, 2, tokens, place);
    if (relation.size() < 5 || !relation[4].is_string()) {
      fail("task.crossre", place + ": a relation's label is no string");
    }
    const std::string from = sentence.entity(head, "", document);
    document.relations.push_back(
        {from, sentence.entity(tail, "", document), relation[4].get<std::string>()});
  }
  return {{}, std::move(document)};
}

bool sniff(std::string_view, std::string_view first) { return has_first_key(first, "doc_key"); }

}  // namespace

const DatasetFormat& dataset_crossre() {
  static const DatasetFormat format = {
      .name = "crossre",
      .description = "CrossRE's JSON lines; a pair may have several labels",
      .inventory = labels,
      .sniff = sniff,
      .read = read_json<parse_row>,
      .official = "macro",
      .read_lines = read_json_lines<parse_row>,
      .documents = true};
  return format;
}

}  // namespace relatum::task
