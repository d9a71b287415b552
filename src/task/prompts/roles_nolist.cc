// What works best once fine-tuned: sentence and entities, and an answer of a few plain words.
#include "task/compact_template.h"
#include "task/prompt.h"
#include "task/verbalise.h"

namespace relatum::task {

const PromptStyle& prompt_roles_nolist() {
  static const PromptStyle style = {"roles-nolist",
                                    "compact-nolist, with answers in words: best once fine-tuned",
                                    Template::parse(kCompactBody, "roles-nolist"), role_words};
  return style;
}

}  // namespace relatum::task
