// What a run tells of itself afterwards: its record, how loss and dev figures went, what it cost.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "jobs/training_log.h"

namespace relatum::jobs {

/// The mean loss of the steps [first, last].
struct LossWindow {
  int64_t first = 0, last = 0;
  double loss = 0;
};

struct TrainingCourse {
  int64_t steps = 0;             ///< that are logged
  std::vector<LossWindow> loss;  ///< of equal numbers of steps, the last one of fewer
  std::vector<DevFigures> dev;   ///< in order; of too many, some evenly, the last among them
  int64_t dev_left_out = 0;
};

/// Reads a log.jsonl into at most `most` windows and `most` evaluations. A last line without its
/// end is passed over: a killed program leaves such. Throws Error that names the line for any other
/// that is no entry.
TrainingCourse read_course(const std::filesystem::path& log, size_t most);

/// A run's record and course. Costs are 0 where the record does not tell them.
struct RunHistory {
  std::string folder;  ///< as it was named
  std::string record;  ///< run.json as JSON text
  std::string status, base_hash, prompt_hash;
  double seconds = 0, tokens_per_s = 0, examples_per_s = 0;
  int64_t steps = 0, tokens = 0, examples = 0, peak_rss_bytes = 0, estimated_bytes = 0;
  int64_t best_step = 0;
  std::optional<LossCourse> loss;  ///< as finetune tells it
  TrainingCourse course;           ///< empty where the log cannot be read
  std::vector<std::string> notes;  ///< what is missing, a sentence each
};

/// Throws Error where the folder holds no run's record. A log that is not there or damaged is told
/// in `notes`.
RunHistory read_history(const std::filesystem::path& run);

/// {"run": run.json, "training": {"steps", "loss": [{"first","last","loss"}], "dev": [{"step",
/// "metric","f1","accuracy"}], "dev_left_out"}} as JSON text.
std::string history_json(const RunHistory& history);
/// Time, memory, loss and dev figures, a line each.
std::string history_text(const RunHistory& history);

/// What `extract` wrote beside its answers, in FILE.run.json.
struct AnswersRecord {
  std::string record;  ///< as JSON text; empty where there is none
  std::string adapter, base_hash, trained_prompt_hash;
  double seconds = 0, examples_per_s = 0;
  int64_t peak_rss_bytes = 0;
};

/// Empty where nothing lies beside the answers. Throws Error where what lies there is no record.
AnswersRecord read_answers_record(const std::filesystem::path& predictions);

/// Throws Error where the answers' record says that they come from another base or prompt than the
/// run's. A sentence where it names another folder, else empty.
std::string check_same_run(const AnswersRecord& answers, const RunHistory& run);

}  // namespace relatum::jobs
