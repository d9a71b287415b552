// Walks through the folders of Hugging Face's libraries, Ollama and LM Studio. What cannot be read
// is passed over: these folders belong to others, who may be writing there.
#include "jobs/model_stores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "arch/model_name.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/error_sentence.h"
#include "base/printable.h"
#include "io/json.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr uintmax_t kLargestText = 1 << 20;  // of a manifest, and of a file that names a commit
constexpr std::string_view kDigest = "sha256:";
// Ollama's own host and namespace are left out of names.
constexpr std::string_view kOllamaHost = "registry.ollama.ai", kOllamaNamespace = "library";
constexpr std::string_view kOllamaLayer = "application/vnd.ollama.image.";

/// Paths in a folder, sorted; none where it cannot be read.
std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  while (!error && at != fs::directory_iterator()) {
    if (!at->path().filename().string().starts_with('.')) paths.push_back(at->path());
    at.increment(error);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

std::optional<std::string> read_small(const fs::path& file) {
  std::error_code error;
  const uintmax_t size = fs::file_size(file, error);
  if (error || size > kLargestText) return std::nullopt;
  try {
    return read_file(file);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// A folder in Hugging Face form, or its GGUF files: one has the folder's name, of several each has
/// its own behind that.
void add_models(const std::string& name, const fs::path& folder, const char* source,
                std::vector<NamedModel>& found) {
  const std::vector<fs::path> opened = opened_in(folder);
  for (const fs::path& path : opened) {
    if (opened.size() == 1) {
      found.push_back({name, path, source});
    } else {
      found.push_back({name + "/" + path.filename().string(), path, source, "", name});
    }
  }
}

/// The commits of a repository that hold a model.
std::vector<fs::path> snapshots_of(const fs::path& repository) {
  std::vector<fs::path> all = entries_of(repository / "snapshots");
  std::erase_if(all, [](const fs::path& each) { return opened_in(each).empty(); });
  return all;
}

/// Of a repository whose commits nothing tells apart.
NamedModel several_commits(const std::string& name, const fs::path& repository,
                           const std::vector<fs::path>& snapshots) {
  std::string paths;
  for (const fs::path& each : snapshots) {
    paths += (paths.empty() ? "" : &each == &snapshots.back() ? " or " : ", ") + each.string();
  }
  return {name, repository, kHuggingFace,
          fmt::format("The cache has {} commits of it, and no refs/main that names one of them. "
                      "Give a path: {}.",
                      snapshots.size(), paths)};
}

/// The commit that "main" stands for, or the only one that is there.
std::optional<fs::path> snapshot_of(const fs::path& repository) {
  if (auto commit = read_small(repository / "refs" / "main")) {
    while (!commit->empty() && std::isspace(static_cast<unsigned char>(commit->back()))) {
      commit->pop_back();
    }
    const bool plain = std::all_of(commit->begin(), commit->end(),
                                   [](unsigned char c) { return std::isalnum(c); });
    const fs::path snapshot = repository / "snapshots" / *commit;
    if (plain && !commit->empty() && is_folder(snapshot)) return snapshot;
  }
  const std::vector<fs::path> all = entries_of(repository / "snapshots");
  if (all.size() != 1 || !is_folder(all.front())) return std::nullopt;
  return all.front();
}

std::string ollama_name(const fs::path& host, const fs::path& space, const fs::path& model,
                        const fs::path& tag) {
  const auto text = [](const fs::path& path) { return path.filename().string(); };
  std::string name = text(model) + ":" + text(tag);
  const bool own = text(host) == kOllamaHost;
  if (!own || text(space) != kOllamaNamespace) name = text(space) + "/" + name;
  return own ? name : text(host) + "/" + name;
}

NamedModel ollama_model(std::string name, const fs::path& store, const fs::path& manifest) {
  NamedModel model{std::move(name), manifest, kOllama};
  constexpr std::string_view kLatest = ":latest";
  if (model.name.ends_with(kLatest)) {
    model.short_name = model.name.substr(0, model.name.size() - kLatest.size());
  }
  try {
    const auto text = read_small(manifest);
    if (!text) fail("jobs.models", fmt::format("{} cannot be read.", manifest.string()));
    std::string digest = ollama_model_digest(*text, manifest.string());
    const fs::path older = store / "blobs" / digest;
    digest[kDigest.size() - 1] = '-';
    const fs::path blob = store / "blobs" / digest;
    std::error_code error;
    model.path = !fs::exists(blob, error) && fs::exists(older, error) ? older : blob;
    if (!fs::exists(model.path, error)) {
      fail("jobs.models", fmt::format("{} is missing, which {} names. Fetch the model again.",
                                      model.path.string(), manifest.string()));
    }
  } catch (const Error& error) {
    model.problem = sentence_of(error);  // "[jobs.models] " stands before all
  }
  return model;
}

}  // namespace

std::vector<NamedModel> hugging_face_models(const fs::path& hub) {
  std::vector<NamedModel> found;
  for (const fs::path& repository : entries_of(hub)) {
    const std::string name = arch::repository_name(repository);
    if (name.empty()) continue;
    if (const auto snapshot = snapshot_of(repository)) {
      add_models(name, *snapshot, kHuggingFace, found);
    } else if (const auto all = snapshots_of(repository); !all.empty()) {
      found.push_back(several_commits(name, repository, all));
    }
  }
  return found;
}

std::vector<NamedModel> ollama_models(const fs::path& store) {
  std::vector<NamedModel> found;
  for (const fs::path& host : entries_of(store / "manifests")) {
    for (const fs::path& space : entries_of(host)) {
      for (const fs::path& model : entries_of(space)) {
        for (const fs::path& tag : entries_of(model)) {
          found.push_back(ollama_model(ollama_name(host, space, model, tag), store, tag));
        }
      }
    }
  }
  return found;
}

std::vector<NamedModel> lm_studio_models(const fs::path& folder) {
  std::vector<NamedModel> found;
  for (const fs::path& organisation : entries_of(folder)) {
    for (const fs::path& model : entries_of(organisation)) {
      if (!is_folder(model)) continue;
      const std::string name = organisation.filename().string() + "/" + model.filename().string();
      add_models(name, model, kLmStudio, found);
    }
  }
  return found;
}

std::vector<NamedModel> stored_models(const ModelStores& stores) {
  std::vector<NamedModel> all;
  const auto add = [&](std::vector<NamedModel> models) {
    std::move(models.begin(), models.end(), std::back_inserter(all));
  };
  if (!stores.hugging_face.empty()) add(hugging_face_models(stores.hugging_face));
  for (const fs::path& store : stores.ollama) add(ollama_models(store));
  for (const fs::path& folder : stores.lm_studio) add(lm_studio_models(folder));
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a.name, a.path) < std::tie(b.name, b.path);
  });
  return all;
}

std::string ollama_model_digest(std::string_view manifest, const std::string& place) {
  const json root = io::parse_json(manifest, place);
  std::vector<std::string> digests;
  for (const json& layer : io::require_array(root, "layers", place)) {
    const std::string type = io::require_string(layer, "mediaType", place);
    if (!type.starts_with(kOllamaLayer)) continue;
    const std::string what = type.substr(kOllamaLayer.size());
    if (what == "adapter") {
      fail("jobs.models", fmt::format("{}: an adapter belongs to this model, which is not applied "
                                      "here. Use the model that it was made for.",
                                      place));
    }
    if (what == "model") digests.push_back(io::require_string(layer, "digest", place));
  }
  if (digests.size() != 1) {
    fail("jobs.models",
         fmt::format("{}: names {} files of a model, expected one.", place, digests.size()));
  }
  const std::string& digest = digests.front();
  const bool hex = digest.starts_with(kDigest) && digest.size() == kDigest.size() + 64 &&
                   digest.find_first_not_of("0123456789abcdef", kDigest.size()) == digest.npos;
  if (hex) return digest;
  fail("jobs.models", fmt::format("{}: '{}' is no SHA-256 (sha256: and 64 hexadecimal digits). The "
                                  "file is damaged: fetch the model again.",
                                  place, printable_start(digest)));
}

}  // namespace relatum::jobs
