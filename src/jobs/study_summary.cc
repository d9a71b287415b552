// Asks task::compare, which draws the same texts for all cells.
#include "jobs/study_summary.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "io/json.h"
#include "jobs/study_cell.h"
#include "jobs/study_groups.h"
#include "jobs/study_results.h"
#include "task/compare.h"
#include "task/spec.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;
using Records = std::vector<const json*>;

json keys_of(const Records& records) {
  json keys = json::array();
  for (const json* record : records) keys.push_back(record->at("key"));
  return keys;
}

json interval_json(const std::optional<task::Interval>& interval) {
  if (!interval) return {};
  return {{"low", interval->low}, {"high", interval->high}};
}

json spread_json(const std::optional<task::Spread>& spread) {
  if (!spread) return {};
  return {{"deviation", spread->deviation}, {"low", spread->low}, {"high", spread->high}};
}

class Summaries {
 public:
  Summaries(const Study& study, const json& all, const Host& host)
      : study_(study), all_(all), host_(host) {}

  json make() {
    json arms = json::array();
    const Records baseline = study_.baseline.empty() ? Records{}
                                                     : arm_records(all_, study_.baseline);
    for (const std::string& arm : planned_arms(all_)) {
      const Records records = arm_records(all_, arm);
      if (records.empty()) continue;
      const bool compared = !baseline.empty() && arm != study_.baseline &&
                            same_rows(records, baseline);
      json keys = {{"arm", keys_of(records)}, {"baseline", compared ? keys_of(baseline) : json()}};
      const std::string& cues = cell_of(arm).cues;
      if (!cues.empty()) keys["cues"] = sha256_file(task::parse_spec(cues).path).substr(0, 16);
      if (const json* known = known_of(arm, keys)) {
        arms.push_back(*known);
        continue;
      }
      json summary = {{"arm", arm}, {"keys", keys}, {"seeds", records.size()}};
      summary["rows"] = records[0]->at("rows");
      if (same_rows(records, records)) {
        add_figures(arm, records, summary);
        add_groups(arm, records, compared ? baseline : Records{}, summary);
      }
      if (compared) add_difference(arm, records, baseline, summary);
      arms.push_back(std::move(summary));
    }
    return arms;
  }

 private:
  static bool same_rows(const Records& ones, const Records& others) {
    const auto of_first = [&](const json* record) {
      return record->at("rows") == ones[0]->at("rows");
    };
    return std::ranges::all_of(ones, of_first) && std::ranges::all_of(others, of_first);
  }

  const json* known_of(const std::string& arm, const json& keys) const {
    const json* arms = io::find(all_, "arms");
    if (!arms || !arms->is_array()) return nullptr;
    for (const json& each : *arms) {
      if (each.value("arm", "") == arm && each.value("keys", json()) == keys) return &each;
    }
    return nullptr;
  }

  const StudyCell& cell_of(const std::string& arm) const {
    return *std::ranges::find(study_.cells, arm, &StudyCell::arm);
  }

  // What decides the rows that a cell answered, with their labels.
  static std::string reading_of(const StudyCell& cell) {
    const DataChoice& reading = cell.reading;
    return json({cell.gold, reading.relabel, reading.labels, reading.limit.value_or(-1),
                 reading.skip_bad_rows})
        .dump();
  }

  // Read once for all arms that are asked about the same rows.
  const task::Dataset& rows_of(const StudyCell& cell) {
    auto& data = data_[reading_of(cell)];
    if (!data) {
      Host silent = host_;
      silent.context.log = {};  // told when the rows were answered
      DataChoice reading = cell.reading;
      reading.keep_unknown_labels = true;
      data = reading.load(cell.gold, true, silent);
    }
    return *data;
  }

  static task::Side side_of(const Records& records, const task::Dataset& data) {
    task::Side side;
    for (const json* record : records) {
      const json* seed = io::find(*record, "seed");
      side.files.push_back(record->at("arm").get<std::string>() +
                           (seed ? ", seed " + seed->dump() : ""));
      side.runs.push_back(recorded_answers(*record, data));
    }
    return side;
  }

  task::Comparison compare(const task::Dataset& data, const task::Side& first,
                           const task::Side& second, const StudyCell& cell) const {
    task::EvaluateOptions options = cell.scores;
    options.samples = kStudySamples;
    return task::compare(data, first, second, options);
  }

  static task::Side no_answers(const task::Dataset& data) {
    task::Side nothing{{"no answers"}, {{}}};
    for (const task::Example& example : data.examples) {
      nothing.runs[0].emplace_back().id = example.id;
    }
    return nothing;
  }

  // Held against no answers at all, whose figures are zero in each draw: the difference is the
  // arm's own figure.
  void add_figures(const std::string& arm, const Records& records, json& summary) {
    const StudyCell& cell = cell_of(arm);
    const task::Dataset& data = rows_of(cell);
    for (const auto& figure :
         compare(data, no_answers(data), side_of(records, data), cell).figures) {
      if (figure.official) summary["official"] = figure.name;
      summary["figures"][figure.name] = {{"title", figure.title},
                                         {"mean", figure.second_mean},
                                         {"values", figure.second},
                                         {"interval", interval_json(figure.interval)},
                                         {"seeds", spread_json(figure.second_spread)}};
    }
  }

  void add_difference(const std::string& arm, const Records& records, const Records& baseline,
                      json& summary) {
    const StudyCell& cell = cell_of(arm);
    const task::Dataset& data = rows_of(cell);
    const auto comparison = compare(data, side_of(baseline, data), side_of(records, data), cell);
    for (const auto& figure : comparison.figures) {
      json& entry = summary["difference"][figure.name];
      entry = {{"value", figure.difference}, {"interval", interval_json(figure.interval)}};
      if (figure.p) entry["p"] = *figure.p;
      if (figure.welch) {
        entry["seeds"] = {
            {"low", figure.welch->low}, {"high", figure.welch->high}, {"p", figure.welch->p}};
      }
    }
    for (const task::PairedTest& pair : comparison.pairs) {
      summary["mcnemar"].push_back({{"baseline", pair.first},
                                    {"arm", pair.second},
                                    {"only_baseline", pair.test.only_first},
                                    {"only_arm", pair.test.only_second},
                                    {"p", pair.test.p}});
    }
  }

  // Read once for all arms.
  const std::vector<StudyGroup>& groups_of(const StudyCell& cell, const task::Dataset& data) {
    auto& groups = groups_[reading_of(cell) + '\n' + cell.cues];
    if (!groups) {
      Host silent = host_;
      silent.context.log = {};
      DataChoice reading = cell.reading;
      reading.keep_unknown_labels = true;
      reading.limit = 0;
      groups = study_groups(data, reading.load(cell.cues, false, silent), cell.scores.negative);
    }
    return *groups;
  }

  // Accuracies of explicit and of implicit relations; `baseline`: empty where not compared.
  void add_groups(const std::string& arm, const Records& records, const Records& baseline,
                  json& summary) {
    const StudyCell& cell = cell_of(arm);
    if (cell.cues.empty()) return;
    const task::Dataset& data = rows_of(cell);
    const task::Side own = side_of(records, data);
    for (const StudyGroup& group : groups_of(cell, data)) {
      const task::Dataset rows = rows_of_group(data, group);
      const task::Side answers = answers_of_group(own, group);
      json& entry = summary["groups"][group.name];
      entry["rows"] = group.rows.size();
      const auto alone = accuracy_of(compare(rows, no_answers(rows), answers, cell));
      entry["accuracy"] = {{"mean", alone.second_mean},
                           {"interval", interval_json(alone.interval)},
                           {"seeds", spread_json(alone.second_spread)}};
      if (baseline.empty()) continue;
      const task::Side others = answers_of_group(side_of(baseline, data), group);
      const auto both = accuracy_of(compare(rows, others, answers, cell));
      entry["difference"] = {{"value", both.difference},
                             {"interval", interval_json(both.interval)}};
    }
  }

  static task::FigureComparison accuracy_of(const task::Comparison& comparison) {
    return *std::ranges::find(comparison.figures, "accuracy", &task::FigureComparison::name);
  }

  const Study& study_;
  const json& all_;
  const Host& host_;
  std::map<std::string, std::optional<task::Dataset>> data_;
  std::map<std::string, std::optional<std::vector<StudyGroup>>> groups_;
};

}  // namespace

json study_summaries(const Study& study, const json& all, const Host& host) {
  return Summaries(study, all, host).make();
}

}  // namespace relatum::jobs
