// The published RAG4RE structure in our words: definition, question, example, query, labels.
#include "task/prompt.h"

namespace relatum::task {
namespace {

constexpr std::string_view kTemplate =
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

}  // namespace

const PromptStyle& prompt_rag4re() {
  static const PromptStyle style = {"rag4re",
                                    "the published RAG4RE structure in our words; labels last",
                                    Template::parse(kTemplate, "rag4re")};
  return style;
}

}  // namespace relatum::task
