// The compact style with short answers: the roles of the entities in words, the head's first.
#include "task/compact_template.h"
#include "task/prompt.h"
#include "task/verbalise.h"

namespace relatum::task {

const PromptStyle& prompt_roles() {
  static const PromptStyle style = {"roles", "compact, with answers in words: cause effect",
                                    Template::parse(compact_with_labels(), "roles"), role_words};
  return style;
}

}  // namespace relatum::task
