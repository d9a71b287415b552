// The prompt style of a job that names none, and what a model cannot read of a style.
#pragma once

#include <string>

#include "arch/model.h"
#include "base/context.h"
#include "task/prompt.h"
#include "text/tokenizer.h"

namespace relatum::jobs {

/// What models are fine-tuned with where --prompt names no style: decoders, and encoder-decoders.
inline constexpr const char* kDecoderStyle = "roles-nolist";
inline constexpr const char* kEncoderDecoderStyle = "one-line-nolist";

/// The style of that name or file; of an empty name the model's usual one. Throws Error as
/// task::load_style() does.
task::PromptStyle style_for(const std::string& name, const arch::ModelInfo& model);

/// One warning where labels have descriptions and the style does not list them.
void tell_undescribed(const task::PromptStyle& style, const task::Labels& labels,
                      const Context& context);

/// One warning where characters of the style are lost in the model's vocabulary.
void tell_lost_characters(const task::PromptStyle& style, const text::Tokenizer& tokenizer,
                          const Context& context);

}  // namespace relatum::jobs
