// By the model's kind and its vocabulary.
#include "jobs/style_choice.h"

#include <fmt/format.h>

#include "task/lost_characters.h"

namespace relatum::jobs {

task::PromptStyle style_for(const std::string& name, const arch::ModelInfo& model) {
  if (!name.empty()) return task::load_style(name);
  return task::load_style(model.encoder_layers > 0 ? kEncoderDecoderStyle : kDecoderStyle);
}

void tell_undescribed(const task::PromptStyle& style, const task::Labels& labels,
                      const Context& context) {
  if (!labels.described() || style.uses_labels()) return;
  context.warn(fmt::format("the labels' descriptions have no effect: {} lists no labels.",
                           style.classifier ? "a classifier" : "the prompt style " + style.name));
}

void tell_lost_characters(const task::PromptStyle& style, const text::Tokenizer& tokenizer,
                          const Context& context) {
  if (style.classifier) return;  // its markers are tokens, not text
  const std::string warning = task::lost_characters_warning(style, tokenizer);
  if (!warning.empty()) context.warn(warning);
}

}  // namespace relatum::jobs
