// Adapters as GGUF files, as llama.cpp reads and its convert_lora_to_gguf.py writes them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "io/gguf.h"
#include "train/adapter.h"

namespace relatum::train {

/// Whether a file says of itself that it is an adapter (general.type).
bool is_gguf_adapter(const io::GgufFile& file);

/// Writes the pairs as "<tensor>.lora_a" (R x K) and "<tensor>.lora_b" (N x R) in f32, f16 or bf16
/// (`format`), by the names and with the rows that the base has in GGUF. llama.cpp knows one alpha
/// for all and divides it by each pair's rank; where a pair's scale is another, its B is
/// multiplied. The file appears whole or not at all. Throws Error where a value does not fit the
/// format.
void write_gguf_lora(const std::filesystem::path& path, const Adapter& adapter,
                     const arch::GgufNames& names, std::string_view format);

/// Reads such a file for the model, in whatever number format its pairs are. Throws Error with file
/// and key or tensor for one of another architecture, for shapes and names that are not this
/// model's, for a control vector or an activated LoRA, and for what is no pair of a linear (a
/// norm's vector, pairs of the embedding or the head, …), each by its name.
std::unique_ptr<Adapter> load_gguf_lora(const std::filesystem::path& path, const arch::Model& model,
                                        DType compute);

}  // namespace relatum::train
