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

/// The path of a model by its name and the folder of named ones.
using FindModel =
    std::function<std::filesystem::path(const std::string& name, const std::string& models)>;

/// jobs::find_model() for the host of the environment, which outlives it.
FindModel named_models(const Environment& environment);

/// {"settings": {flag: value}, "inputs": {flag: {"parts", "sha256"}}}. Where results go, and how
/// many threads compute them, is left out. `hash` gives what a path's content is known by, `find`
/// where a model or an embedder lies.
nlohmann::json describe_stage(const RunStage& stage, const FindModel& find,
                              const std::function<std::string(const std::filesystem::path&)>& hash);

}  // namespace relatum::app
