// Says what a folder is that was named as an adapter and is none.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/known_names.h"
#include "base/printable.h"
#include "io/json.h"
#include "train/peft.h"

namespace relatum::train {
namespace {

namespace fs = std::filesystem;
constexpr const char* kWeights = "adapter_model.safetensors";
constexpr const char* kConfig = "adapter_config.json";

bool has(const fs::path& folder, const std::string& name) {
  std::error_code ignored;
  return fs::exists(folder / name, ignored);
}

bool has_ending(const fs::path& folder, std::string_view ending) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().filename().string().ends_with(ending)) return true;
  }
  return false;
}

/// Folders below that hold an adapter: checkpoints, or adapters with a name of their own.
std::string inner_adapters(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (has(entry.path(), kConfig)) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return first_names(names, "");
}

/// A run of ours that did not come to its end; empty where the folder is none.
std::string unfinished(const fs::path& folder) {
  if (!has(folder, "run.json")) return "";
  const std::string place = (folder / "run.json").string();
  const nlohmann::json record = io::load_json(place);
  const std::string status = io::get_string(record, "status", "", place);
  if (status == "done") return "";
  return fmt::format(
      "a fine-tuning run that is not finished (its run.json says '{}') and has no "
      "adapter yet. {}",
      printable_start(status),
      has(folder, "state") ? "Go on with it: relatum finetune … --resume"
                           : "Start it again with relatum finetune … --overwrite");
}

/// What the folder is, and what to do; for a folder without an adapter's two files.
std::string what_it_is(const fs::path& folder) {
  if (const std::string run = unfinished(folder); !run.empty()) return run;
  if (has(folder, "adapter_model.bin") && !has(folder, kWeights)) {
    return fmt::format(
        "an adapter whose weights are in adapter_model.bin, a pickle file, which is "
        "not read. Convert it in Python: safetensors.torch.save_file(torch.load("
        "\"adapter_model.bin\", weights_only=True), \"{}\")",
        kWeights);
  }
  if (has(folder, "index.faiss") || has(folder, "index.json")) {
    return "an index of examples, not an adapter. Name it after --index";
  }
  if (has(folder, "config.json") && (has_ending(folder, ".safetensors") ||
                                     has_ending(folder, ".gguf") || has_ending(folder, ".bin"))) {
    if (!has(folder, kConfig)) return "a model's folder, not an adapter. Name it after --model";
  }
  if (has(folder, "folds.json")) {
    return "a folder of folds, each an adapter that did not see a part of the data. Name one of "
           "them (fold-1), or train once on everything";
  }
  if (const std::string inner = inner_adapters(folder); !inner.empty()) {
    return fmt::format("a folder around adapters ({}). Name one of those", inner);
  }
  if (has(folder, "run.json") || has(folder, kConfig) || has(folder, kWeights)) {
    return fmt::format("an adapter's folder without {}. Fetch or train the adapter again",
                       has(folder, kWeights) ? kConfig : kWeights);
  }
  return fmt::format(
      "a folder without {} and {}. Name the folder that finetune wrote, or one in "
      "PEFT's layout",
      kConfig, kWeights);
}

}  // namespace

void check_adapter_folder(const fs::path& folder) {
  std::error_code ignored;
  const fs::file_status status = fs::status(folder, ignored);
  if (!fs::exists(status)) {
    fail("train.peft", fmt::format("there is no adapter at {}. Name the folder that `relatum "
                                   "finetune --out` wrote, one in PEFT's layout, or a GGUF file.",
                                   folder.string()));
  }
  if (!fs::is_directory(status)) {
    const bool empty = fs::is_regular_file(status) && fs::file_size(folder, ignored) == 0;
    fail("train.peft",
         fmt::format("{}: this is a file that {}, and an adapter is a folder with {} "
                     "and {}, or a GGUF file. Name one of these, or fetch the file "
                     "again.",
                     folder.string(), empty ? "is empty" : "does not begin as GGUF files do",
                     kConfig, kWeights));
  }
  if (has(folder, kConfig) && has(folder, kWeights)) return;
  fail("train.peft", fmt::format("{}: this is {}.", folder.string(), what_it_is(folder)));
}

}  // namespace relatum::train
