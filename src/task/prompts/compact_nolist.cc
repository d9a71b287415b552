// The least a fine-tuned model needs: the marked sentence, without instruction and label list.
#include "task/prompt.h"

namespace relatum::task {
namespace {

constexpr std::string_view kTemplate =
    "{{#example}}{{example_marked_text}}\n"
    "Relation: {{example_label}}\n\n{{/example}}"
    "{{marked_text}}\n"
    "Relation:";

}  // namespace

const PromptStyle& prompt_compact_nolist() {
  static const PromptStyle style = {"compact-nolist",
                                    "the marked sentence alone, for fine-tuned models",
                                    Template::parse(kTemplate, "compact-nolist")};
  return style;
}

}  // namespace relatum::task
