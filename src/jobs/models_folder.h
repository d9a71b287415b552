// Named models: which there are and where each lies.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "jobs/host.h"

namespace relatum::jobs {

/// What NamedModel::source says of models that other programs keep (model_stores.h).
inline constexpr const char* kHuggingFace = "Hugging Face's cache";
inline constexpr const char* kOllama = "Ollama";
inline constexpr const char* kLmStudio = "LM Studio";

struct NamedModel {
  std::string name;            ///< folder's name, a GGUF file's stem, or the other program's name
  std::filesystem::path path;  ///< what ModelFiles::open takes
  std::string source{};        ///< whose it is; empty: a folder of named models
  std::string problem{};       ///< why it cannot be used, as a sentence; mostly empty
  std::string short_name{};    ///< stands for it, too, where nothing has that name; may be empty
};

/// What to open for a folder: itself where its weights are safetensors, or where it has config.json
/// and no GGUF file; else its GGUF files by which models are opened (arch::opens_model()), sorted;
/// adapters among them only where nothing else is there.
std::vector<std::filesystem::path> opened_in(const std::filesystem::path& folder);
/// Models in a folder: subfolders that hold a model, and GGUF files, adapters among them; sorted by
/// name.
std::vector<NamedModel> models_in(const std::filesystem::path& folder);
/// Those of a folder, or where none is named those of the host's folder and of other programs.
std::vector<NamedModel> known_models(const std::string& folder, const Host& host);

/// A path as it is, or a name among known_models(); a short name ("llama3.2" for "llama3.2:latest")
/// where nothing has it as its whole name. Throws Error that lists the names; or the candidates,
/// where there are several.
std::filesystem::path find_model(const std::string& name, const std::string& folder,
                                 const Host& host);

}  // namespace relatum::jobs
