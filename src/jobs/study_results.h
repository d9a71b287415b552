// The results file of a study: what each cell gave, by the settings that it was run with.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "jobs/study.h"

namespace relatum::jobs {

/// What the file's "format_version" says.
inline constexpr int64_t kStudyVersion = 1;

class StudyResults {
 public:
  /// Reads the file, where there is one. Throws Error where it is damaged, of another form, or
  /// holds another study.
  explicit StudyResults(const std::filesystem::path& file, const std::string& study = "");

  /// The record of the cell's settings, or nullptr: of the same key, or of settings that agree but
  /// for options that are newer than the record and stand at their defaults now.
  const nlohmann::json* find(const StudyCell& cell) const;
  /// Adds a cell's record, in the place of one with the same key.
  void add(const StudyCell& cell, nlohmann::json record);
  /// Takes cells that are missing here from the results files of Study::also; how many. Throws
  /// Error where one is not there, is damaged or of another form.
  int64_t take_others(const Study& study);
  /// Names the cells that the study has now. Records of others stay; no page shows them.
  void set_plan(const Study& study);
  /// Arms' intervals and differences, as study_summaries() gives them.
  void set_summaries(nlohmann::json summaries);
  /// Whether there are no cells.
  bool empty() const;
  /// The whole file.
  const nlohmann::json& all() const { return *all_; }
  void save() const;

 private:
  std::filesystem::path file_;
  std::shared_ptr<nlohmann::json> all_;
};

/// A member's text; empty where there is none, or no text.
std::string text_of(const nlohmann::json& object, const char* key);
/// The figure of an arm's summary that counts; nullptr where it has none.
const nlohmann::json* official_figure(const nlohmann::json& arm);
/// Which of so many labels a number in a record's "answers" names; nothing where it names none.
std::optional<size_t> label_number(const std::string& text, size_t labels);
/// Whether the arms' figures are there, and are of the cells that the file has now.
bool is_summed_up(const nlohmann::json& all);
/// The records of an arm of the plan, in its order of seeds; those that are done.
std::vector<const nlohmann::json*> arm_records(const nlohmann::json& all, const std::string& arm);
/// The summary of an arm that was computed from these records; nullptr where there is none.
const nlohmann::json* summary_of(const nlohmann::json& all, const std::string& arm,
                                 const std::vector<const nlohmann::json*>& records);
/// The plan's arms, each once, in order.
std::vector<std::string> planned_arms(const nlohmann::json& all);
/// Names of all arms as the study's file makes them, by the planned arm that stands for each:
/// itself, or equal copies of one arm.
std::map<std::string, std::string> planned_copies(const nlohmann::json& all);

/// The plan's seeds.
std::set<uint64_t> planned_seeds(const nlohmann::json& all);

}  // namespace relatum::jobs
