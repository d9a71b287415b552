// What the run tells of itself: its training, what it cost, and the records.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/counted.h"
#include "page/html_text.h"
#include "page/sections.h"

namespace relatum::page {
namespace {

using nlohmann::ordered_json;

constexpr size_t kWindows = 20;  // lines of the loss table
constexpr size_t kKeys = 200;    // lines of a record
constexpr int64_t kLongestValue = 300;

std::string loss_table(const jobs::TrainingCourse& course) {
  std::string rows;
  const size_t width = std::max<size_t>(1, (course.loss.size() + kWindows - 1) / kWindows);
  for (size_t i = 0; i < course.loss.size(); i += width) {
    const jobs::LossWindow& window = course.loss[i];
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}</tr>\n",
                        window.first == window.last
                            ? std::to_string(window.first)
                            : fmt::format("{} to {}", window.first, window.last),
                        number_cell(fmt::format("{:.4f}", window.loss)));
  }
  return table("Mean loss; some of the steps", head_row({"steps", "loss"}), rows);
}

std::string dev_table(const jobs::RunHistory& run) {
  if (run.course.dev.empty()) return "";
  std::string rows;
  for (const jobs::DevFigures& each : run.course.dev) {
    rows += fmt::format("<tr><th scope=\"row\">{}{}</th>{}{}</tr>\n", each.step,
                        each.step == run.best_step ? " <span class=\"badge\">kept</span>" : "",
                        bar_cell(each.f1), number_cell(percent(each.accuracy)));
  }
  return table("Dev data, " + run.course.dev.back().metric, head_row({"step", "F1", "accuracy"}),
               rows);
}

std::string gigabytes(int64_t bytes) { return fmt::format("{:.2f} GB", double(bytes) / 1e9); }

class CostRows {
 public:
  void add(std::string_view name, const std::string& value) {
    rows_ += fmt::format("<tr><th scope=\"row\">{}</th>{}</tr>\n", name, number_cell(value));
  }
  void seconds(std::string_view name, double value) {
    if (value > 0) add(name, duration_text(value));
  }
  void count(std::string_view name, double value) {
    if (value <= 0) return;
    const bool whole = value >= 100 || value == double(int64_t(value));
    add(name, whole ? grouped(uint64_t(value + 0.5)) : fmt::format("{:.1f}", value));
  }
  void bytes(std::string_view name, int64_t value) {
    if (value > 0) add(name, gigabytes(value));
  }
  std::string table(std::string_view caption) const {
    return rows_.empty() ? "" : page::table(caption, head_row({"cost", "value"}), rows_);
  }

 private:
  std::string rows_;
};

/// Nested objects by "outer.inner", lists and values as JSON.
void flatten(const ordered_json& value, const std::string& name,
             std::vector<std::pair<std::string, std::string>>& lines) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, inner] : value.items()) {
      flatten(inner, name.empty() ? key : name + "." + key, lines);
    }
    return;
  }
  lines.emplace_back(
      name, value.is_string() ? value.get<std::string>()
                              : value.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

std::string record_table(const std::string& record, std::string_view title) {
  if (record.empty()) return "";
  std::vector<std::pair<std::string, std::string>> lines;
  flatten(ordered_json::parse(record), "", lines);
  std::string rows;
  const size_t shown = std::min(kKeys, lines.size());
  for (size_t i = 0; i < shown; ++i) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"words\">{}</td></tr>\n",
                        name_html(lines[i].first), escape_start(lines[i].second, kLongestValue));
  }
  return folded(escape_html(title), shown_note("The first", shown, lines.size(), "keys") +
                                        table("", head_row({"key", "<value"}), rows));
}

}  // namespace

Section training_section(const Origin& origin) {
  Section section{"training", "Training", ""};
  if (!origin.run) {
    section.body = note(
        "Not shown: no run was named. <code>--adapter RUN</code> adds loss, dev "
        "figures, time and memory.");
    return section;
  }
  const jobs::RunHistory& run = *origin.run;
  for (const std::string& each : run.notes) section.body += note(escape_html(each));
  if (run.course.loss.empty()) return section;
  section.body += note(fmt::format(
      "{} are logged{}. Loss: mean of each stretch of steps.", counted(run.course.steps, "step"),
      run.course.dev_left_out
          ? fmt::format(", {} evaluations on dev data of {}", run.course.dev.size(),
                        int64_t(run.course.dev.size()) + run.course.dev_left_out)
          : ""));
  section.body += chart("training", "Loss, and F1 on the dev data, over the steps",
                        loss_table(run.course) + dev_table(run));
  return section;
}

Section costs_section(const Origin& origin) {
  CostRows training, answering;
  if (origin.run) {
    const jobs::RunHistory& run = *origin.run;
    training.seconds("time", run.seconds);
    training.count("steps", double(run.steps));
    training.count("sentences in an epoch", double(run.examples));
    training.count("tokens", double(run.tokens));
    training.count("tokens a second", run.tokens_per_s);
    training.count("sentences a second", run.examples_per_s);
    training.bytes("most memory held", run.peak_rss_bytes);
    training.bytes("memory foretold", run.estimated_bytes);
  }
  answering.seconds("time", origin.answers.seconds);
  answering.count("sentences a second", origin.answers.examples_per_s);
  answering.bytes("most memory held", origin.answers.peak_rss_bytes);
  const std::string first = training.table("Training"), second = answering.table("Answering");
  Section section{"costs", "Time and memory", ""};
  if (first.empty() && second.empty()) return section;
  section.body = "<div class=\"two\">\n";
  for (const std::string& each : {first, second}) {
    if (!each.empty()) section.body += "<div>" + each + "</div>\n";
  }
  section.body += "</div>\n";
  return section;
}

Section record_section(const Origin& origin) {
  std::string body;
  if (origin.run) {
    body += record_table(origin.run->record, "The training's record: " + origin.run->folder);
  }
  body += record_table(origin.answers.record,
                       "The answers' record: " + origin.predictions + ".run.json");
  return {"record", "Records", body};
}

}  // namespace relatum::page
