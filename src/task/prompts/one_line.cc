// The roles style on one line, in characters that every vocabulary has, T5's among them.
#include "task/compact_template.h"
#include "task/prompt.h"
#include "task/verbalise.h"

namespace relatum::task {

const PromptStyle& prompt_one_line() {
  static const PromptStyle style = {
      "one-line", "roles, without braces and line breaks, which T5 cannot read",
      Template::parse(one_line_with_labels(), "one-line"), role_words};
  return style;
}

}  // namespace relatum::task
