// Reads record and log, thins the log, and holds answers against the run that is named for them.
#include "jobs/run_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/counted.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "jobs/run_record.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kPoints = 300;  // of a curve: what a picture can show

struct Step {
  int64_t step = 0;
  double loss = 0;
};

std::vector<LossWindow> windows_of(const std::vector<Step>& steps, size_t most) {
  std::vector<LossWindow> windows;
  const size_t width = std::max<size_t>(1, (steps.size() + most - 1) / most);
  for (size_t start = 0; start < steps.size(); start += width) {
    const size_t end = std::min(steps.size(), start + width);
    LossWindow window{steps[start].step, steps[end - 1].step, 0};
    for (size_t i = start; i < end; ++i) window.loss += steps[i].loss / double(end - start);
    windows.push_back(window);
  }
  return windows;
}

/// Every so many, counted from the last one, so that this stays.
void thin(TrainingCourse& course, size_t most) {
  const size_t all = course.dev.size(), width = (all + most - 1) / most;
  if (width <= 1) return;
  std::vector<DevFigures> kept;
  for (size_t i = (all - 1) % width; i < all; i += width) kept.push_back(course.dev[i]);
  course.dev = std::move(kept);
  course.dev_left_out = int64_t(all - course.dev.size());
}

double number(const json& record, const char* key, const std::string& place) {
  return io::get_double(record, key, 0, place);
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

ordered_json course_json(const TrainingCourse& course) {
  ordered_json loss = ordered_json::array(), dev = ordered_json::array();
  for (const LossWindow& each : course.loss) {
    loss.push_back({{"first", each.first}, {"last", each.last}, {"loss", each.loss}});
  }
  for (const DevFigures& each : course.dev) {
    dev.push_back({{"step", each.step},
                   {"metric", each.metric},
                   {"f1", each.f1},
                   {"accuracy", each.accuracy}});
  }
  return {
      {"steps", course.steps}, {"loss", loss}, {"dev", dev}, {"dev_left_out", course.dev_left_out}};
}

}  // namespace

TrainingCourse read_course(const fs::path& log, size_t most) {
  RELATUM_CHECK(most > 0);
  TrainingCourse course;
  std::vector<Step> steps;
  read_log(log, [&](const json& entry, const std::string& place) {
    const int64_t step = io::require_int(entry, "step", place);
    if (io::find(entry, "loss")) {
      steps.push_back({step, io::require_double(entry, "loss", place)});
    } else if (io::find(entry, "dev_f1")) {
      course.dev.push_back({step, io::get_string(entry, "dev_metric", "", place),
                            io::require_double(entry, "dev_f1", place),
                            io::get_double(entry, "dev_accuracy", 0, place)});
    }
  });
  course.steps = int64_t(steps.size());
  course.loss = windows_of(steps, most);
  thin(course, most);
  return course;
}

RunHistory read_history(const fs::path& run) {
  if (!is_file(run / "run.json")) {
    fail("jobs.history", fmt::format("{} holds no run: it has no run.json. Name the folder that "
                                     "`relatum finetune` wrote.",
                                     run.string()));
  }
  const RunInfo info = read_run(run);
  const std::string place = (run / "run.json").string();
  const json record = io::load_json(run / "run.json");
  RunHistory history;
  history.folder = run.string();
  history.record = io::dump_json(record);
  history.status = info.status;
  history.base_hash = has_own_model(info) ? info.trained_hash : info.base_hash;
  history.prompt_hash = info.prompt_hash;
  history.seconds = number(record, "seconds", place);
  history.tokens_per_s = number(record, "tokens_per_s", place);
  history.examples_per_s = number(record, "examples_per_s", place);
  history.steps = io::get_int(record, "steps", 0, place);
  history.tokens = io::get_int(record, "tokens", 0, place);
  history.examples = io::get_int(record, "examples", 0, place);
  history.peak_rss_bytes = io::get_int(record, "peak_rss_bytes", 0, place);
  history.estimated_bytes = io::get_int(record, "estimated_bytes", 0, place);
  history.best_step = io::get_int(record, "best_step", 0, place);
  if (!is_file(run / "log.jsonl")) {
    history.notes.push_back(fmt::format(
        "{} has no log.jsonl, so the course of the training is not shown.", run.string()));
    return history;
  }
  history.loss = loss_course(run / "log.jsonl");
  try {
    history.course = read_course(run / "log.jsonl", kPoints);
  } catch (const Error& error) {
    history.notes.push_back(
        fmt::format("The course of the training is not shown: {}", error.what()));
  }
  return history;
}

std::string history_json(const RunHistory& history) {
  const ordered_json out = {{"run", ordered_json::parse(history.record)},
                            {"training", course_json(history.course)}};
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

std::string history_text(const RunHistory& history) {
  std::string out = fmt::format("run {}", printable_start(history.folder));
  if (history.status != "done") out += fmt::format(" ({})", printable_start(history.status));
  out += fmt::format("\n  trained for {}: {}, {:.0f} tokens/s; {:.2f} GB of memory at most\n",
                     duration_text(history.seconds), counted(history.steps, "step"),
                     history.tokens_per_s, double(history.peak_rss_bytes) / 1e9);
  const TrainingCourse& course = history.course;
  if (history.loss) {
    out += fmt::format("  loss {:.3g} at first, {:.3g} at the end\n", history.loss->first,
                       history.loss->last);
  }
  constexpr size_t kLines = 12;  // of more evaluations, the kept one and the last
  for (const DevFigures& each : course.dev) {
    const bool telling = each.step == history.best_step || each.step == course.dev.back().step;
    if (course.dev.size() > kLines && !telling) continue;
    out += fmt::format("  step {:6}: dev F1 {:.2f} ({}), accuracy {:.2f}{}\n", each.step,
                       100 * each.f1, printable_start(each.metric), 100 * each.accuracy,
                       each.step == history.best_step ? "  kept" : "");
  }
  for (const std::string& each : history.notes) out += fmt::format("  {}\n", printable(each));
  return out;
}

AnswersRecord read_answers_record(const fs::path& predictions) {
  const fs::path path = predictions.string() + ".run.json";
  AnswersRecord answers;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return answers;
  const json record = io::load_json(path);
  const std::string place = path.string();
  if (!record.is_object()) {
    fail("jobs.history", fmt::format("{} is no record of answers: it holds no JSON object. Move "
                                     "it away.",
                                     place));
  }
  answers.adapter = io::get_string(record, "adapter", "", place);
  answers.base_hash = io::get_string(record, "base_hash", "", place);
  if (const json* trained = io::find(record, "trained")) {
    answers.trained_prompt_hash = io::get_string(*trained, "prompt_hash", "", place);
  }
  answers.seconds = number(record, "seconds", place);
  answers.examples_per_s = number(record, "examples_per_s", place);
  answers.peak_rss_bytes = io::get_int(record, "peak_rss_bytes", 0, place);
  answers.record = io::dump_json(record);
  return answers;
}

std::string check_same_run(const AnswersRecord& answers, const RunHistory& run) {
  const auto differs = [](const std::string& one, const std::string& other) {
    return !one.empty() && !other.empty() && one != other;
  };
  const bool base = differs(answers.base_hash, run.base_hash);
  if (base || differs(answers.trained_prompt_hash, run.prompt_hash)) {
    fail("jobs.history",
         fmt::format("the answers are not of the run {}: their record names another {}. Name the "
                     "run that answered with --adapter, or leave it out.",
                     run.folder, base ? "base model" : "prompt style"));
  }
  std::error_code ignored;
  if (answers.adapter.empty() || !fs::exists(answers.adapter, ignored)) return "";
  if (fs::equivalent(answers.adapter, run.folder, ignored)) return "";
  return fmt::format(
      "the answers' record names the adapter {}, and --adapter {}: the report shows "
      "the latter's training.",
      answers.adapter, run.folder);
}

}  // namespace relatum::jobs
