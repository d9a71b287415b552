// What a job is told by the program that runs it.
#pragma once

#include <filesystem>
#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"

namespace relatum::jobs {

/// Where other programs keep models on this machine (model_stores.h); empty: nowhere.
struct ModelStores {
  std::filesystem::path hugging_face;  ///< the cache's "hub"
  std::vector<std::filesystem::path> ollama;
  std::vector<std::filesystem::path> lm_studio;
};

/// Default-constructed it is silent, never stops, knows models by their paths alone, and has
/// neither an input nor an output for "-".
struct Host {
  Context context;
  std::filesystem::path models;   ///< folder of named models where options name none
  ModelStores stores;             ///< looked through, too, where options name no folder
  std::istream* input = nullptr;  ///< what "-" reads; its lines are taken as they come
  /// Takes a function that `input` calls before it waits for more, or an empty one to call none.
  std::function<void(std::function<void()>)> before_input_waits;
  std::function<void(std::string_view)> output;  ///< writes for "-", at once; throws Error
  std::vector<std::string> command;              ///< for the records: how the job was asked for
};

}  // namespace relatum::jobs
