// What the reader and the writer of brat's files agree on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/code_points.h"
#include "task/document.h"

namespace relatum::task {

/// The type of notes in which we keep what brat has no place for, as JSON.
inline constexpr const char* kBratNote = "Relatum";
/// The type of an entity that has none.
inline constexpr const char* kBratUntyped = "Entity";

/// A type or label as one word: blanks and percent signs become %20, %09, %0A and %25.
std::string brat_word(std::string_view text);
/// A document's id as a file's name within a folder, one that every system takes: "/" stays and
/// makes folders, other characters that have a meaning in paths become %XX.
std::string brat_file_name(std::string_view id);
/// What brat_word() and brat_file_name() made of a text.
std::string from_percent(std::string_view text);

/// An entity's pieces; one where it has no gaps.
std::vector<Piece> pieces_of(const Entity& entity);
/// The stretches by which brat has an entity of this text: cut at line ends, for which its lines
/// have no place, and without the blanks beside these.
std::vector<Piece> brat_pieces(const CodePoints& text, const Entity& entity);
/// What stands between separators.
std::vector<std::string_view> brat_parts(std::string_view text, char separator, bool empty_too);

}  // namespace relatum::task
