// The head of a language model: weights of its own, or the embedding's.
#pragma once

#include <cstdint>

#include "arch/model_files.h"

namespace relatum::arch {

/// What tie_word_embeddings means to a family: true or false where it is said; the head is the
/// embedding unless it is said to be false; or nothing.
enum class HeadTied { kWhereSaid, kByNature, kNotAsked };

/// The head's weights (V x D), or the embedding where the files have none or settings tie the two.
/// Throws Error where tie_word_embeddings contradicts the tensors.
Weight head_weight(const ModelFiles& files, const Weight& embedding,
                   HeadTied rule = HeadTied::kWhereSaid);
/// V: rows of the embedding in a GGUF, which tell it whatever its settings say, else vocab_size.
int64_t vocabulary_size(const ModelFiles& files);

}  // namespace relatum::arch
