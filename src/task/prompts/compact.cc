// Our own style: instruction and labels first, so that all rows share them; the sentence last.
#include "task/compact_template.h"
#include "task/prompt.h"

namespace relatum::task {

const PromptStyle& prompt_compact() {
  static const PromptStyle style = {"compact",
                                    "instruction and labels first, shared by all examples",
                                    Template::parse(compact_with_labels(), "compact")};
  return style;
}

}  // namespace relatum::task
