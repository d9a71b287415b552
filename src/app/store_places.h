// Where other programs on this machine keep their models.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "jobs/host.h"

namespace relatum::app {

/// Hugging Face's cache, Ollama's stores and LM Studio's folders, where these programs themselves
/// look. `variable` gives an environment variable's value, or nothing where it is not set.
jobs::ModelStores default_stores(const std::function<std::string(const char*)>& variable,
                                 const std::filesystem::path& home);

}  // namespace relatum::app
