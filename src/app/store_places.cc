// The programs' own variables first, then their defaults.
#include "app/store_places.h"

#include <utility>

namespace relatum::app {
namespace {

namespace fs = std::filesystem;

// The home of the user "ollama", whom Ollama's installation on Linux makes for its service.
constexpr const char* kOllamaService = "/usr/share/ollama/.ollama/models";

}  // namespace

jobs::ModelStores default_stores(const std::function<std::string(const char*)>& variable,
                                 const fs::path& home) {
  const auto either = [&](const char* name, fs::path otherwise) {
    const fs::path given = variable(name);
    return given.empty() ? std::move(otherwise) : given;
  };
  const fs::path cache = either("XDG_CACHE_HOME", home / ".cache");
  const fs::path hugging_face = either("HF_HOME", cache / "huggingface");
  jobs::ModelStores stores;
  stores.hugging_face = either("HF_HUB_CACHE", hugging_face / "hub");
  stores.ollama = {either("OLLAMA_MODELS", home / ".ollama" / "models")};
  if (variable("OLLAMA_MODELS").empty() && stores.ollama.front() != kOllamaService) {
    stores.ollama.emplace_back(kOllamaService);
  }
  stores.lm_studio = {home / ".lmstudio" / "models", home / ".cache" / "lm-studio" / "models"};
  return stores;
}

}  // namespace relatum::app
