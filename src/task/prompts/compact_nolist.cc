// The least a fine-tuned model needs: sentence and entities, without instruction and label list.
#include "task/compact_template.h"
#include "task/prompt.h"

namespace relatum::task {

const PromptStyle& prompt_compact_nolist() {
  static const PromptStyle style = {"compact-nolist",
                                    "sentence and entities alone, for fine-tuned models",
                                    Template::parse(kCompactBody, "compact-nolist")};
  return style;
}

}  // namespace relatum::task
