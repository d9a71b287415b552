// The published RAG4RE structure in our words: definition, question, example, query, labels.
#include "task/prompt.h"
#include "task/rag4re_template.h"

namespace relatum::task {

const PromptStyle& prompt_rag4re() {
  static const PromptStyle style = {"rag4re",
                                    "the published RAG4RE structure in our words; labels last",
                                    Template::parse(kRag4reBody, "rag4re")};
  return style;
}

}  // namespace relatum::task
