// Groups by cue words, and their table.
#include "jobs/study_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "io/json.h"
#include "jobs/markdown_text.h"
#include "jobs/study_text.h"
#include "task/cue_words.h"
#include "task/words.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

constexpr std::array kNames = {"explicit", "implicit"};
constexpr double kFew = 20;  // rows; of fewer, one is more than five points

std::string points(const json& share) { return fmt::format("{:.1f}", 100 * share.get<double>()); }

std::string signed_points(const json& share) {
  return fmt::format("{:+.1f}", 100 * share.get<double>());
}

template <class Text>
std::string range(const json* interval, const Text& text) {
  if (!interval) return "";
  return fmt::format(" ({} to {})", text(interval->at("low")), text(interval->at("high")));
}

// What an arm's summary says of a group; nullptr where it says nothing.
const json* group_of(const json& arm, const char* name) {
  const json* groups = io::find(arm, "groups");
  return groups ? io::find(*groups, name) : nullptr;
}

std::string accuracy_text(const json& group) {
  std::string text = points(group.at("accuracy").at("mean"));
  return text + range(io::find(group.at("accuracy"), "interval"), points);
}

std::string difference_text(const json& group) {
  const json* difference = io::find(group, "difference");
  if (!difference) return "other rows";
  return signed_points(difference->at("value")) +
         range(io::find(*difference, "interval"), signed_points);
}

}  // namespace

std::vector<StudyGroup> study_groups(const task::Dataset& data, const task::Dataset& training,
                                     const std::optional<std::string>& negative) {
  const std::optional<std::string> none = negative ? negative : task::negative_label(data.labels);
  const task::CueWords cues(training.examples, none);
  std::vector<StudyGroup> groups{{kNames[0], {}}, {kNames[1], {}}};
  for (size_t i = 0; i < data.examples.size(); ++i) {
    const task::Example& example = data.examples[i];
    const std::vector<std::string> gold = task::gold_labels(example);
    if (gold.empty() || (none && gold == std::vector{*none})) continue;
    const bool said = cues.is_explicit(task::surroundings_of(example), gold, false);
    groups[said ? 0 : 1].rows.push_back(i);
  }
  std::erase_if(groups, [](const StudyGroup& each) { return each.rows.empty(); });
  return groups;
}

task::Dataset rows_of_group(const task::Dataset& data, const StudyGroup& group) {
  task::Dataset rows = data;
  rows.examples.clear();
  for (const size_t each : group.rows) rows.examples.push_back(data.examples[each]);
  rows.count = int64_t(rows.examples.size());
  return rows;
}

task::Side answers_of_group(const task::Side& side, const StudyGroup& group) {
  task::Side answers{side.files, {}};
  for (const std::vector<task::Prediction>& run : side.runs) {
    answers.runs.emplace_back();
    for (const size_t each : group.rows) answers.runs.back().push_back(run[each]);
  }
  return answers;
}

std::string study_groups_text(std::span<const json* const> arms, const json* base) {
  std::vector<const char*> names;
  for (const char* name : kNames) {
    const bool known = std::ranges::any_of(
        arms, [&](const json* arm) { return group_of(*arm, name) != nullptr; });
    if (known) names.push_back(name);
  }
  if (names.empty()) return "";
  std::string head = "| arm |", rule = "| --- |", lines;
  for (const char* name : names) {
    head += fmt::format(" {} |{}", name, base ? " against the baseline |" : "");
    rule += base ? " ---: | ---: |" : " ---: |";
  }
  for (const json* arm : arms) {
    lines += fmt::format("| {} |", markdown_text(arm->at("arm").get<std::string>()));
    for (const char* name : names) {
      const json* group = group_of(*arm, name);
      lines += fmt::format(" {} |", group ? accuracy_text(*group) : "");
      if (!base) continue;
      lines += fmt::format(" {} |", arm == base ? "baseline"
                                    : group     ? difference_text(*group)
                                                : "");
    }
    lines += "\n";
  }
  std::string counts;
  bool few = false;
  for (const char* name : names) {
    for (const json* arm : arms) {
      const json* group = group_of(*arm, name);
      if (!group) continue;
      few = few || group->at("rows").get<double>() < kFew;
      counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", group->at("rows").dump(), name);
      break;
    }
  }
  return "## Explicit and implicit relations\n\n" + head + "\n" + rule + "\n" + lines + "\n" +
         wrapped(fmt::format(
             "Rows with a relation alone, {} ones: the share that is answered rightly, in per "
             "cent, with intervals as above. Explicit: a word between the entities, or one of two "
             "words beside them, is a cue of the gold relation in the sentences that are not "
             "held out, as `relatum analyse` counts it.{}",
             counts, few ? " Shares of so few rows say little, whatever their interval." : ""));
}

size_t difference_intervals_of_groups(std::span<const json* const> arms) {
  size_t count = 0;
  for (const json* arm : arms) {
    for (const char* name : kNames) {
      const json* group = group_of(*arm, name);
      const json* difference = group ? io::find(*group, "difference") : nullptr;
      count += difference && io::find(*difference, "interval");
    }
  }
  return count;
}

}  // namespace relatum::jobs
