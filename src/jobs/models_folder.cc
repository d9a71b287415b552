// Looks through model folders.
#include "jobs/models_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/error.h"
#include "base/known_names.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

// What to open for a folder: itself in Hugging Face form, else its only GGUF file; or nothing.
std::optional<fs::path> model_in(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / "config.json", error)) return folder;
  std::optional<fs::path> found;
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
    if (path.filename().string().starts_with('.')) continue;  // caches of other programs
    if (entry.is_directory(error)) {
      if (const auto model = model_in(path)) found.push_back({path.filename().string(), *model});
    } else if (path.extension() == ".gguf" && entry.is_regular_file(error)) {
      found.push_back({path.stem().string(), path});
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.name, a.path) < std::tie(b.name, b.path);
  });
  return found;
}

fs::path find_model(const std::string& name, const std::string& folder, const Host& host) {
  const fs::path place = folder.empty() ? host.models : fs::path(folder);
  std::vector<std::string> known;
  std::vector<fs::path> found;
  for (const NamedModel& model : models_in(place)) {
    if (model.name == name) found.push_back(model.path);
    known.push_back(model.name);
  }
  if (found.size() > 1) {
    fail("jobs.models", fmt::format("'{}' is the name of two models, {} and {}. Name one by its "
                                    "path.",
                                    name, found[0].string(), found[1].string()));
  }
  std::error_code ignored;
  const bool there = fs::exists(name, ignored);
  if (!found.empty()) {
    if (there && !fs::equivalent(name, found[0], ignored)) {
      host.context.warn(
          fmt::format("'{}' is a path here, too; {} is used. Write ./{} for the "
                      "path.",
                      name, found[0].string(), name));
    }
    return found[0];
  }
  if (there) return name;
  fail("jobs.models",
       fmt::format("there is no model '{}': no such path, and {} holds {}.{} "
                   "scripts/quickstart fetches the two default models.",
                   name, place.empty() ? "no folder" : place.string(),
                   known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", ")),
                   did_you_mean(name, known)));
}

}  // namespace relatum::jobs
