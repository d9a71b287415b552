// Puts an evaluation's sections in order, and its data beside them.
#include "page/evaluation_page.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "page/answer_facts.h"
#include "page/html_text.h"
#include "page/limits.h"
#include "task/report.h"

namespace relatum::page {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMostLabels = 20;  // of one pair, in the data

std::string fact(std::string_view name, std::string_view value) {
  if (value.empty()) return "";
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, escape_start(value, 300));
}

/// What the answers' record says, in the order in which people ask.
std::string facts(const Origin& origin, const std::string& data) {
  std::string out = "<dl>\n" + fact("data", data) + fact("answers", origin.predictions);
  for (const auto& [name, value] : answer_facts(origin.answers.record, data)) {
    out += fact(name, value);
  }
  if (origin.run) out += fact("run", origin.run->folder);
  return out + fact("scored on", origin.time) + fact("Relatum", RELATUM_VERSION) + "</dl>\n";
}

/// The analysis as far as the page shows it: its groups, and excerpts of its sentences.
task::Analysis shown_part(const task::Analysis& analysis, std::vector<std::string>& left_out) {
  task::Analysis part = analysis;
  for (task::Grouping& grouping : part.groupings) {
    if (grouping.groups.size() > kGroups) {
      left_out.push_back(fmt::format("analysis.groupings.{}.groups: {} of {} entries", grouping.key,
                                     kGroups, grouping.groups.size()));
      grouping.groups.resize(kGroups);
    }
    for (task::AnalysisGroup& group : grouping.groups) {
      for (task::TellingSentence& sentence : group.sentences) {
        sentence.example = excerpt_of(sentence.example);
        if (sentence.gold.size() > kMostLabels) sentence.gold.resize(kMostLabels);
        if (sentence.predicted.size() > kMostLabels) sentence.predicted.resize(kMostLabels);
        if (!sentence.nearest || !sentence.nearest->example) continue;
        sentence.nearest->example = excerpt_of(*sentence.nearest->example);
      }
    }
  }
  return part;
}

std::string data_of(const Evaluation& all) {
  Shortened shortened;
  ordered_json data = {
      {"kind", "evaluation"},       {"relatum", RELATUM_VERSION},
      {"data", all.report.data},    {"predictions", all.origin.predictions},
      {"time", all.origin.time},    {"evaluation", ordered_json::parse(task::to_json(all.report))},
      {"analysis", ordered_json()}, {"run", ordered_json()},
      {"training", ordered_json()}, {"answers", ordered_json()}};
  if (all.analysis) {
    data["analysis"] = ordered_json::parse(
        task::to_json(shown_part(*all.analysis, shortened.left_out)));
  }
  if (all.origin.run) data.update(ordered_json::parse(jobs::history_json(*all.origin.run)));
  if (!all.origin.answers.record.empty()) {
    data["answers"] = ordered_json::parse(all.origin.answers.record);
  }
  return shortened.text(std::move(data));
}

}  // namespace

std::string evaluation_page(const Evaluation& all) {
  Document document;
  document.title = data_title(all.report.data);
  document.head = facts(all.origin, all.report.data) + warnings_box(all.origin.warnings) +
                  warnings_box(all.report.warnings);
  document.sections = {figures_section(all.report),   labels_section(all.report),
                       confusion_section(all.report), calibration_section(all.report),
                       threshold_section(all.report), training_section(all.origin),
                       costs_section(all.origin)};
  if (all.analysis) document.sections.push_back(failures_section(*all.analysis));
  document.sections.push_back(wrong_section(all.report));
  document.sections.push_back(record_section(all.origin));
  document.data = data_of(all);
  return html_of(document);
}

}  // namespace relatum::page
