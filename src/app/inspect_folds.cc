// The table is the one that finetune printed.
#include "app/inspect_folds.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/inspect_file.h"
#include "io/json.h"
#include "jobs/finetune_folds.h"

namespace relatum::app {

namespace fs = std::filesystem;

std::string inspect_folds_text(const fs::path& file) {
  const nlohmann::json record = io::load_json(file);
  const std::string place = file.string();
  const std::string run = file.has_parent_path() ? file.parent_path().string() : ".";
  const auto string = [&](const char* key) { return io::get_string(record, key, "", place); };
  const int64_t count = io::get_int(record, "folds", 0, place);
  std::string text = inspect_line("folds", run) +
                     inspect_line("status",
                                  fmt::format("{} ({})", string("status"), string("time")));
  if (const nlohmann::json* options = io::find(record, "options")) {
    for (const char* key : {"model", "train", "init-adapter"}) {
      const std::string value = io::get_string(*options, key, "", place);
      if (!value.empty()) text += inspect_line(key, value);
    }
  }
  text += inspect_line("runs", fmt::format("fold-1 to fold-{}, each an adapter that did not see "
                                           "its part of the data",
                                           count));
  const auto result = jobs::read_folds(file);
  if (!result) {
    return text +
           inspect_line("scores", fmt::format("not yet; `relatum finetune --resume --out {}` "
                                              "goes on",
                                              run));
  }
  return text + jobs::folds_text(*result);
}

}  // namespace relatum::app
