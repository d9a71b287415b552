// RAG4RE as its authors publish their prompts: the example is a sentence without its relation.
#include "task/compact_template.h"
#include "task/prompt.h"
#include "task/rag4re_template.h"

namespace relatum::task {

const PromptStyle& prompt_rag4re_bare() {
  static const PromptStyle style = {
      "rag4re-bare", "rag4re with examples that do not show their relation, as published",
      Template::parse(without_part(kRag4reBody, kRag4reShown), "rag4re-bare")};
  return style;
}

}  // namespace relatum::task
