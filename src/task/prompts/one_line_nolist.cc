// The least that a fine-tuned encoder-decoder needs. Such a model encodes every row whole, so an
// instruction and a label list would cost their tokens in each of them.
#include "task/compact_template.h"
#include "task/prompt.h"
#include "task/verbalise.h"

namespace relatum::task {

const PromptStyle& prompt_one_line_nolist() {
  static const PromptStyle style = {"one-line-nolist",
                                    "roles-nolist, without braces and line breaks: for T5",
                                    Template::parse(kOneLineBody, "one-line-nolist"), role_words};
  return style;
}

}  // namespace relatum::task
