// The run's record as JSON.
#include "jobs/run_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/format_version.h"
#include "io/json.h"

namespace relatum::jobs {

namespace {

std::map<std::string, std::string> strings_of(const nlohmann::json& record, const char* key,
                                              const std::string& place) {
  std::map<std::string, std::string> strings;
  const nlohmann::json* object = io::find(record, key);
  if (!object) return strings;
  for (const auto& entry : object->items()) {
    strings[entry.key()] = io::require_string(*object, entry.key(), place);
  }
  return strings;
}

void read_markers(const nlohmann::json& record, const std::string& place, RunInfo& info) {
  info.marker_tokens = io::require_ints(record, "marker_tokens", place);
  const auto good = [](int64_t token) { return token >= 0 && token <= INT32_MAX; };
  if (info.marker_tokens.size() == 4 && std::ranges::all_of(info.marker_tokens, good)) return;
  fail("jobs.run",
       fmt::format("{}: 'marker_tokens' has to name four tokens. The file is damaged.", place));
}

RunEntities entities_of(const nlohmann::json& record, const std::string& place) {
  RunEntities entities;
  entities.types = io::require_strings(record, "types", place);
  entities.widest = io::require_int(record, "widest", place);
  entities.lengths = io::get_int(record, "lengths", entities.widest, place);
  entities.hidden = io::require_int(record, "hidden", place);
  entities.overlap = io::require_bool(record, "overlap", place);
  entities.pair_hidden = io::get_int(record, "pair_hidden", 0, place);
  constexpr int64_t kMost = INT32_MAX;
  const bool good = !entities.types.empty() && entities.widest > 0 && entities.widest < kMost &&
                    entities.lengths > 0 && entities.lengths <= entities.widest &&
                    entities.hidden > 0 && entities.hidden < kMost && entities.pair_hidden >= 0 &&
                    entities.pair_hidden < kMost;
  std::set<std::string> types(entities.types.begin(), entities.types.end());
  if (types.size() < entities.types.size() || types.contains("")) {
    fail("jobs.run",
         fmt::format("{}: 'types' has to name each type once. The file is damaged.", place));
  }
  if (good) return entities;
  fail("jobs.run", fmt::format("{}: it has to name one type at least, and sizes above 0. The file "
                               "is damaged.",
                               place));
}

// And what of the record has to go with them.
void read_entities(const nlohmann::json& record, const std::string& place, RunInfo& info) {
  const nlohmann::json& entities = io::require_object(record, "entities", place);
  info.entities = entities_of(entities, place + ": 'entities'");
  const std::string task = io::require_string(record, "task", place);
  info.joint = task == "joint";
  const bool pairs = info.entities->pair_hidden > 0;
  if ((!info.joint && task != "entities") || (pairs && !info.joint)) {
    fail("jobs.run", fmt::format("{}: 'task' says '{}', and 'entities' are of a run of {}. The "
                                 "file is damaged.",
                                 place, printable_start(task, 40),
                                 pairs ? "--task joint" : "--task entities or joint"));
  }
  if (pairs && !is_classifier(info)) {
    fail("jobs.run", fmt::format("{}: 'head' has to be \"classifier\", as 'entities' has the "
                                 "classifier of pairs. The file is damaged.",
                                 place));
  }
}

}  // namespace

RunInfo read_run(const std::filesystem::path& run) {
  const std::string place = (run / "run.json").string();
  const nlohmann::json record = io::load_json(run / "run.json");
  io::check_format_version(io::get_int(record, "format_version", kRunVersion, place), kRunVersion,
                           place, "use the build that wrote the run, or train it again");
  RunInfo info;
  info.model = io::require_string(record, "model", place);
  info.base = io::require_string(record, "base", place);
  info.base_hash = io::require_string(record, "base_hash", place);
  info.compute = io::get_string(record, "compute", "auto", place);
  info.prompt = io::require_string(record, "prompt", place);
  info.index = io::get_string(record, "index", "", place);
  info.index_hash = io::get_string(record, "index_hash", "", place);
  info.status = io::get_string(record, "status", "", place);
  info.model_path = io::get_string(record, "model_path", "", place);
  info.embedder = io::get_string(record, "embedder", "", place);
  info.method = io::get_string(record, "method", "", place);
  info.trained_hash = io::get_string(record, "trained_hash", "", place);
  info.head = io::get_string(record, "head", "", place);
  if (io::find(record, "entities")) {
    read_entities(record, place, info);
  }
  if (is_classifier(info) && !reads_pairs(info)) read_markers(record, place, info);
  info.sentences = info.joint || io::get_string(record, "pairs", "", place) == "sentences";
  info.prompt_hash = io::get_string(record, "prompt_hash", "", place);
  info.chat_hash = io::get_string(record, "chat_hash", "", place);
  info.micro_tokens = io::get_int(record, "micro_tokens", 0, place);
  info.checkpoint = io::get_bool(record, "checkpoint", false, place);
  info.index_path = io::get_string(record, "index_path", "", place);
  info.index_beside = io::get_string(record, "index_beside", "", place);
  info.train = io::get_string(record, "train", "", place);
  info.train_path = io::get_string(record, "train_path", "", place);
  info.tokenizer_hash = io::get_string(record, "tokenizer_hash", "", place);
  info.completion_blanks = io::get_int(record, "completion_blanks", 0, place);
  info.base_network = strings_of(record, "base_network", place);
  info.files = strings_of(record, "files", place);
  for (const auto& [name, hash] : info.files) {
    if (!std::filesystem::path(name).has_parent_path() && name != "..") continue;
    fail("jobs.run", fmt::format("{}: 'files' names {}, which does not lie in the run's folder. "
                                 "The file is damaged.",
                                 place, name));
  }
  info.models = io::get_string(record, "models", "", place);
  if (io::find(record, "negative")) info.negative = io::require_string(record, "negative", place);
  info.holdout_by = io::get_string(record, "holdout_by", "", place);
  info.chat = io::get_bool(record, "chat", false, place);
  info.neighbours = io::get_int(record, "neighbours", 1, place);
  info.examples = io::get_string(record, "example_choice", "nearest", place);
  info.seed = uint64_t(io::get_int(record, "seed", 1, place));
  return info;
}

void write_run(const std::filesystem::path& run, const nlohmann::json& record) {
  write_file(run / "run.json", io::dump_json(record, 2) + "\n");
}

}  // namespace relatum::jobs
