// The published simple query in our words: question, sentence, entities, labels, output format.
#include "task/prompt.h"

namespace relatum::task {
namespace {

constexpr std::string_view kTemplate =
    "Question: Which relation holds between e1 and e2 in the following sentence?\n"
    "Sentence: {{marked_text}}\n"
    "e1: {{head}}\n"
    "e2: {{tail}}\n"
    "Relations to choose from: {{labels}}\n"
    "Output format: one relation from the list\n"
    "Relation:";

}  // namespace

const PromptStyle& prompt_rag4re_simple() {
  static const PromptStyle style = {
      "rag4re-simple", "the published query without an example, in our words; labels last",
      Template::parse(kTemplate, "rag4re-simple")};
  return style;
}

}  // namespace relatum::task
