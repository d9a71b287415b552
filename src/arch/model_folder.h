// Which files of a folder a model is read from, and what lies there where it is none.
#pragma once

#include <filesystem>
#include <vector>

namespace relatum::arch {

/// The file or folder that a model at `path` is read from. A GGUF file is itself. A folder with
/// config.json and model.safetensors (or its index) is itself, whatever else lies there; without
/// those weights it is its only GGUF file, adapters beside it left out. Throws Error that says what
/// was found otherwise.
std::filesystem::path model_place(const std::filesystem::path& path);

/// Whether config.json and weights in Hugging Face's form lie in a folder, model.safetensors or its
/// index.
bool holds_safetensors(const std::filesystem::path& folder);

/// Whether a model is opened by this GGUF file: it is no later part of several, and no projector of
/// images (mmproj…). Told by the name.
bool opens_model(const std::filesystem::path& gguf);

/// Whether a GGUF file says of itself that it is an adapter (general.type). False where it cannot
/// be read.
bool is_adapter_file(const std::filesystem::path& gguf);
/// Leaves adapters out, where other files are among them: they lie beside the model that they are
/// of. A single file is not opened.
void leave_out_adapters(std::vector<std::filesystem::path>& gguf);

/// Whether a folder holds a model, whatever else lies in it: config.json with weights beside it, or
/// GGUF files.
bool holds_model(const std::filesystem::path& folder);

}  // namespace relatum::arch
