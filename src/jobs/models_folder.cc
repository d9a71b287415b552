// Looks through model folders.
#include "jobs/models_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <tuple>

#include "arch/model_folder.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/known_names.h"
#include "base/printable.h"
#include "io/gguf_parts.h"
#include "jobs/model_stores.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> gguf_models_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  while (!error && at != fs::directory_iterator()) {
    const fs::path& path = at->path();
    if (path.extension() == ".gguf" && arch::opens_model(path)) files.push_back(path);
    at.increment(error);
  }
  std::sort(files.begin(), files.end());
  arch::leave_out_adapters(files);
  return files;
}

std::string name_of_file(const fs::path& file) {
  const auto part = io::gguf_part_name(file);
  return part ? part->model : file.stem().string();
}

// Those of the whole name, or where there are none those of the short one.
std::vector<NamedModel> meant_by(const std::string& name, const std::vector<NamedModel>& models) {
  std::vector<NamedModel> found;
  for (const auto which : {&NamedModel::name, &NamedModel::short_name}) {
    std::copy_if(models.begin(), models.end(), std::back_inserter(found),
                 [&](const NamedModel& model) { return model.*which == name; });
    if (!found.empty()) break;
  }
  return found;
}

std::string lower(std::string text) {
  for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Names of which this is a part, up to a slash or a colon before any other; or the nearest one.
std::string hint(const std::string& name, const std::vector<std::string>& known) {
  constexpr size_t kMost = 3, kShortest = 3;
  std::vector<std::string> whole, inner;
  for (const std::string& each : known) {
    const bool part = each.starts_with(name + "/") || each.starts_with(name + ":") ||
                      each.ends_with("/" + name);
    const bool within = name.size() >= kShortest && lower(each).find(lower(name)) != each.npos;
    if (part || within) (part ? whole : inner).push_back("'" + printable(each) + "'");
  }
  whole.insert(whole.end(), inner.begin(), inner.end());
  if (name.empty() || whole.empty()) return did_you_mean(name, known);
  const size_t others = whole.size() - std::min(kMost, whole.size());
  whole.resize(whole.size() - others);
  return fmt::format(
      " Did you mean {}?{}", fmt::join(whole, " or "),
      others ? fmt::format(" It is a part of {} more.", counted(int64_t(others), "name")) : "");
}

[[noreturn]] void fail_several(const std::string& name, const std::vector<NamedModel>& found) {
  std::vector<std::string> listed;
  for (const NamedModel& model : found) {
    listed.push_back(fmt::format("{} ({}{}{})", model.name, model.source,
                                 model.source.empty() ? "" : ": ", model.path.string()));
  }
  const bool same = std::ranges::all_of(
      found, [&](const NamedModel& model) { return model.name == found.front().name; });
  fail("jobs.models",
       fmt::format(
           "'{}' is the name of several models: {}. {}.", name, fmt::join(listed, ", "),
           same ? "Give the path of the one that you mean" : "Use one of these names, or a path"));
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
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  fail("jobs.models",
       fmt::format(
           "there is no model '{}': no such path, and {} holds {}{}.{} "
           "scripts/quickstart fetches the two default models.",
           name, place.empty() ? "no folder" : place.string(),
           own.empty() ? "none" : fmt::format("{}", fmt::join(own, ", ")),
           others
               ? fmt::format("; `relatum models` lists {} of other programs, and which of them can "
                             "be used",
                             others)
               : "",
           hint(name, known)));
}

}  // namespace

std::vector<fs::path> opened_in(const fs::path& folder) {
  std::vector<fs::path> files = gguf_models_in(folder);
  std::error_code error;
  const bool itself = files.empty() ? fs::exists(folder / "config.json", error)
                                    : arch::holds_safetensors(folder);
  if (itself) files = {folder};
  return files;
}

std::vector<NamedModel> models_in(const fs::path& folder) {
  std::vector<NamedModel> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path& path = entry.path();
    if (path.filename().string().starts_with('.')) continue;  // caches of other programs
    if (entry.is_directory(error)) {
      const std::vector<fs::path> opened = opened_in(path);
      if (opened.size() == 1) found.push_back({path.filename().string(), opened.front()});
    } else if (path.extension() == ".gguf" && entry.is_regular_file(error) &&
               arch::opens_model(path)) {
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
  const std::vector<NamedModel> found = meant_by(name, models);
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
