// The sentence as it is, then the pair in words: all pairs of a sentence begin alike, so that it is
// computed once for all of them.
#include "task/prompt.h"
#include "task/verbalise.h"

namespace relatum::task {
namespace {

constexpr std::string_view kBody =
    "{{#example}}{{example_text}}\n"
    "{{example_head}}{{#example_head_type}} ({{example_head_type}}){{/example_head_type}} and "
    "{{example_tail}}{{#example_tail_type}} ({{example_tail_type}}){{/example_tail_type}}: "
    "{{example_label}}\n\n{{/example}}"
    "{{text}}\n"
    "{{head}}{{#head_type}} ({{head_type}}){{/head_type}} and "
    "{{tail}}{{#tail_type}} ({{tail_type}}){{/tail_type}}:";

}  // namespace

const PromptStyle& prompt_shared() {
  static const PromptStyle style = {"shared",
                                    "roles-nolist without marks in the sentence, which all its "
                                    "pairs then share: for many pairs of a sentence",
                                    Template::parse(kBody, "shared"), role_words};
  return style;
}

}  // namespace relatum::task
