// Definitions of the options that scores share.
#include "app/score_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>

#include "base/known_names.h"
#include "task/forms.h"
#include "task/metric.h"

namespace relatum::app {

void define_negative(CLI::App& app, const std::string& group,
                     std::optional<std::string>& negative) {
  app.add_option("--negative", negative,
                 "The label that means no relation (default: no_relation or Other)")
      ->transform(task::seen_form)
      ->group(group);
}

void define_official(CLI::App& app, const std::string& group,
                     std::optional<std::string>& official) {
  app.add_option("--official", official,
                 fmt::format("The headline metric: {} (default: the data format's own, otherwise "
                             "chosen from the labels of the gold data and the inventory)",
                             fmt::join(names_of(task::metrics()), ", ")))
      ->check(CLI::IsMember(names_of(task::metrics())))
      ->group(group);
}

void define_missing(CLI::App& app, const std::string& group, bool& missing_is_wrong) {
  app.add_option_function<std::string>(
         "--missing",
         [&missing_is_wrong](const std::string& given) { missing_is_wrong = given == "wrong"; },
         "How to treat an example without a prediction: "
         "error (stop there), or wrong (count it as wrong)")
      ->check(CLI::IsMember({"error", "wrong"}))
      ->default_str("error")
      ->group(group);
}

}  // namespace relatum::app
