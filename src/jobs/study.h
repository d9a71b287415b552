// A study: many settings of the same stages, each with some seeds, measured on the same rows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "jobs/build_index.h"
#include "jobs/extract_options.h"
#include "jobs/finetune_options.h"
#include "task/evaluate.h"

namespace relatum::jobs {

/// What decides the result of a stage, as text.
struct StageFacts {
  std::map<std::string, std::string> settings;  ///< by flag, those with a default all of them
  std::map<std::string, std::string> inputs;    ///< by flag, what the content read is known by
  std::map<std::string, std::string> defaults;  ///< of settings
};

/// One arm with one seed. Results of stages lie in places that are named by what decides them, so
/// cells that ask for the same share it.
struct StudyCell {
  std::string arm;
  std::vector<std::string> axes;    ///< values of a grid's axes, which the arm's name ends with
  std::vector<std::string> copies;  ///< names of equal arms that this one stands for
  std::optional<uint64_t> seed;     ///< nothing where nothing is drawn, as without fine-tuning
  std::string key;                  ///< study_key() of `facts`
  std::map<std::string, StageFacts> facts;  ///< by stage
  /// The run that embeds the index, where that is no embedder.
  std::optional<FinetuneOptions> embeds;
  std::optional<IndexOptions> index;
  std::optional<FinetuneOptions> finetune;
  ExtractOptions extract;
  std::string gold;  ///< SPEC of the rows that are answered
  std::string cues;  ///< SPEC of training rows that say which words give relations away; or empty
  DataChoice reading;
  task::EvaluateOptions scores;
  std::string text;  ///< SHA-256 of Study::text, which its results are to tell of; or empty
};

struct Study {
  std::string name, title, question;
  std::string baseline;                     ///< an arm's name; empty: none is compared with another
  std::filesystem::path results;            ///< the results file
  std::filesystem::path work;               ///< folder of what stages leave
  std::vector<std::filesystem::path> also;  ///< results files of others, whose cells count here
  std::filesystem::path text;    ///< a plain text that all models go on with (study_perplexity.h)
  std::vector<StudyCell> cells;  ///< arm by arm
};

/// What of a study is to be run.
struct StudyPart {
  std::string arm;         ///< empty: all
  int64_t most_cells = 0;  ///< that get results now; 0: all
};

struct StudyOutcome {
  bool finished = false;            ///< false: the host stopped it
  int64_t run = 0;                  ///< cells that were run now
  int64_t done = 0;                 ///< cells whose results the file has
  std::vector<std::string> failed;  ///< cells that could not be run, each with its error's sentence
};

/// SHA-256 of all that decides a cell's figures, and of the form in which they are kept.
std::string study_key(const std::map<std::string, StageFacts>& facts);

/// Runs the cells that the results file, and those of Study::also, lack, in order, and writes it
/// after each: a killed process loses the cell in hand, and what that had finished or saved is gone
/// on with. A cell whose stage throws Error is warned of and passed over. At the end each arm gets
/// its intervals. Throws Error, also for a results file of another study.
StudyOutcome run_study(const Study& study, const StudyPart& part, const Host& host);

/// Computes the arms' figures of the cells that the results file has, as run_study() does at its
/// end, and writes it: for a study that was stopped before. Throws Error where another process runs
/// the study.
void sum_up_study(const Study& study, const Host& host);

}  // namespace relatum::jobs
