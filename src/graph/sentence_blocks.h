// Stretches of a text that no sentence reaches beyond: paragraphs, headings, items of lists.
#pragma once

#include <string_view>
#include <vector>

#include "graph/sentences.h"
#include "task/document.h"

namespace relatum::graph {

/// The blocks of `text` in its order, in code points, by these rules:
/// - An empty line ends a block, and so does the end of each line where LineEnds::kEach says so. A
///   line without a letter or digit is in no block.
/// - An item of a list begins with a bullet (-, *, +, •, ‣, ◦, ▪, ·, – or —, and a blank) or a
/// label
///   (1. 1) (1) a) (a), of up to three digits or one letter, and a blank). It is a block, without
///   its bullet or label, where it begins a paragraph or follows another item, a line that ends
///   with a colon, or one that ends as sentences end.
/// - A line ends a block where it was ended on purpose: with the next line's first word it would
///   have been at least eight code points shorter than its paragraph's longest line, it does not
///   end with a comma, semicolon, hyphen or dash, and the next line does not begin with a
///   lower-case letter. So do headings that stand on their text.
/// - Markdown: headings, lines of tables (without the strokes around them) and items are blocks
///   without their marks; fenced code, comments that begin a line, front matter and definitions of
///   links are in no block. A quote's marks are left out where a block begins with them.
std::vector<task::Piece> sentence_blocks(std::u32string_view text, const SentenceRules& rules);

}  // namespace relatum::graph
