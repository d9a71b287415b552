// Part by part; a part's name goes along, so that an error can tell where it is.
#include "jobs/study_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "jobs/study_results.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

// Student's t with one degree of freedom takes the intervals of two seeds far out of -1 … 1.
constexpr double kWidest = 1000;
// Of seconds, bytes, counts: whole numbers of doubles end soon behind it.
constexpr double kMost = 1e15;
constexpr double kRounding = 1e-9;
constexpr size_t kNameLength = 60;

struct Range {
  double low, high;
};

constexpr Range kShare{0, 1}, kDifference{-1, 1}, kSpread{-kWidest, kWidest}, kCount{0, kMost};

class Checker {
 public:
  explicit Checker(std::string file) : file_(std::move(file)) {}

  void check(const json& all) const {
    std::set<std::string> keys;
    for (const json& cell : array(all, "cells", "the file")) {
      check_cell(cell);
      if (keys.insert(cell.at("key").get<std::string>()).second) continue;
      fail_at("a cell of the " + named("arm", cell, "cells"), "key", "that of another cell, too");
    }
    if (io::find(all, "plan")) {
      for (const json& planned : array(all, "plan", "the file")) check_planned(planned);
    }
    if (io::find(all, "study")) check_study(object(all, "study", "the file"));
    if (!io::find(all, "arms")) return;
    for (const json& arm : array(all, "arms", "the file")) check_arm(arm);
  }

 private:
  [[noreturn]] void fail_at(const std::string& part, const std::string& key,
                            const std::string& kind) const {
    fail("jobs.study",
         fmt::format("{} is no results file as a study writes it: in {}, '{}' is {}. Undo that "
                     "change, take the part out of the file and run the study again, or name "
                     "another file as 'results'.",
                     file_, part, printable_start(key, kNameLength), kind));
  }

  const json& member(const json& from, const std::string& key, const std::string& part) const {
    if (!from.is_object()) fail_at(part, key, "looked for, and there is no object");
    const json* value = io::find(from, key);
    if (!value) fail_at(part, key, "missing");
    return *value;
  }

  const json& array(const json& from, const std::string& key, const std::string& part) const {
    const json& value = member(from, key, part);
    if (!value.is_array()) fail_at(part, key, "no array");
    return value;
  }

  const json& object(const json& from, const std::string& key, const std::string& part) const {
    const json& value = member(from, key, part);
    if (!value.is_object()) fail_at(part, key, "no object");
    return value;
  }

  std::string text(const json& from, const std::string& key, const std::string& part) const {
    const json& value = member(from, key, part);
    if (!value.is_string()) fail_at(part, key, "no text");
    return value.get<std::string>();
  }

  void number(const json& value, const std::string& key, Range range,
              const std::string& part) const {
    const double read = value.is_number() ? value.get<double>()
                                          : std::numeric_limits<double>::quiet_NaN();
    if (read >= range.low - kRounding && read <= range.high + kRounding) return;
    fail_at(part, key, fmt::format("no number from {:g} to {:g}", range.low, range.high));
  }

  void number_of(const json& from, const std::string& key, Range range,
                 const std::string& part) const {
    number(member(from, key, part), key, range, part);
  }

  void number_if(const json& from, const std::string& key, Range range,
                 const std::string& part) const {
    if (const json* value = io::find(from, key)) number(*value, key, range, part);
  }

  // Each member of one of the cell's objects, which may be missing.
  void numbers_within(const json& from, const std::string& key, Range range,
                      const std::string& part) const {
    if (!io::find(from, key)) return;
    for (const auto& [name, value] : object(from, key, part).items()) {
      if (!value.is_null()) number(value, key + "." + name, range, part);
    }
  }

  void interval(const json& from, const std::string& key, Range range,
                const std::string& part) const {
    if (!io::find(from, key)) return;
    const json& both = object(from, key, part);
    for (const char* side : {"low", "high"}) number_of(both, side, range, part + ", " + key);
    if (both.at("low") <= both.at("high")) return;
    fail_at(part, key, "an interval that ends before it begins");
  }

  // `list`: where the part stands.
  std::string named(const char* what, const json& from, const char* list) const {
    const std::string name = text(from, "arm", fmt::format("one of '{}'", list));
    return fmt::format("{} '{}'", what, printable_start(name, kNameLength));
  }

  void check_study(const json& study) const {
    for (const char* key : {"name", "title", "question", "baseline"}) {
      if (study.contains(key)) text(study, key, "study");
    }
    if (!io::find(study, "text")) return;
    const json& plain = object(study, "text", "study");
    for (const char* key : {"name", "sha256"}) text(plain, key, "study, text");
  }

  void check_planned(const json& planned) const {
    const std::string part = "the plan's " + named("arm", planned, "plan");
    text(planned, "key", part);
    number_if(planned, "seed", kCount, part);
    for (const char* key : {"axes", "copies"}) {
      if (!io::find(planned, key)) continue;
      const json& texts = array(planned, key, part);
      if (!std::ranges::all_of(texts, [](const json& each) { return each.is_string(); })) {
        fail_at(part, key, "no list of texts");
      }
    }
  }

  void check_cell(const json& cell) const {
    const std::string part = "a cell of the " + named("arm", cell, "cells");
    text(cell, "key", part);
    const json& figures = object(cell, "figures", part);
    for (const char* key : {"accuracy", "f1", "ece"}) number_if(figures, key, kShare, part);
    for (const char* key : {"date", "version", "cpu", "compute"}) {
      if (io::find(cell, key)) text(cell, key, part);
    }
    number_if(cell, "threads", kCount, part);
    number_if(cell, "seed", kCount, part);
    check_answers(cell, figures, part);
    numbers_within(cell, "seconds", kCount, part);
    numbers_within(cell, "peak_rss_bytes", kCount, part);
    if (io::find(cell, "training")) {
      for (const char* key : {"examples", "steps", "tokens", "batch_tokens"}) {
        number_if(object(cell, "training", part), key, kCount, part + ", training");
      }
    }
    check_settings(object(cell, "settings", part), part);
    if (io::find(cell, "text")) check_text(object(cell, "text", part), part + ", text");
  }

  // An answer for each row, with a number of "labels" each, several joined by "+", none "-".
  void check_answers(const json& cell, const json& figures, const std::string& part) const {
    if (!io::find(cell, "answers")) return;
    number_of(figures, "examples", kCount, part);
    const size_t rows = size_t(figures.at("examples").get<double>());
    const json& labels = array(cell, "labels", part);
    std::set<std::string> names;
    for (const json& label : labels) {
      if (!label.is_string()) fail_at(part, "labels", "no list of texts");
      const auto [name, added] = names.insert(label.get<std::string>());
      if (!added) {
        fail_at(part, "labels",
                fmt::format("a list with '{}' twice", printable_start(*name, kNameLength)));
      }
    }
    text(cell, "rows", part);
    const std::string right = text(cell, "right", part);
    if (right.size() != rows || right.find_first_not_of("01") != right.npos) {
      fail_at(part, "right", fmt::format("not a 1 or 0 for each of {} rows", rows));
    }
    std::istringstream answers(text(cell, "answers", part));
    size_t count = 0;
    for (std::string answer; answers >> answer; ++count) check_answer(answer, labels.size(), part);
    if (count != rows) {
      fail_at(part, "answers", fmt::format("a list of {} for {} rows", count, rows));
    }
  }

  void check_answer(const std::string& answer, size_t labels, const std::string& part) const {
    if (answer == "-") return;
    std::istringstream numbers(answer);
    for (std::string number; std::getline(numbers, number, '+');) {
      if (label_number(number, labels)) continue;
      fail_at(part, "answers",
              fmt::format("a list with '{}', no number of a label",
                          printable_start(answer, kNameLength)));
    }
  }

  void check_settings(const json& stages, const std::string& part) const {
    for (const auto& [stage, parts] : stages.items()) {
      for (const char* kind : {"settings", "inputs"}) {
        const std::string place = fmt::format("{}, settings of '{}'", part,
                                              printable_start(stage, kNameLength));
        const json& all = object(parts, kind, place);
        for (const auto& [name, value] : all.items()) {
          if (!value.is_string()) fail_at(place, name, "no text");
        }
      }
    }
  }

  void check_text(const json& read, const std::string& part) const {
    // The greatest perplexity that is told is that of a model which gives a word no probability.
    constexpr Range kPerplexity{1e-6, 1e300};
    text(read, "sha256", part);
    if (!io::find(read, "perplexity")) return;  // a model that goes on with no text
    number_of(read, "tokens", kCount, part);
    for (const char* key : {"base_perplexity", "perplexity"}) {
      number_of(read, key, kPerplexity, part);
    }
    number_of(read, "change", kSpread, part);
    number_if(read, "error", {0, kWidest}, part);
  }

  void check_arm(const json& arm) const {
    const std::string part = named("arm", arm, "arms");
    if (io::find(arm, "rows")) text(arm, "rows", part);
    if (io::find(arm, "figures")) {
      const json& figures = object(arm, "figures", part);
      const std::string official = text(arm, "official", part);
      if (!figures.contains(official)) fail_at(part, "official", "the name of no figure there");
      number_of(arm, "seeds", kCount, part);
      for (const auto& [name, figure] : figures.items()) {
        const std::string place = fmt::format("{}, figure '{}'", part,
                                              printable_start(name, kNameLength));
        text(figure, "title", place);
        const json& values = array(figure, "values", place);
        if (values.empty()) fail_at(place, "values", "empty");
        double sum = 0;
        for (const json& value : values) {
          number(value, "values", kShare, place);
          sum += value.get<double>();
        }
        check_mean(figure, place);
        const double mean = figure.at("mean").get<double>();
        if (std::abs(mean - sum / double(values.size())) > kRounding) {
          fail_at(place, "mean", "not the mean of 'values'");
        }
      }
    }
    if (io::find(arm, "difference")) check_differences(object(arm, "difference", part), part);
    if (io::find(arm, "groups")) check_groups(object(arm, "groups", part), part);
  }

  void check_mean(const json& figure, const std::string& part) const {
    number_of(figure, "mean", kShare, part);
    interval(figure, "interval", kDifference, part);
    interval(figure, "seeds", kSpread, part);
    if (const json* seeds = io::find(figure, "seeds")) {
      number_of(*seeds, "deviation", kShare, part + ", seeds");
    }
  }

  void check_difference(const json& difference, const std::string& part) const {
    number_of(difference, "value", kDifference, part);
    interval(difference, "interval", kDifference, part);
    interval(difference, "seeds", kSpread, part);
  }

  void check_differences(const json& differences, const std::string& part) const {
    for (const auto& [name, difference] : differences.items()) {
      check_difference(
          difference, fmt::format("{}, difference '{}'", part, printable_start(name, kNameLength)));
    }
  }

  void check_groups(const json& groups, const std::string& part) const {
    for (const auto& [name, group] : groups.items()) {
      const std::string place = fmt::format("{}, group '{}'", part,
                                            printable_start(name, kNameLength));
      number_of(group, "rows", kCount, place);
      check_mean(object(group, "accuracy", place), place);
      if (io::find(group, "difference")) check_difference(group.at("difference"), place);
    }
  }

  std::string file_;
};

}  // namespace

void check_study_results(const json& all, const std::string& file) { Checker(file).check(all); }

}  // namespace relatum::jobs
