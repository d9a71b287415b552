// What decides a stage's result: its settings, and the content of what it reads.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/environment.h"
#include "app/run_plan.h"

namespace relatum::app {

/// SHA-256 of a file; of a folder, of the files that a model, an adapter or an index consists of;
/// "" where there is nothing.
std::string content_hash(const std::filesystem::path& path);

/// {"settings": {flag: value}, "inputs": {flag: {"parts", "sha256"}}}. Where results go, and how
/// many threads compute them, is left out. `hash` gives what a path's content is known by.
nlohmann::json describe_stage(const RunStage& stage, const Environment& environment,
                              const std::function<std::string(const std::filesystem::path&)>& hash);

}  // namespace relatum::app
