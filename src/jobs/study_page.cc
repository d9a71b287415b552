// Markdown from records; sentences only where intervals carry them.
#include "jobs/study_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/counted.h"
#include "base/error.h"
#include "io/json.h"
#include "jobs/markdown_text.h"
#include "jobs/study_answers.h"
#include "jobs/study_cost.h"
#include "jobs/study_done.h"
#include "jobs/study_groups.h"
#include "jobs/study_matrix.h"
#include "jobs/study_perplexity.h"
#include "jobs/study_results.h"
#include "jobs/study_text.h"

namespace relatum::jobs {
namespace {

using nlohmann::json;

// A member of members; nullptr where one is missing.
const json* inside(const json& object, std::initializer_list<std::string> keys) {
  const json* at = &object;
  for (const std::string& key : keys) {
    if (at) at = io::find(*at, key);
  }
  return at;
}

bool leaves_zero_out(const json& interval) {
  return interval.at("low").get<double>() > 0 || interval.at("high").get<double>() < 0;
}

const json* figure_of(const json& arm, const std::string& name) {
  return inside(arm, {"figures", name});
}

// Whether a mean lies outside of what the other side's seeds leave likely.
bool outside(double mean, const json& seeds) {
  return mean < seeds.at("low").get<double>() || mean > seeds.at("high").get<double>();
}

std::string points(double share) { return fmt::format("{:.1f}", 100 * share); }
std::string signed_points(double share) { return fmt::format("{:+.1f}", 100 * share); }

std::string range_text(const json& interval, const char* joined) {
  return points(interval.at("low").get<double>()) + joined +
         points(interval.at("high").get<double>());
}

class Page {
 public:
  Page(const json& all, std::string chart) : all_(all), chart_(std::move(chart)) {
    const json* study = io::find(all, "study");
    const json* arms = io::find(all, "arms");
    if (!study || !arms || !arms->is_array()) fail_empty();
    study_ = study;
    baseline_ = text_of(*study, "baseline");
    for (const std::string& name : planned_arms(all)) {
      const std::vector<const json*> records = arm_records(all, name);
      if (records.empty()) continue;
      const json* arm = summary_of(all, name, records);
      if (!arm) fail_older(name);
      if (io::find(*arm, "figures")) arms_.push_back(arm);
      if (name == baseline_) base_ = arm;
    }
    if (arms_.empty()) fail_empty();
  }

  std::string write(const std::string& before) const {
    std::string page = fmt::format("# {}\n\n{}\n", markdown_text(text_of(*study_, "title")),
                                   wrapped(markdown_text(text_of(*study_, "question"))));
    page += wrapped(
                "*This page is written by `relatum study CONFIG.toml --page` from its results "
                "file, but for what stands between the marks \"by hand\".*") +
            "\n";
    page += fmt::format("![The arms' figures, drawn]({})\n\n", chart_);
    page += table() + "\n" + legend() + "\n";
    if (const std::string one = study_answers_text(all_, planned_arms(all_)); !one.empty()) {
      page += one + "\n";
    }
    page += by_hand(before) + "\n";
    if (const std::string matrix = study_matrix_text(all_, arms_); !matrix.empty()) {
      page += matrix + "\n";
    }
    if (const std::string groups = study_groups_text(arms_, base_); !groups.empty()) {
      page += groups + "\n";
    }
    if (const std::string text = study_perplexity_text(all_, planned_arms(all_)); !text.empty()) {
      page += text + "\n";
    }
    page += study_cost_text(all_, arms_, base_) + "\n";
    page += "## What follows\n\n" + conclusions() + "\n";
    page += "## What does not follow\n\n" + limits() + "\n";
    page += "## What was done\n\n" + study_done_text(all_) + "\n" + settings();
    return page;
  }

 private:
  [[noreturn]] static void fail_empty() {
    fail("jobs.study",
         "the results file has no figures yet that a page could show. Run the study first, to its "
         "end or with --limit-cells.");
  }

  // Cells may have come since, and the study was stopped before its end.
  [[noreturn]] static void fail_older(const std::string& arm) {
    fail("jobs.study", fmt::format("the results have cells of the arm '{}' that its figures were "
                                   "not computed from. Run the study to its end, or a part of it "
                                   "with --limit-cells.",
                                   arm));
  }

  // In the order of the table; the first one's is that of all.
  std::string official() const { return text_of(*arms_.at(0), "official"); }
  std::string title() const {
    const json* figure = figure_of(*arms_.at(0), official());
    return figure ? text_of(*figure, "title") : official();
  }

  std::string mean_text(const json& arm, const std::string& name) const {
    const json* figure = figure_of(arm, name);
    if (!figure) return "";
    std::string text = points(figure->at("mean").get<double>());
    if (const json* seeds = io::find(*figure, "seeds")) {
      text += " ± " + points(seeds->at("deviation").get<double>());
    }
    return text;
  }

  std::string difference_text(const json& arm) const {
    if (&arm == base_) return "baseline";
    const json* entry = inside(arm, {"difference", official()});
    if (!entry) return "other rows or labels";
    std::string text = signed_points(entry->at("value").get<double>());
    if (const json* interval = io::find(*entry, "interval")) {
      text += fmt::format(" ({} to {})", signed_points(interval->at("low").get<double>()),
                          signed_points(interval->at("high").get<double>()));
    }
    return text;
  }

  std::string table() const {
    std::string text = fmt::format("| arm | cells | {} | 95 % interval |", markdown_text(title()));
    if (base_) text += fmt::format(" against {} |", markdown_text(baseline_));
    text += " accuracy | ECE |\n| --- | ---: | ---: | ---: |";
    if (base_) text += " ---: |";
    text += " ---: | ---: |\n";
    for (const json* arm : arms_) {
      const json* interval = inside(*arm, {"figures", official(), "interval"});
      const auto ece = mean_over_cells(all_, text_of(*arm, "arm"), {"figures", "ece"});
      text += fmt::format("| {} | {} | {} | {} |", markdown_text(text_of(*arm, "arm")),
                          arm->at("seeds").dump(), mean_text(*arm, official()),
                          interval ? range_text(*interval, " – ") : "");
      if (base_) text += " " + difference_text(*arm) + " |";
      text += fmt::format(" {} | {} |\n", mean_text(*arm, "accuracy"), ece ? points(*ece) : "");
    }
    return text;
  }

  std::string legend() const {
    const bool flat = std::ranges::any_of(arms_, [&](const json* arm) {
      const json* interval = inside(*arm, {"figures", official(), "interval"});
      return interval && interval->at("low") == interval->at("high");
    });
    return wrapped(
        std::string("Figures in per cent, differences in points. A mean is over cells, which "
                    "differ in their seed alone; behind ± stands their standard deviation. "
                    "Intervals are those of the bootstrap over texts: the same texts are drawn for "
                    "all arms and seeds, the trained models held fixed.") +
        (flat ? " One without width says that every draw gave the same figure, and not how sure it "
                "is."
              : ""));
  }

  static std::string by_hand(const std::string& before) {
    const size_t begin = before.find(kByHand), end = before.find(kByHandEnd);
    const size_t from = begin + std::string(kByHand).size();
    const bool kept = begin != before.npos && end != before.npos && end >= from;
    return std::string(kByHand) + (kept ? before.substr(from, end - from) : "\n") + kByHandEnd +
           "\n";
  }

  std::string conclusions() const {
    if (!base_) return "No baseline is named, so no arm is compared with another.\n";
    std::string text;
    for (const json* arm : arms_) {
      if (arm == base_ || !difference_is_carried(*arm, *base_)) continue;
      const json& entry = *inside(*arm, {"difference", official()});
      const double value = entry.at("value").get<double>();
      const json& interval = entry.at("interval");
      double low = std::abs(interval.at("low").get<double>());
      double high = std::abs(interval.at("high").get<double>());
      if (low > high) std::swap(low, high);
      text += wrapped(fmt::format("- **{}** is {} points {} {} (95 % interval {} to {}){}.",
                                  markdown_text(text_of(*arm, "arm")), points(std::abs(value)),
                                  value > 0 ? "above" : "below", markdown_text(baseline_),
                                  points(low), points(high), seeds_text(*arm)));
    }
    if (!text.empty()) return text;
    const bool compared = std::ranges::any_of(arms_, [&](const json* arm) {
      return arm != base_ && inside(*arm, {"difference", official(), "interval"});
    });
    return compared ? "No arm is shown to differ from the baseline.\n"
                    : "No arm could be compared with the baseline.\n";
  }

  // The interval over seeds, where it has zero in it and that over texts has not.
  std::string over_seeds(const json& arm) const {
    const json* texts = inside(arm, {"difference", official(), "interval"});
    const json* seeds = inside(arm, {"difference", official(), "seeds"});
    if (!texts || !leaves_zero_out(*texts) || !seeds || !seeds->is_object()) return "";
    return fmt::format(" (over seeds {} to {})", signed_points(seeds->at("low").get<double>()),
                       signed_points(seeds->at("high").get<double>()));
  }

  // Of an arm and the baseline that have one cell each.
  const char* seeds_text(const json& arm) const {
    const json* own = figure_of(arm, official());
    const json* other = figure_of(*base_, official());
    if (!own || !other || io::find(*own, "seeds") || io::find(*other, "seeds")) return "";
    const bool first = has_seed(arm), second = has_seed(*base_);
    return first && second ? ", with one seed each" : first || second ? ", with one seed" : "";
  }

  bool has_seed(const json& arm) const {
    return std::ranges::any_of(arm_records(all_, text_of(arm, "arm")), [](const json* record) {
      const json* seed = io::find(*record, "seed");
      return seed && seed->is_number();
    });
  }

  std::string whether(const std::vector<std::string>& arms, const char* reason) const {
    if (arms.empty()) return "";
    return wrapped(fmt::format("- Whether {} {} from {}: {}", fmt::join(arms, "; "),
                               arms.size() == 1 ? "differs" : "differ", markdown_text(baseline_),
                               reason));
  }

  std::string limits() const {
    std::string text;
    std::vector<std::string> unclear, others;
    size_t compared = 0;
    for (const json* arm : arms_) {
      if (!base_ || arm == base_) continue;
      if (!io::find(*arm, "difference")) others.push_back(markdown_text(text_of(*arm, "arm")));
      if (!inside(*arm, {"difference", official(), "interval"})) continue;
      ++compared;
      if (!difference_is_carried(*arm, *base_)) {
        unclear.push_back(markdown_text(text_of(*arm, "arm")) + over_seeds(*arm));
      }
    }
    text += whether(unclear,
                    "an interval, over texts or over seeds, has zero in it. Nor does that "
                    "show that they are alike.");
    compared += difference_intervals_of_groups(arms_);
    if (compared > 1) {
      text += wrapped(
          fmt::format("- {} intervals of 95 % are shown for differences, uncorrected: "
                      "where nothing differs, one in twenty leaves zero out by chance.",
                      compared));
    }
    text += whether(others, "the rows that were answered, or their labels, are others.");
    if (const std::string steps = other_steps(); !steps.empty()) {
      text += wrapped("- What difference the number of steps makes: " + steps);
    }
    for (const json* arm : arms_) {
      if (!base_ || arm == base_ || !*seeds_text(*arm)) continue;
      text += "- How much a seed matters, where an arm and the baseline have one cell each.\n";
      break;
    }
    return text + "- Anything about other data, models or settings than those below.\n";
  }

  // Arms whose training had clearly more or fewer steps than the baseline's, as longer prompts
  // bring where steps are cut by tokens.
  std::string other_steps() const {
    constexpr double kMore = 1.2;
    if (!base_) return "";
    const auto base = mean_over_cells(all_, baseline_, {"training", "steps"});
    if (!base || *base <= 0) return "";
    std::vector<std::string> others;
    for (const json* arm : arms_) {
      const std::string name = text_of(*arm, "arm");
      const auto steps = mean_over_cells(all_, name, {"training", "steps"});
      if (!steps || (*steps < kMore * *base && *base < kMore * *steps)) continue;
      others.push_back(fmt::format("{} ({})", markdown_text(name), count_text(*steps)));
    }
    return others.empty()
               ? ""
               : fmt::format("{} {} trained in other numbers of steps than {} ({}).",
                             fmt::join(others, "; "), others.size() == 1 ? "was" : "were",
                             markdown_text(baseline_), count_text(*base));
  }

  std::string settings() const {
    std::vector<std::string> names;
    for (const json* arm : arms_) names.push_back(text_of(*arm, "arm"));
    return study_settings_text(all_, names);
  }

  const json& all_;
  const std::string chart_;
  const json* study_ = nullptr;
  const json* base_ = nullptr;
  std::string baseline_;
  std::vector<const json*> arms_;
};

}  // namespace

bool difference_is_carried(const json& arm, const json& baseline) {
  const std::string official = text_of(arm, "official");
  const json* interval = inside(arm, {"difference", official, "interval"});
  if (!interval || !leaves_zero_out(*interval)) return false;
  if (const json* seeds = inside(arm, {"difference", official, "seeds"})) {
    return leaves_zero_out(*seeds);
  }
  const json *own = figure_of(arm, official), *other = figure_of(baseline, official);
  if (!own || !other) return false;
  if (const json* seeds = io::find(*own, "seeds")) {
    return outside(other->at("mean").get<double>(), *seeds);
  }
  if (const json* seeds = io::find(*other, "seeds")) {
    return outside(own->at("mean").get<double>(), *seeds);
  }
  return true;
}

std::string study_page(const json& all, const std::string& chart, const std::string& before) {
  return Page(all, chart).write(before);
}

}  // namespace relatum::jobs
