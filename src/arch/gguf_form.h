// A model as a GGUF file is to hold it: keys, and tensors by their names there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arch/model.h"
#include "arch/model_files.h"
#include "io/gguf_keys.h"
#include "tensor/weight.h"

namespace relatum::arch {

/// One tensor, with the values and in the number format of the model's own files.
struct FormTensor {
  std::string name;
  Weight weight;               ///< a bias with rotary heads has them in rows
  std::vector<int64_t> shape;  ///< ggml's order: the row's length first
  int64_t rotary_heads = 0;    ///< so many heads' rows are still in the folder's order
};

struct GgufForm {
  io::GgufKeys keys;  ///< without the tokenizer's and those of the number formats
  std::vector<FormTensor> tensors;
  std::vector<std::string> notes;  ///< what whoever asked for the file should know

  FormTensor* find(std::string_view name);
  void add_vector(const std::string& name, std::vector<float> values);
  void remove(std::string_view name);
};

/// Sets a key of 32 bits. Throws Error where the folder's settings say what does not fit there.
void set_size(const ModelFiles& files, GgufForm& form, const std::string& key, double value);
/// Architecture, widths and heads, which every family has: "<name>.embedding_length" and so on.
void describe_sizes(const ModelFiles& files, const ModelInfo& info, const std::string& name,
                    GgufForm& form);

/// Gives the form a head of its own, with the values of the embedding, where the two are one.
/// `scale`: what a T5 multiplies by before a head that shares its embedding; the last norm's
/// weights have it then.
void part_head(GgufForm& form, float scale);
/// Multiplies the norm before a T5's head.
void scale_last_norm(GgufForm& form, float factor);

/// What a model's file or folder becomes. A GGUF file keeps its keys and tensors. A folder's model
/// is put together once, without decoding its weights, so all that load_model() refuses is refused
/// here, too; its family says the rest (Family::describe). Throws Error for a family that cannot.
GgufForm gguf_form(const ModelFiles& files);

}  // namespace relatum::arch
