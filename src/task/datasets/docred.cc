// DocRED's JSON: sentences of tokens, entities with several mentions, relations with evidence.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/utf8.h"
#include "io/json.h"
#include "task/dataset.h"
#include "task/fields.h"
#include "task/json_rows.h"
#include "task/offsets.h"

namespace relatum::task {
namespace {

using nlohmann::json;

/// A document's sentences in their joined text.
struct Sentences {
  std::string text;
  std::vector<TokenText> tokens;
  std::vector<Piece> places;
  std::vector<int64_t> of_mentions;  // of each mention that was read the one that it stands in
};

Sentences parse_sentences(const json& row, const std::string& place) {
  Sentences sentences;
  int64_t length = 0;
  for (const json& list : io::require_array(row, "sents", place)) {
    std::vector<std::string> tokens;
    bool strings = list.is_array();
    for (size_t i = 0; strings && i < list.size(); ++i) {
      strings = list[i].is_string();
      if (strings) tokens.push_back(list[i].get<std::string>());
    }
    if (!strings) fail("task.docred", place + ": 'sents' is no list of lists of tokens");
    if (!sentences.text.empty()) {
      sentences.text += ' ';
      ++length;
    }
    TokenText joined = join_tokens(tokens);
    for (Piece& token : joined.tokens) {
      token.start += length;
      token.end += length;
    }
    const int64_t end = length + utf8_length(joined.text);
    sentences.places.push_back({length, end});
    sentences.text += joined.text;
    length = end;
    sentences.tokens.push_back(std::move(joined));
  }
  return sentences;
}

Entity parse_mention(const json& mention, Sentences& sentences, const std::string& name,
                     const std::string& id) {
  const int64_t sentence = io::require_int(mention, "sent_id", name);
  if (sentence < 0 || sentence >= int64_t(sentences.tokens.size())) {
    fail("task.docred", fmt::format("{}: there is no sentence {}", name, sentence));
  }
  const std::vector<int64_t> pos = io::require_ints(mention, "pos", name);
  if (pos.size() != 2) fail("task.docred", name + ".pos: expected a start and an end");
  sentences.of_mentions.push_back(sentence);
  const Piece piece = tokens_before(sentences.tokens[size_t(sentence)], pos[0], pos[1], name);
  return {id, {piece.start, piece.end, io::get_string(mention, "type", "", name)}};
}

/// The relation of two entities, between those of their mentions that are nearest to one another;
/// of one sentence, where any are.
Relation parse_relation(const json& label, const Document& document,
                        const std::vector<std::vector<size_t>>& things, const Sentences& sentences,
                        const std::string& name) {
  const auto thing = [&](const char* key) -> const std::vector<size_t>& {
    const int64_t number = io::require_int(label, key, name);
    if (number < 0 || number >= int64_t(things.size())) {
      fail("task.docred", fmt::format("{}: there is no entity {}", name, number));
    }
    return things[size_t(number)];
  };
  const auto [head, tail] = nearest_mentions(document.entities, thing("h"), thing("t"),
                                             sentences.of_mentions);
  Relation relation = {document.entities[head].id, document.entities[tail].id,
                       io::require_string(label, "r", name)};
  if (!io::find(label, "evidence")) return relation;
  for (const int64_t sentence : io::require_ints(label, "evidence", name)) {
    if (sentence < 0 || sentence >= int64_t(sentences.places.size())) {
      fail("task.docred", fmt::format("{}: there is no sentence {}", name, sentence));
    }
    const Piece place = sentences.places[size_t(sentence)];
    if (place.start < place.end) relation.evidence.push_back(place);
  }
  return relation;
}

ParsedRow parse_row(const JsonRow& source, RowSink&) {
  const std::string place = fmt::format("row {}", source.number);
  const json row = io::parse_json(source.text, place);
  need(row, "sents", place);
  Sentences sentences = parse_sentences(row, place);
  Document document;
  document.id = io::get_string(row, "title", "", place);
  document.line = source.line;
  document.text = sentences.text;
  std::vector<std::vector<size_t>> things;
  for (const json& mentions : io::require_array(row, "vertexSet", place)) {
    const std::string cluster = std::to_string(things.size());
    if (!mentions.is_array() || mentions.empty()) {
      fail("task.docred", fmt::format("{}: entity {} is no list of mentions", place, cluster));
    }
    things.emplace_back();
    for (const json& mention : mentions) {
      const std::string id = mentions.size() == 1
                                 ? cluster
                                 : fmt::format("{}.{}", cluster, things.back().size());
      Entity entity = parse_mention(mention, sentences, fmt::format("{}, mention {}", place, id),
                                    id);
      if (mentions.size() > 1) entity.cluster = cluster;
      things.back().push_back(document.entities.size());
      document.entities.push_back(std::move(entity));
    }
  }
  document.unlabelled = !io::find(row, "labels");
  if (document.unlabelled) return {{}, std::move(document)};
  for (const json& label : io::require_array(row, "labels", place)) {
    document.relations.push_back(
        parse_relation(label, document, things, sentences,
                       fmt::format("{}, label {}", place, document.relations.size())));
  }
  return {{}, std::move(document)};
}

bool sniff(std::string_view, std::string_view first) {
  return has_first_key(first, "vertexSet") || has_first_keys(first, {"title", "sents"});
}

}  // namespace

const DatasetFormat& dataset_docred() {
  static const DatasetFormat format = {
      .name = "docred",
      .description = "DocRED's JSON: documents with sents, vertexSet and labels",
      .sniff = sniff,
      .read = read_json<parse_row>,
      .documents = true};
  return format;
}

}  // namespace relatum::task
