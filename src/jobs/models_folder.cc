// Looks through model folders.
#include "jobs/models_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>

#include "base/error.h"
#include "base/known_names.h"
#include "io/gguf_parts.h"
#include "jobs/model_stores.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

bool is_later_part(const fs::path& file) {
  const auto part = io::gguf_part_name(file);
  return part && part->number > 1;
}

// What to open for a folder: itself in Hugging Face form, else its only GGUF file; or nothing.
std::optional<fs::path> model_in(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / "config.json", error)) return folder;
  const std::vector<fs::path> files = gguf_models_in(folder);
  if (files.size() == 1) return files.front();
  return std::nullopt;
}

std::string name_of_file(const fs::path& file) {
  const auto part = io::gguf_part_name(file);
  return part ? part->model : file.stem().string();
}

// A folder with several files is named by the part before theirs.
bool is_meant(const NamedModel& model, const std::string& name) {
  if (model.name == name) return true;
  if (model.source == kOllama) return model.name == name + ":latest";
  return !model.source.empty() && model.name == name + "/" + model.path.filename().string();
}

[[noreturn]] void fail_several(const std::string& name, const std::vector<NamedModel>& found) {
  std::vector<std::string> listed;
  for (const NamedModel& model : found) {
    listed.push_back(fmt::format("{} ({}{}{})", model.name, model.source,
                                 model.source.empty() ? "" : ": ", model.path.string()));
  }
  fail("jobs.models", fmt::format("'{}' is the name of several models: {}. Name one by its whole "
                                  "name where that is its own, or by its path.",
                                  name, fmt::join(listed, ", ")));
}

[[noreturn]] void fail_unknown(const std::string& name, const std::string& folder,
                               const std::vector<NamedModel>& models, const Host& host) {
  const fs::path place = folder.empty() ? host.models : fs::path(folder);
  std::vector<std::string> known, own;
  for (const NamedModel& model : models) {
    known.push_back(model.name);
    if (model.source.empty()) own.push_back(model.name);
  }
  const size_t others = known.size() - own.size();
  fail("jobs.models",
       fmt::format(
           "there is no model '{}': no such path, and {} holds {}{}.{} "
           "scripts/quickstart fetches the two default models.",
           name, place.empty() ? "no folder" : place.string(),
           own.empty() ? "none" : fmt::format("{}", fmt::join(own, ", ")),
           others ? fmt::format("; `relatum models` lists {} of other programs", others) : "",
           did_you_mean(name, known)));
}

}  // namespace

std::vector<fs::path> gguf_models_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  while (!error && at != fs::directory_iterator()) {
    const fs::path& path = at->path();
    const bool projector = path.filename().string().starts_with("mmproj");
    if (path.extension() == ".gguf" && !projector && !is_later_part(path)) files.push_back(path);
    at.increment(error);
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<NamedModel> models_in(const fs::path& folder) {
  std::vector<NamedModel> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path& path = entry.path();
    if (path.filename().string().starts_with('.')) continue;  // caches of other programs
    if (entry.is_directory(error)) {
      if (const auto model = model_in(path)) found.push_back({path.filename().string(), *model});
    } else if (path.extension() == ".gguf" && entry.is_regular_file(error) &&
               !is_later_part(path)) {
      found.push_back({name_of_file(path), path});
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tie(a.name, a.path) < std::tie(b.name, b.path);
  });
  return found;
}

std::vector<NamedModel> known_models(const std::string& folder, const Host& host) {
  if (!folder.empty()) return models_in(folder);
  std::vector<NamedModel> all = models_in(host.models);
  std::vector<NamedModel> others = stored_models(host.stores);
  std::move(others.begin(), others.end(), std::back_inserter(all));
  return all;
}

fs::path find_model(const std::string& name, const std::string& folder, const Host& host) {
  const std::vector<NamedModel> models = known_models(folder, host);
  std::vector<NamedModel> found;
  std::copy_if(models.begin(), models.end(), std::back_inserter(found),
               [&](const NamedModel& model) { return is_meant(model, name); });
  if (found.size() > 1) fail_several(name, found);
  std::error_code ignored;
  const bool there = fs::exists(name, ignored);
  if (!found.empty()) {
    const NamedModel& model = found.front();
    if (!model.problem.empty()) {
      fail("jobs.models", fmt::format("the model '{}' of {} cannot be used. {}", name, model.source,
                                      model.problem));
    }
    if (there && !fs::equivalent(name, model.path, ignored)) {
      host.context.warn(
          fmt::format("'{}' is a path here, too; {} is used. Write ./{} for the "
                      "path.",
                      name, model.path.string(), name));
    }
    return model.path;
  }
  if (there) return name;
  fail_unknown(name, folder, models, host);
}

}  // namespace relatum::jobs
