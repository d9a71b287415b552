// Puts an evaluation's sections in order, and its data beside them.
#include "page/evaluation_page.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

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

/// A value of the answers' record; of objects the keys. Nothing of what has no effect.
std::string fact_text(const std::string& key, const ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) {
    const double number = value.get<double>();
    return key == "temperature" && number == 1 ? "" : fmt::format("{:.4g}", number);
  }
  if (value == true) return "yes";
  std::string names;
  if (!value.is_object()) return names;
  for (const auto& [name, _] : value.items()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

/// What the answers' record says, in the order in which people ask.
std::string facts(const Origin& origin, const std::string& data) {
  std::string out = "<dl>\n" + fact("data", data) + fact("answers", origin.predictions);
  const ordered_json record = origin.answers.record.empty()
                                  ? ordered_json::object()
                                  : ordered_json::parse(origin.answers.record);
  for (const auto& [key, name] :
       {std::pair("model", "model"), std::pair("adapter", "adapter"),
        std::pair("adapters", "adapters"), std::pair("base", "weights"),
        std::pair("prompt", "prompt"), std::pair("index", "index"),
        std::pair("data", "answered from"), std::pair("answer", "way of answering"),
        std::pair("temperature", "temperature"), std::pair("threshold", "threshold"),
        std::pair("multi_label", "several labels for a pair"), std::pair("time", "answered on")}) {
    const auto at = record.find(key);
    if (at == record.end() || *at == data) continue;
    out += fact(name, fact_text(key, *at));
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
