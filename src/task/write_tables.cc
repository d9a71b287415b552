// JSON lines, TACRED's JSON and tables: one file each.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/counted.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "task/convert.h"
#include "task/delimited.h"
#include "task/json_document.h"
#include "task/labels.h"
#include "task/offsets.h"
#include "task/tacred_labels.h"

namespace relatum::task {
namespace {

using nlohmann::ordered_json;

class JsonlWriter : public DocumentWriter {
 public:
  explicit JsonlWriter(Put put) : put_(std::move(put)) {}
  void add(const Document& document) override {
    const bool sure = std::ranges::any_of(
        document.relations, [](const Relation& each) { return each.probability.has_value(); });
    const bool plain = is_plain_pair(document) && !sure;  // which a pair's row has no place for
    put_(plain ? pair_line(document) : document_line(document));
  }

 private:
  Put put_;
};

bool blank(char32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// A text's tokens: cut at white space, and where an entity begins or ends.
struct Tokens {
  std::vector<std::string> texts;
  std::vector<Piece> places;
};

Tokens tokens_of(const Document& document) {
  std::vector<int64_t> cuts;
  for (const Entity& entity : document.entities) {
    cuts.insert(cuts.end(), {entity.span.start, entity.span.end});
    for (const Piece& piece : entity.pieces) cuts.insert(cuts.end(), {piece.start, piece.end});
  }
  std::sort(cuts.begin(), cuts.end());
  Tokens tokens;
  bool open = false;
  size_t next = 0;
  int64_t place = 0;
  const std::string_view text = document.text;
  for (size_t at = 0; at < text.size(); ++place) {
    const size_t begin = at;
    const char32_t c = next_char(text, at);
    while (next < cuts.size() && cuts[next] < place) ++next;
    if (next < cuts.size() && cuts[next] == place) open = false;
    if (blank(c)) {
      open = false;
      continue;
    }
    if (!open) {
      tokens.texts.emplace_back();
      tokens.places.push_back({place, place});
      open = true;
    }
    tokens.texts.back() += text.substr(begin, at - begin);
    tokens.places.back().end = place + 1;
  }
  return tokens;
}

/// First and last token of a span; both are -1 where it does not begin and end with tokens.
Piece token_numbers(const Span& span, const Tokens& tokens) {
  const auto first = std::lower_bound(
      tokens.places.begin(), tokens.places.end(), span.start,
      [](const Piece& token, int64_t start) { return token.start < start; });
  const auto last = std::lower_bound(
      tokens.places.begin(), tokens.places.end(), span.end,
      [](const Piece& token, int64_t end) { return token.end < end; });
  return {first - tokens.places.begin(), last - tokens.places.begin()};
}

bool exact(const Span& span, const Tokens& tokens) {
  const Piece numbers = token_numbers(span, tokens);
  const int64_t size = int64_t(tokens.places.size());
  return numbers.start < size && numbers.end < size &&
         tokens.places[size_t(numbers.start)].start == span.start &&
         tokens.places[size_t(numbers.end)].end == span.end;
}

class TacredWriter : public DocumentWriter {
 public:
  explicit TacredWriter(Put put) : put_(std::move(put)) { put_("["); }

  void add(const Document& document) override {
    for (const Relation& relation : document.relations) {
      if (!inventory_.find(relation.label)) others_.insert(relation.label);
    }
    const Tokens tokens = tokens_of(document);
    ordered_json base = {{"token", tokens.texts}};
    if (join_tokens(tokens.texts).text != document.text) {
      std::vector<int64_t> starts;
      for (const Piece& place : tokens.places) starts.push_back(place.start);
      base["text"] = document.text;
      base["token_start"] = starts;
    }
    const bool as_pair = document.pair && document.relations.size() <= 1 &&
                         exact(document.entities[0].span, tokens) &&
                         exact(document.entities[1].span, tokens);
    if (as_pair) return add_pair(document, tokens, base);
    bool first = true;
    std::map<std::string, int64_t> pairs;
    for (const Relation& relation : document.relations) {
      ordered_json row = {{"id", row_id(document, relation, pairs)}, {"docid", document.id}};
      row["relation"] = relation.label;
      put_ends(row, relation, document, tokens);
      row.update(base);
      if (!relation.evidence.empty()) row["evidence"] = pieces_json(relation.evidence);
      if (std::exchange(first, false)) {
        row["entities"] = entities_json(document);
        if (document.pair) row["pair"] = true;
      }
      put_row(row);
    }
    if (!first) return;
    ++alone_;
    ordered_json row = {{"id", document.id}, {"docid", document.id}};
    row.update(base);
    row["entities"] = entities_json(document);
    if (document.unlabelled) row["unlabelled"] = true;
    if (document.pair) row["pair"] = true;
    put_row(row);
  }

  void finish() override { put_("]\n"); }

  std::vector<std::string> remarks() const override {
    std::vector<std::string> all;
    if (alone_ > 0) {
      all.push_back(
          fmt::format("{} without a relation: rows with tokens and entities, but without subject "
                      "and object, which other readers of TACRED's form do not expect.",
                      counted(alone_, "document")));
    }
    if (!others_.empty()) {
      all.push_back(fmt::format(
          "{} not of TACRED's {}, such as '{}': name all labels with --labels, a JSON list, where "
          "these rows are read.",
          counted(int64_t(others_.size()), "label is", "labels are"), inventory_.size(),
          printable_start(*others_.begin())));
    }
    return all;
  }

 private:
  void add_pair(const Document& document, const Tokens& tokens, const ordered_json& base) {
    ordered_json row = {{"id", document.id}};
    if (!document.relations.empty()) row["relation"] = document.relations[0].label;
    put_spans(row, document.entities[0].span, document.entities[1].span, tokens);
    row.update(base);
    put_row(row);
  }

  /// Rows of one pair have different ids.
  static std::string row_id(const Document& document, const Relation& relation,
                            std::map<std::string, int64_t>& pairs) {
    const std::string pair = fmt::format("{}:{}:{}", document.id, relation.head, relation.tail);
    const int64_t number = ++pairs[pair];
    return number == 1 ? pair : fmt::format("{}#{}", pair, number);
  }

  static void put_spans(ordered_json& row, const Span& head, const Span& tail,
                        const Tokens& tokens) {
    for (const auto& [name, span] : {std::pair("subj", &head), std::pair("obj", &tail)}) {
      const Piece numbers = token_numbers(*span, tokens);
      const std::string prefix = name;
      row[prefix + "_start"] = numbers.start;
      row[prefix + "_end"] = std::min(numbers.end, int64_t(tokens.places.size()) - 1);
      row[prefix + "_type"] = span->type;
    }
  }

  static void put_ends(ordered_json& row, const Relation& relation, const Document& document,
                       const Tokens& tokens) {
    const Entity &head = *find_entity(document, relation.head),
                 &tail = *find_entity(document, relation.tail);
    put_spans(row, head.span, tail.span, tokens);
    row["subj_id"] = head.id;
    row["obj_id"] = tail.id;
  }

  void put_row(const ordered_json& row) {
    std::string line = json_line(row);
    line.pop_back();
    put_((std::exchange(begun_, true) ? ",\n " : "") + line);
  }

  Put put_;
  bool begun_ = false;
  int64_t alone_ = 0;
  Labels inventory_{tacred_labels()};
  std::set<std::string> others_;  // labels that it lacks
};

/// The document with LF for CR LF and CR, and its places with them.
Document with_line_feeds(Document document) {
  if (document.text.find('\r') == document.text.npos) return document;
  std::vector<int64_t> dropped;  // places of carriage returns before a line feed
  std::string text;
  int64_t place = 0;
  for (size_t at = 0; at < document.text.size(); ++place) {
    const size_t begin = at;
    const char32_t c = next_char(document.text, at);
    if (c == '\r' && at < document.text.size() && document.text[at] == '\n') {
      dropped.push_back(place);
    } else if (c == '\r') {
      text += '\n';
    } else {
      text.append(document.text, begin, at - begin);
    }
  }
  const auto move = [&](int64_t& value) {
    value -= std::lower_bound(dropped.begin(), dropped.end(), value) - dropped.begin();
  };
  for (Entity& entity : document.entities) {
    move(entity.span.start);
    move(entity.span.end);
    for (Piece& piece : entity.pieces) {
      move(piece.start);
      move(piece.end);
    }
  }
  for (Relation& relation : document.relations) {
    for (Piece& piece : relation.evidence) {
      move(piece.start);
      move(piece.end);
    }
  }
  document.text = std::move(text);
  return document;
}

std::string quoted(const std::string& cell) {
  const bool plain = cell.find_first_of(",;\t\"\r\n") == cell.npos && !cell.starts_with(' ') &&
                     !cell.ends_with(' ');
  return plain ? cell : quoted_field(cell);
}

class CsvWriter : public DocumentWriter {
 public:
  CsvWriter(Put put, bool documents) : put_(std::move(put)), documents_(documents) {
    put_("id,text,head_start,head_end,tail_start,tail_end,head_type,tail_type,label");
    put_(documents_ ? ",document,head_id,tail_id,entities,evidence\n" : "\n");
  }

  void add(const Document& given) override {
    const Document document = with_line_feeds(given);
    if (!needs_document_row(document)) {
      return put_row(document, document.id, &document.entities[0].span, &document.entities[1].span,
                     document.relations.empty() ? "" : document.relations[0].label, {});
    }
    std::string entities = json_cell(entities_cell(document));
    int64_t number = 0;
    for (const Relation& relation : document.relations) {
      const Entity &head = *find_entity(document, relation.head),
                   &tail = *find_entity(document, relation.tail);
      put_row(document, fmt::format("{}:{}", document.id, ++number), &head.span, &tail.span,
              relation.label,
              {document.id, head.id, tail.id, std::exchange(entities, ""),
               relation.evidence.empty() ? "" : json_cell(pieces_json(relation.evidence))});
    }
    if (number == 0) {
      put_row(document, document.id, nullptr, nullptr, "", {document.id, "", "", entities, ""});
    }
  }

 private:
  /// The list, or an object that says what is not as it is with most documents.
  static ordered_json entities_cell(const Document& document) {
    ordered_json list = entities_json(document);
    if (!document.unlabelled && !document.pair) return list;
    ordered_json cell = {{document.unlabelled ? "unlabelled" : "labelled", std::move(list)}};
    if (document.pair) cell["pair"] = true;
    return cell;
  }

  static std::string json_cell(const ordered_json& value) {
    std::string line = json_line(value);
    line.pop_back();
    return line;
  }

  void put_row(const Document& document, const std::string& id, const Span* head, const Span* tail,
               const std::string& label, const std::vector<std::string>& more) {
    std::string row = quoted(id) + ',' + quoted(document.text);
    for (const Span* span : {head, tail}) {
      row += span ? fmt::format(",{},{}", span->start, span->end) : ",,";
    }
    for (const Span* span : {head, tail}) row += ',' + quoted(span ? span->type : "");
    row += ',' + quoted(label);
    for (size_t i = 0; documents_ && i < 5; ++i) row += ',' + (more.empty() ? "" : quoted(more[i]));
    put_(row + '\n');
  }

  Put put_;
  bool documents_;
};

}  // namespace

bool is_plain_pair(const Document& document) {
  return document.pair &&
         std::ranges::none_of(std::array{"<e1>", "</e1>", "<e2>", "</e2>"}, [&](const char* mark) {
           return document.text.find(mark) != document.text.npos;
         });
}

bool needs_document_row(const Document& document) {
  return !is_plain_pair(document) || document.relations.size() > 1;
}

std::unique_ptr<DocumentWriter> jsonl_writer(Put put) {
  return std::make_unique<JsonlWriter>(std::move(put));
}

std::unique_ptr<DocumentWriter> tacred_writer(Put put) {
  return std::make_unique<TacredWriter>(std::move(put));
}

std::unique_ptr<DocumentWriter> csv_writer(Put put, bool documents) {
  return std::make_unique<CsvWriter>(std::move(put), documents);
}

const std::vector<std::string>& written_formats() {
  static const std::vector<std::string> names = {"jsonl", "tacred", "csv", "brat", "labelstudio"};
  return names;
}

}  // namespace relatum::task
