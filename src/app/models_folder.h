// Named models: which there are and where each lies.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/environment.h"

namespace relatum::app {

/// The help of --models.
inline constexpr const char* kModelsHelp =
    "Folder of named models (default: ~/.local/share/relatum/models)";

struct NamedModel {
  std::string name;              ///< folder's name, or a GGUF file's stem
  std::filesystem::path path;    ///< what ModelFiles::open takes
};

/// Models in a folder: subfolders that hold a model, and GGUF files; sorted by name.
std::vector<NamedModel> models_in(const std::filesystem::path& folder);

/// A path as it is, or a name in `folder` (empty: the user's own). Error that lists the names.
std::filesystem::path find_model(const std::string& name, const std::string& folder,
                                 const Environment& environment);

}  // namespace relatum::app
