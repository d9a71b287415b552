// The wording that the styles after RAG4RE's structure share.
#pragma once

#include <string_view>

namespace relatum::task {

/// Definition, question, example, query sentence, entities, labels, output format.
inline constexpr std::string_view kRag4reBody =
    "Problem definition: Relation extraction names the relation that a sentence states between "
    "two of its entities.\n"
    "Question: Which relation holds between e1 and e2 in the query sentence?"
    "{{#examples}} The example sentence shows a relation for comparison.{{/examples}}\n"
    "{{#example}}Example sentence: {{example_marked_text}}\n"
    "Relation of the example: {{example_label}}\n{{/example}}"
    "Query sentence: {{marked_text}}\n"
    "e1: {{head}}\n"
    "e2: {{tail}}\n"
    "Relations to choose from: {{labels}}\n"
    "Output format: one relation from the list\n"
    "Relation:";

/// What of it shows an example's relation.
inline constexpr std::string_view kRag4reShown = "Relation of the example: {{example_label}}\n";

}  // namespace relatum::task
