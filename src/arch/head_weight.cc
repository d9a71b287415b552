// The head and its relation to the embedding.
#include "arch/head_weight.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace relatum::arch {

// Where a file has both though its settings tie them, they must be equal.
Weight head_weight(const ModelFiles& files, const Weight& embedding, HeadTied rule) {
  const TensorName output{"lm_head.weight", "output.weight"};
  const nlohmann::json* tied = files.setting("tie_word_embeddings");
  if (tied && !tied->is_boolean()) {
    fail("arch.head",
         fmt::format("{}: tie_word_embeddings must be true or false.", files.settings_place()));
  }
  const bool said = rule != HeadTied::kNotAsked && tied;
  if (!files.has(output)) {
    if (said && *tied == false) {
      fail("arch.head", fmt::format("{}: tie_word_embeddings is false, but the weights have no "
                                    "tensor '{}'. Fetch them again, or set it to true if the head "
                                    "shares the embedding.",
                                    files.settings_place(), output.hugging_face));
    }
    return embedding;
  }
  const Weight head = files.weight(output, embedding.rows, embedding.cols);
  const bool by_nature = rule == HeadTied::kByNature && files.config() && !tied;
  if (!by_nature && (!said || *tied == false)) return head;
  if (head.format != embedding.format || !std::ranges::equal(head.data, embedding.data)) {
    fail("arch.head", fmt::format("{}: tie_word_embeddings is true{}, but '{}' differs from the "
                                  "embedding. Set it to false if the head has weights of its own.",
                                  files.settings_place(), by_nature ? " unless it says so" : "",
                                  output.hugging_face));
  }
  return embedding;
}

int64_t vocabulary_size(const ModelFiles& files) {
  if (const io::GgufFile* gguf = files.gguf()) {
    const auto& shape = gguf->tensor("token_embd.weight").shape;
    return shape.size() == 2 ? shape[1] : 0;
  }
  return files.get_int("vocab_size", "vocab_size");
}

}  // namespace relatum::arch
