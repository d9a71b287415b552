// How well a language model foretells a plain text, and how two models differ in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "engine/worker.h"
#include "nn/loss.h"

namespace relatum::jobs {

/// A standard error is told of so many rows or more: the deviation of fewer is itself a guess.
inline constexpr int64_t kRowsForError = 10;
/// The text's tokens are cut into rows of so many, or of the model's context where that is shorter.
inline constexpr int64_t kPerplexityRow = 512;

/// Whether the model is a decoder, which goes on with a text and so has a perplexity.
bool has_perplexity(const arch::Model& model);

/// Of each row the sum of its tokens' losses, -log p(token | those before it in its row). A row
/// begins with what the tokenizer puts in front of texts; a token with nothing before it is not
/// counted. No control token is read in the text. Nothing where the context stopped it. The model
/// has a perplexity. Throws Error for a text too short to predict a token of.
std::optional<std::vector<nn::LossSum>> text_losses(engine::Worker& worker, std::string_view text,
                                                    const Context& context);
/// The same of a model's files, in f32. Throws Error, too, for a model without a perplexity.
std::optional<std::vector<nn::LossSum>> text_losses(const std::filesystem::path& model,
                                                    std::string_view text, const Context& context);

/// Two models on the same rows.
struct TextComparison {
  int64_t rows = 0, tokens = 0;
  double before = 0, after = 0;  ///< perplexities: exp of the mean loss of a token
  double change = 0;             ///< of the mean loss: log(after / before)
  /// Standard error of `change`, with rows as the independent samples; nothing where they are fewer
  /// than kRowsForError.
  std::optional<double> error;
};

/// The rows must be the same tokens: it is a programmer's mistake where their numbers differ.
TextComparison compare(const std::vector<nn::LossSum>& before,
                       const std::vector<nn::LossSum>& after);

}  // namespace relatum::jobs
