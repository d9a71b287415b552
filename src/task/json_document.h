// Documents as JSON lines: {"id","text","entities":[{"id","start","end","type"}],"relations":[…]}.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/code_points.h"
#include "task/document.h"
#include "task/row_sink.h"

namespace relatum::task {

/// A row with `entities`. Entities have an id (a string or a whole number), `start` and `end` in
/// code points or, where they have gaps, `pieces` [[start, end], …], a `type`, a `cluster`, a
/// `probability` and a `text` that has to agree; relations have `head` and `tail`, ids of entities,
/// a `label` and `evidence`, stretches of text. A row without `relations` is unlabelled. Throws
/// Error.
Document parse_document(const nlohmann::json& row, int64_t line, RowSink& rows);
/// One of its entities; `text` is the document's, or empty where it is not known. Throws Error;
/// `place` begins the sentence.
Entity parse_entity(const nlohmann::json& object, const std::string& place, const CodePoints& text);
/// Its `probability`, from 0 to 1; nothing where it has none. Throws Error; the same.
std::optional<double> parse_probability(const nlohmann::json& object, const std::string& place);
/// One of its relations; the same.
Relation parse_relation(const nlohmann::json& object, const std::string& place);
/// A list of stretches of text, [[start, end], …]. Throws Error; `what` begins the sentence.
std::vector<Piece> parse_pieces(const nlohmann::json& list, const std::string& what);
/// Its entities, and stretches of text, as they stand in a row.
nlohmann::ordered_json entities_json(const Document& document);
nlohmann::ordered_json pieces_json(const std::vector<Piece>& pieces);
/// A row as one line with its line end.
std::string json_line(const nlohmann::ordered_json& row);
/// One line, with its line end.
std::string document_line(const Document& document);
/// The same for a pair (Document::pair): a row with `head` and `tail`.
std::string pair_line(const Document& document);

}  // namespace relatum::task
