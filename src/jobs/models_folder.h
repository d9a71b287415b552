// Named models: which there are and where each lies.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "jobs/host.h"

namespace relatum::jobs {

struct NamedModel {
  std::string name;            ///< folder's name, or a GGUF file's stem
  std::filesystem::path path;  ///< what ModelFiles::open takes
};

/// Models in a folder: subfolders that hold a model, and GGUF files; sorted by name.
std::vector<NamedModel> models_in(const std::filesystem::path& folder);

/// A path as it is, or a name in `folder` (empty: the host's). Error that lists the names.
std::filesystem::path find_model(const std::string& name, const std::string& folder,
                                 const Host& host);

}  // namespace relatum::jobs
