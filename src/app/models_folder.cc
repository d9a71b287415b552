// Looks through model folders.
#include "app/models_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;

// What to open for a folder: itself in Hugging Face form, else its only GGUF file; or nothing.
std::optional<fs::path> model_in(const fs::path& folder) {
  if (fs::exists(folder / "config.json")) return folder;
  std::optional<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".gguf") continue;
    if (found) return std::nullopt;
    found = entry.path();
  }
  return found;
}

}  // namespace

std::vector<NamedModel> models_in(const fs::path& folder) {
  std::vector<NamedModel> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path& path = entry.path();
    if (entry.is_directory()) {
      if (const auto model = model_in(path)) found.push_back({path.filename().string(), *model});
    } else if (path.extension() == ".gguf") {
      found.push_back({path.stem().string(), path});
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.name < b.name;
  });
  return found;
}

fs::path find_model(const std::string& name, const std::string& folder,
                    const Environment& environment) {
  const fs::path place = folder.empty() ? environment.default_models() : fs::path(folder);
  std::string known;
  for (const NamedModel& model : models_in(place)) {
    if (model.name == name) return model.path;
    known += (known.empty() ? "" : ", ") + model.name;
  }
  if (fs::exists(name)) return name;
  fail("app.models", fmt::format("there is no model '{}': no such path, and {} holds {}. "
                                 "scripts/quickstart fetches the two default models.", name,
                                 place.string(), known.empty() ? "none" : known));
}

}  // namespace relatum::app
