// The usual style with bare examples: what a retrieved sentence brings without its relation.
#include "task/compact_template.h"
#include "task/prompt.h"
#include "task/verbalise.h"

namespace relatum::task {

const PromptStyle& prompt_roles_nolist_bare() {
  static const PromptStyle style = {
      "roles-nolist-bare", "roles-nolist with examples that do not show their relation",
      Template::parse(without_part(kCompactBody, ": {{example_label}}"), "roles-nolist-bare"),
      role_words};
  return style;
}

}  // namespace relatum::task
