// A model card: what Hugging Face's Hub shows of a folder, made from the record of a run.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "jobs/base_identity.h"
#include "jobs/run_calibration.h"
#include "jobs/training_log.h"
#include "task/answer_words.h"
#include "task/labels.h"

namespace relatum::jobs {

/// What stands in the folder that the card is for.
enum class CardOf {
  kAdapter,  ///< an adapter and the record of its run
  kRun,      ///< the record of a run of --method full, whose model lies below
  kModel,    ///< that model
  kMerged    ///< a base and an adapter as one model
};

struct ModelCard {
  CardOf of = CardOf::kAdapter;
  std::string title;  ///< the run's name
  BaseIdentity base;
  const nlohmann::json& record;  ///< run.json's; null where an adapter has none
  std::filesystem::path run;     ///< labels, words, template and log are read there
  std::optional<RunCalibration> calibration;
  std::string ask;  ///< the command, as it works from inside the folder
};

/// The card's parts, as they are read from the run.
struct CardFacts {
  task::Labels labels;        ///< empty where they are not known
  task::AnswerWords words;    ///< where they are other than the labels
  std::string template_text;  ///< empty: not known, or a classifier
  std::optional<DevFigures> dev;
  std::optional<LossCourse> loss;
};

/// Markdown with the metadata in front. Of paths only the names of files and folders are in it.
std::string model_card(const ModelCard& card);

}  // namespace relatum::jobs
