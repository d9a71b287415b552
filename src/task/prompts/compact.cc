// Our own style: instruction and labels first, so that all rows share them; the sentence last.
#include "task/prompt.h"

namespace relatum::task {
namespace {

constexpr std::string_view kTemplate =
    "Name the relation between <e1> and <e2>. Relations: {{labels}}.\n\n"
    "{{#example}}Sentence: {{example_marked_text}}\n"
    "Relation: {{example_label}}\n\n{{/example}}"
    "Sentence: {{marked_text}}\n"
    "Entities: {{head}}{{#head_type}} ({{head_type}}){{/head_type}}, "
    "{{tail}}{{#tail_type}} ({{tail_type}}){{/tail_type}}\n"
    "Relation:";

}  // namespace

const PromptStyle& prompt_compact() {
  static const PromptStyle style = {"compact",
                                    "instruction and labels first, shared by all examples",
                                    Template::parse(kTemplate, "compact")};
  return style;
}

}  // namespace relatum::task
