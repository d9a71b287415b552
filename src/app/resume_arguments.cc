// Compares words with words, paths with places.
#include "app/resume_arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>

#include "base/error.h"
#include "jobs/finetune_balance.h"
#include "jobs/finetune_folder.h"
#include "jobs/finetune_started.h"
#include "jobs/models_folder.h"
#include "task/prompt.h"
#include "task/spec.h"

namespace relatum::app {
namespace {

namespace fs = std::filesystem;
using jobs::StartedWith;
using jobs::Words;

// What may change from call to call: it decides nothing of the result, or is meant for one machine.
const std::set<std::string> kFree = {"threads", "isa", "memory", "models", "save-every"};
const std::set<std::string> kModels = {"model", "embedder"};
const std::set<std::string> kPaths = {"train",        "dev",    "relabel",      "labels",
                                      "prompt",       "index",  "model",        "embedder",
                                      "init-adapter", "models", "label-weights"};

// A value with a path in it: what stands before and behind it.
struct PathValue {
  std::string before, path, behind;
  std::string with(const std::string& other) const { return before + other + behind; }
};

bool is_style(const std::string& name) {
  for (const task::PromptStyle* style : task::prompt_styles()) {
    if (style->name == name) return true;
  }
  return false;
}

// Nothing where the value names no file: a word, or standard input.
std::optional<PathValue> path_in(const std::string& flag, const std::string& value) {
  PathValue parts{"", value, ""};
  if (!kPaths.contains(flag) || value.empty()) return std::nullopt;
  if (flag == "prompt" && is_style(value)) return std::nullopt;
  if (flag == "label-weights" && !jobs::names_weights_file(value)) return std::nullopt;
  if (flag == "train" || flag == "dev") {
    const task::Spec spec = task::parse_spec(value);
    const size_t start = spec.format.empty() ? 0 : spec.format.size() + 1;
    parts = {value.substr(0, start), spec.path, value.substr(start + spec.path.size())};
  } else if (flag == "relabel") {
    const size_t colon = value.find(':');
    if (colon == value.npos) return std::nullopt;
    parts = {value.substr(0, colon + 1), value.substr(colon + 1), ""};
  }
  if (parts.path == "-") return std::nullopt;
  return parts;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool names_model(const std::string& name, const std::string& folder, const jobs::Host& host) {
  try {
    jobs::find_model(name, folder, host);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// A path of the record, as it is found from here; nothing where it is not.
std::optional<std::string> found(const std::string& flag, const std::string& path,
                                 const StartedWith& started, const jobs::Host& host) {
  const fs::path then = fs::path(started.directory) / path;
  std::error_code ignored;
  if (is_there(path) && (started.directory.empty() || fs::equivalent(path, then, ignored))) {
    return path;
  }
  if (!started.directory.empty() && is_there(then)) return then.string();
  const auto folder = started.words.find("models");
  const std::string models = folder == started.words.end() ? "" : folder->second;
  if (kModels.contains(flag) && names_model(path, models, host)) return path;
  if (is_there(path)) return path;
  const auto others = started.elsewhere.find(flag);
  if (others == started.elsewhere.end()) return std::nullopt;
  for (const std::string& other : others->second) {
    if (is_there(other)) return other;
  }
  return std::nullopt;
}

bool same_number(const std::string& one, const std::string& other) {
  char *end = nullptr, *other_end = nullptr;
  const double a = std::strtod(one.c_str(), &end), b = std::strtod(other.c_str(), &other_end);
  const bool whole = !one.empty() && !other.empty() && *end == '\0' && *other_end == '\0';
  return whole && a == b;
}

bool same_path(const std::string& flag, const std::string& value, const std::string& then,
               const std::string& directory) {
  const auto one = path_in(flag, value), other = path_in(flag, then);
  if (!one || !other) return false;
  const fs::path a = fs::absolute(one->path).lexically_normal();
  const fs::path b = (fs::path(directory) / other->path).lexically_normal();
  return a == b && one->before == other->before && one->behind == other->behind;
}

// What is compared once it is read, or settled: files by content, and what "auto" stands for.
bool settled_later(const std::string& flag, const std::string& value) {
  if (kPaths.contains(flag) || flag == "micro-tokens") return true;
  return value == "auto" && (flag == "base" || flag == "compute");
}

std::string shown(const Words& words, const std::string& flag, bool is_switch) {
  const auto at = words.find(flag);
  if (is_switch) return at == words.end() ? "off" : "on";
  return at == words.end() ? "nothing" : at->second;
}

// Of what is given now, all that the run had otherwise; empty where each of them is settled later.
std::vector<std::string> differences(const Words& now, const StartedWith& started) {
  std::vector<std::string> all;
  bool certain = false;
  for (const auto& [flag, value] : now) {
    const auto then = started.words.find(flag);
    if (kFree.contains(flag)) continue;
    if (then != started.words.end() && (value == then->second || same_number(value, then->second) ||
                                        same_path(flag, value, then->second, started.directory))) {
      continue;
    }
    const bool tokens = flag == "micro-tokens" && started.micro_tokens > 0;
    if (tokens && same_number(value, std::to_string(started.micro_tokens))) continue;
    const bool is_switch = value.empty();
    const std::string before = tokens ? std::to_string(started.micro_tokens)
                                      : shown(started.words, flag, is_switch);
    all.push_back(
        fmt::format("--{} was {} and is now {}", flag, before, shown(now, flag, is_switch)));
    certain = certain || !settled_later(flag, value);
  }
  if (!certain) all.clear();
  return all;
}

// The run's words with their paths as they are found from here.
Words words_from_here(const Words& now, const StartedWith& started, const jobs::Host& host) {
  Words words = started.words;
  std::vector<std::string> missing, flags;
  for (auto& [flag, value] : words) {
    const auto parts = path_in(flag, value);
    if (!parts || now.contains(flag) || flag == "models") continue;
    if (const auto path = found(flag, parts->path, started, host)) {
      value = parts->with(*path);
      continue;
    }
    missing.push_back(fmt::format("--{} {}", flag, value));
    flags.push_back("--" + flag);
  }
  if (missing.empty()) return words;
  const std::string from = started.directory.empty() ? ""
                                                     : fmt::format(" (in {})", started.directory);
  fail("app.resume", fmt::format("{}: the run was started with {}{}, which {} not there any more. "
                                 "Give {} beside --resume, with {} now.",
                                 started.record.string(), fmt::join(missing, " and "), from,
                                 missing.size() == 1 ? "is" : "are", fmt::join(flags, " and "),
                                 missing.size() == 1 ? "the path it has" : "the paths they have"));
}

}  // namespace

Words given_words(const CLI::App& app) {
  static const std::set<std::string> kOutput = {"help",      "out",   "resume",
                                                "overwrite", "force", "quiet"};
  Words words;
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0 || option->get_lnames().empty()) continue;
    const std::string flag = option->get_lnames()[0];
    if (kOutput.contains(flag)) continue;
    words[flag] = option->get_expected_max() == 0 ? "" : option->results().back();
  }
  return words;
}

ResumedCommand resumed_command(const jobs::FinetuneOptions& now, const jobs::Host& host) {
  const StartedWith started = jobs::started_with(now.out);
  const std::vector<std::string> other = differences(now.words, started);
  if (!other.empty()) {
    const fs::path state = jobs::finetune_state(now.out);
    fail("app.resume",
         fmt::format("{} is of a run that was started with something else: {}. Leave out what the "
                     "run knows (--resume --out {} alone takes all of it from there), or start "
                     "over with --overwrite.",
                     is_there(state) ? state.string() : started.record.string(),
                     fmt::join(other, "; "), now.out));
  }
  Words words = words_from_here(now.words, started, host);
  const auto is_new = [&](const std::string& flag, const std::string& value) {
    const auto then = words.find(flag);
    if (then == words.end()) return true;
    return kFree.contains(flag) || kPaths.contains(flag) || flag == "micro-tokens" ||
           (!settled_later(flag, value) && then->second != value);
  };
  for (const auto& [flag, value] : now.words) {
    if (is_new(flag, value)) words[flag] = value;
  }
  ResumedCommand command;
  command.arguments = {"finetune", "--out=" + now.out, "--resume"};
  for (const auto& [flag, value] : words) {
    command.arguments.push_back(value.empty() ? "--" + flag : fmt::format("--{}={}", flag, value));
  }
  command.words = words;
  command.force = started.force;
  command.directory = fs::current_path().string();
  return command;
}

}  // namespace relatum::app
