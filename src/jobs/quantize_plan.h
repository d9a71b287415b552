// Which number format each tensor of a GGUF file gets.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "arch/gguf_form.h"
#include "quant/format.h"

namespace relatum::jobs {

struct QuantizePlan {
  std::vector<const quant::Format*> formats;  ///< of form.tensors, in their order
  int file_type = 0;                          ///< llama.cpp's number for the whole; -1: none
  std::vector<std::string> notes;             ///< where formats differ from what was asked for
};

/// As llama-quantize does with --pure, but for the head: matrices get `format`, while norms, other
/// vectors and T5's biases by distance stay as they are in a GGUF file, and become f32 from a
/// folder. With q4_0 and q4_k the head (or the embedding that serves as one) gets q6_k. Where rows
/// are no multiple of a format's block, q4_k becomes q5_0 and q6_k q8_0, and those become f16.
/// Throws Error for a format that is not one of the command's.
QuantizePlan plan_formats(const arch::GgufForm& form, const std::string& format, bool from_gguf);

/// Each tensor keeps the format that it has, which is told; but where `changes` says that it gets
/// other values, and its format is only read, it gets q4_k or what takes that one's place.
/// `file_type`: the file's own.
QuantizePlan keep_formats(const arch::GgufForm& form, int file_type,
                          const std::function<bool(const arch::FormTensor&)>& changes);

/// Those that can be asked for.
std::vector<std::string> quantize_formats();

}  // namespace relatum::jobs
