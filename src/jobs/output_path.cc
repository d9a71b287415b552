// Looks at the nearest part of a path that is there.
#include "jobs/output_path.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "arch/model_folder.h"
#include "base/error.h"
#include "task/spec.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

// The folder that already exists and below which all the rest would be made.
fs::path nearest_there(fs::path path) {
  std::error_code ignored;
  while (!path.empty() && !fs::exists(path, ignored)) {
    const fs::path parent = path.parent_path();
    if (parent == path) break;
    path = parent;
  }
  return path.empty() ? fs::path(".") : path;
}

// Root may write everywhere by its permissions, though not in every file system: that shows when
// the file is made.
void check_parent(const fs::path& path) {
  const fs::path folder = nearest_there(path.parent_path());
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    fail("jobs.output", fmt::format("cannot write {}: {} is not a folder. Name another place.",
                                    path.string(), folder.string()));
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    fail("jobs.output", fmt::format("cannot write {}: the folder {} may not be written to. Check "
                                    "its permissions, or name another place.",
                                    path.string(), folder.string()));
  }
}

// Whether two paths lead to one file. Both are looked at, so a path with links in it counts, too.
bool same_file(const fs::path& one, const fs::path& other) {
  std::error_code error;
  if (fs::equivalent(one, other, error) && !error) return true;
  const fs::path a = fs::weakly_canonical(one, error), b = fs::weakly_canonical(other, error);
  return !error && !a.empty() && a == b;
}

// What the program itself puts into the folders that it reads; a model's files have many names.
bool belongs_to(const fs::path& folder, const fs::path& file) {
  const std::string name = file.filename().string(), extension = file.extension().string();
  if (extension == ".safetensors" || extension == ".gguf" || extension == ".faiss") return true;
  std::error_code ignored;
  const bool fixed = fs::exists(folder / "config.json", ignored) ||
                     fs::exists(folder / "index.json", ignored);  // a model's or an index's folder
  if (fixed) return fs::exists(file, ignored);
  for (const char* known : {"run.json", "labels.json", "answers.json", "prompt.txt", "log.jsonl",
                            "adapter_config.json"}) {
    if (name == known) return fs::exists(folder / known);
  }
  return false;
}

// Whether it is read or not, a model is nothing to be replaced by a result.
bool is_of_a_model(const fs::path& folder, const fs::path& file) {
  if (!arch::holds_model(folder)) return false;
  const std::string extension = file.extension().string();
  if (extension == ".gguf" || extension == ".safetensors") return true;
  std::error_code ignored;
  const bool settings = extension == ".json" || extension == ".txt" || extension == ".model";
  return settings && fs::exists(folder / "config.json", ignored);
}

// Both are looked at, so a path with links in it counts, too.
bool lies_in(const fs::path& path, const fs::path& folder) {
  std::error_code error;
  const fs::path inner = fs::weakly_canonical(path, error);
  const fs::path outer = error ? fs::path() : fs::weakly_canonical(folder, error);
  if (error || outer.empty()) return false;
  return std::ranges::mismatch(outer, inner).in1 == outer.end();
}

}  // namespace

void check_output_file(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::is_directory(status) || !path.has_filename()) {
    fail("jobs.output",
         fmt::format("cannot write '{}': it names a folder. Name a file.", path.string()));
  }
  // Files appear by renaming, which would put a file in the place of /dev/null, too.
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    fail("jobs.output",
         fmt::format("cannot write {}: it is not a regular file. Name a file.", path.string()));
  }
  check_parent(path);
}

void check_output_folder(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (path.empty() || (fs::exists(status) && !fs::is_directory(status))) {
    fail("jobs.output",
         fmt::format("cannot write '{}': it is not a folder. Name another place.", path.string()));
  }
  check_parent(path / "x");
}

void CommandInputs::add_data(const std::string& spec) {
  if (spec.empty() || spec == "-") return;
  files.emplace_back(task::parse_spec(spec).path);
}

void CommandInputs::add_options(const DataChoice& options) {
  files.emplace_back(options.labels);
  const size_t colon = options.relabel.find(':');
  if (colon != std::string::npos) files.emplace_back(options.relabel.substr(colon + 1));
}

void check_not_read(const fs::path& path, const CommandInputs& inputs) {
  check_output_file(path);
  std::error_code ignored;
  for (const fs::path& input : inputs.files) {
    if (input.empty() || input == "-" || !same_file(path, input)) continue;
    fail("jobs.output", fmt::format("{} is a file that this command reads ({}). Write to another "
                                    "one.",
                                    path.string(), input.string()));
  }
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (const fs::path& folder : inputs.folders) {
    if (folder.empty() || !fs::is_directory(folder, ignored)) continue;
    if (!same_file(parent, folder) || !belongs_to(folder, path)) continue;
    fail("jobs.output", fmt::format("{} is a file of {}, which this command reads. Write to "
                                    "another one.",
                                    path.string(), folder.string()));
  }
}

void check_absent_or_overwrite(const fs::path& path, bool overwrite) {
  std::error_code ignored;
  if (!overwrite && fs::exists(path, ignored)) {
    fail("jobs.output", fmt::format("{} already exists. Use --overwrite to replace it, or write "
                                    "to another file.",
                                    path.string()));
  }
}

void check_new_file(const fs::path& path, const CommandInputs& inputs, bool overwrite) {
  check_not_read(path, inputs);
  std::error_code ignored;
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (fs::exists(path, ignored) && is_of_a_model(parent, path)) {
    fail("jobs.output", fmt::format("{} is a file of the model in {}. Write to another one.",
                                    path.string(), parent.string()));
  }
  check_absent_or_overwrite(path, overwrite);
}

void check_new_folder(const fs::path& path, bool overwrite) {
  std::error_code ignored;
  if (overwrite || !fs::is_directory(path, ignored) || fs::is_empty(path, ignored)) return;
  fail("jobs.output", fmt::format("{} already exists and holds files. Use --overwrite to replace "
                                  "what it holds, or write to another folder.",
                                  path.string()));
}

void check_replaced_folder(const fs::path& path, const CommandInputs& inputs, const char* mark,
                           bool overwrite) {
  check_output_folder(path);
  for (const auto* inside : {&inputs.files, &inputs.folders}) {
    for (const fs::path& input : *inside) {
      if (input.empty() || input == "-" || !lies_in(input, path)) continue;
      fail("jobs.output", fmt::format("{} holds {}, which this command reads. Write to another "
                                      "folder.",
                                      path.string(), input.string()));
    }
  }
  check_new_folder(path, overwrite);
  std::error_code ignored;
  if (!fs::is_directory(path, ignored) || fs::is_empty(path, ignored)) return;
  if (fs::exists(path / mark, ignored)) return;
  fail("jobs.output", fmt::format("{} holds no {}, so it was not written by this command and is "
                                  "not replaced. Write to another folder.",
                                  path.string(), mark));
}

}  // namespace relatum::jobs
