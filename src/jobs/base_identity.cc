// Paths and keys; a model card is read line by line.
#include "jobs/base_identity.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>
#include <string_view>

#include "arch/model_name.h"
#include "base/error.h"
#include "io/gguf.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

bool is_name_part(std::string_view part) {
  if (part.empty() || part.size() > 96 || part.starts_with('.')) return false;
  return std::ranges::all_of(
      part, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; });
}

// ORG/NAME, with nothing else in it.
bool is_repository(std::string_view name) {
  const size_t slash = name.find('/');
  return slash != name.npos && is_name_part(name.substr(0, slash)) &&
         is_name_part(name.substr(slash + 1));
}

std::string in_cache(const fs::path& path) {
  for (fs::path at = path; at.has_relative_path(); at = at.parent_path()) {
    const std::string name = arch::repository_name(at);
    if (is_repository(name)) return name;
  }
  return "";
}

std::string text_of(const io::GgufFile& file, const char* key) {
  try {
    return file.get_string(key, "");
  } catch (const Error&) {
    return "";  // of another type: nothing that is computed depends on it
  }
}

std::string converted_from(const io::GgufFile& file) {
  constexpr std::string_view kHub = "https://huggingface.co/";
  std::string url = text_of(file, "general.source.repo_url");
  if (!url.starts_with(kHub)) return "";
  url.erase(0, kHub.size());
  while (url.ends_with('/')) url.pop_back();
  return is_repository(url) ? url : "";
}

// An identifier as model cards have it; "other" and "unknown" say nothing.
std::string identifier(std::string text) {
  for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
  const bool sound = is_name_part(text) && text != "other" && text != "unknown";
  return sound ? text : "";
}

// The line "license: …" of the metadata that a model card begins with.
std::string license_in_card(const fs::path& card) {
  constexpr size_t kMost = 1 << 16;  // bytes; metadata take a few hundred
  constexpr std::string_view kKey = "license:";
  std::error_code ignored;
  if (!fs::is_regular_file(card, ignored)) return "";
  std::string start(kMost, '\0');
  std::ifstream file(card, std::ios::binary);
  file.read(start.data(), std::streamsize(start.size()));
  start.resize(size_t(file.gcount()));
  std::istringstream lines(start);
  std::string line;
  if (!std::getline(lines, line) || !line.starts_with("---")) return "";
  while (std::getline(lines, line) && !line.starts_with("---")) {
    if (!line.starts_with(kKey)) continue;
    std::erase_if(line, [](unsigned char c) { return std::isspace(c) || c == '"' || c == '\''; });
    return identifier(line.substr(kKey.size()));
  }
  return "";
}

BaseIdentity named(const fs::path& path, const std::string& given) {
  BaseIdentity base;
  std::error_code ignored;
  const bool is_path = given.empty() || fs::exists(given, ignored) || given == path;
  base.name = in_cache(path);
  if (base.name.empty() && !is_path && is_repository(given)) base.name = given;
  base.repository = !base.name.empty();
  if (base.repository) return base;
  base.name = is_path ? arch::model_name(path) : given;
  const fs::path plain(base.name);
  if (plain.extension() == ".gguf") base.name = plain.stem().string();
  return base;
}

}  // namespace

BaseIdentity base_identity(const arch::ModelFiles& files, const std::string& given) {
  BaseIdentity base = named(files.path(), given);
  const io::GgufFile* gguf = files.gguf();
  if (gguf && !base.repository) {
    if (const std::string source = converted_from(*gguf); !source.empty()) {
      base.name = source;
      base.repository = true;
    }
  }
  base.license = gguf ? identifier(text_of(*gguf, "general.license"))
                      : license_in_card(files.path() / "README.md");
  return base;
}

}  // namespace relatum::jobs
