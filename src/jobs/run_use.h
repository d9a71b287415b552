// What a run remembers, and a model or an adapter's file that is made of it does not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/context.h"
#include "jobs/extract_setup.h"

namespace relatum::jobs {

/// To be named when the result is used.
struct RunUse {
  std::string prompt;       ///< a style's name, or a template file; empty: the adapter names none
  std::string labels;       ///< a file; empty: none is known
  std::string index;        ///< of the run; empty: none
  std::string calibration;  ///< a file; empty: none
  bool chat = false;
  ExampleChoice examples;
  /// The run was taught other words for its labels than the style has: the result is asked for
  /// those of the style.
  bool other_words = false;
};

/// How the result is asked what the adapter was taught. `kept`: the folder that has the run's
/// labels, template and calibration then. An index is named where `extract` finds it from here;
/// warns where that is nowhere.
RunUse use_of_run(const ExtractOptions& options, const ExtractSetup& setup,
                  const std::filesystem::path& kept, const Context& context);

}  // namespace relatum::jobs
