// The TOML file of `relatum study`: common settings, arms and the grid, multiplied out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/run_config.h"

namespace relatum::app {

/// A value that a grid's axis gave an arm.
struct ArmAxis {
  std::string setting;  ///< "finetune.rank", "train", "index"
  std::string value;    ///< as it is named: "rank 4", "no index"
  /// What the arm had there before; nothing also where the axis turns a whole stage on and off.
  std::optional<TomlValue> before;
};

/// One column of settings: what all arms share, with its own in their place.
struct StudyArm {
  std::string name;
  int64_t line = 0;                        ///< where it begins; 0 where the grid alone made it
  std::string written;                     ///< its name in the file; empty where line is 0
  std::vector<ArmAxis> axes;               ///< what [grid] gave it, in its order
  std::vector<std::string> copies;         ///< names of those that merge_copies() made it of
  std::vector<ArmAxis> dropped;            ///< axes that change nothing in these
  std::set<std::string> own;               ///< what it sets itself: "train", "finetune.rank"
  RunTable top;                            ///< keys above the tables
  std::map<std::string, RunTable> tables;  ///< by stage; extract and evaluate are always there
};

/// Parsed and checked for unknown keys and wrong kinds; paths as they stand in the file.
struct StudyConfig {
  std::filesystem::path path;
  std::string name, title, question, metric, baseline;
  std::string results, work;
  std::string train;  ///< the key above the tables, which arms may cut parts from; may be empty
  std::string train_rows;  ///< parts of the rows that `holdout` leaves, for arms that name none
  std::string text;        ///< a file that all arms' models go on with; may be empty
  std::vector<std::string> also;  ///< results files of other studies
  std::vector<uint64_t> seeds;
  std::optional<int64_t> holdout;
  bool mixed_compute = false;
  std::vector<StudyArm> arms;
};

/// Throws Error with file and line. What the baseline names is looked at once arms are planned.
StudyConfig read_study(const std::filesystem::path& path);

}  // namespace relatum::app
