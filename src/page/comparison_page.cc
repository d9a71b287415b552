// Two systems side by side: differences with intervals, tests, and labels.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/counted.h"
#include "page/answer_facts.h"
#include "page/evaluation_page.h"
#include "page/html_text.h"
#include "page/limits.h"

namespace relatum::page {
namespace {

using nlohmann::ordered_json;
using task::Comparison;

constexpr size_t kLabels = 300;
constexpr size_t kFiles = 20;

std::string p_text(double p) { return p < 0.0001 ? "< 0.0001" : fmt::format("{:.4f}", p); }
std::string change(double fraction) { return fmt::format("{:+.2f}", 100 * fraction); }

std::string change_between(const task::Interval& interval) {
  return fmt::format("{:+.2f} to {:+.2f}", 100 * interval.low, 100 * interval.high);
}

std::string values_html(const std::vector<std::string>& values) {
  std::string out;
  for (size_t i = 0; i < std::min(kFiles, values.size()); ++i) {
    out += fmt::format("{}{}", i ? ", " : "", escape_start(values[i], 300));
  }
  if (values.size() > kFiles) out += fmt::format(" and {} more", values.size() - kFiles);
  return out;
}

/// Names and values of a side; of several files, each value once, in their order.
using Facts = std::vector<std::pair<std::string, std::vector<std::string>>>;

Facts facts_of(const std::vector<jobs::AnswersRecord>& answers, const std::string& data) {
  Facts facts;
  for (const jobs::AnswersRecord& each : answers) {
    for (auto& [name, value] : answer_facts(each.record, data)) {
      auto at = std::ranges::find(facts, name, &Facts::value_type::first);
      if (at == facts.end()) at = facts.emplace(at, name, std::vector<std::string>{});
      if (!std::ranges::count(at->second, value)) at->second.push_back(std::move(value));
    }
  }
  return facts;
}

std::string without_record(std::string_view side, const std::vector<jobs::AnswersRecord>& answers) {
  const int64_t missing = std::ranges::count_if(
      answers, [](const jobs::AnswersRecord& each) { return each.record.empty(); });
  if (!missing) return "";
  return note(
      fmt::format("Beside {} of the {} of {} lies no record (<code>FILE.run.json</code>), "
                  "so what gave these answers is not told.",
                  missing, counted(int64_t(answers.size()), "file"), side));
}

/// What A and B are; where they differ, it says so. Of answers without a record nobody knows.
std::string sides(const Comparison& comparison, const ComparedAnswers& answers) {
  const std::string missing = without_record("A", answers.first) +
                              without_record("B", answers.second);
  const auto row = [](const std::string& name, const std::vector<std::string>& first,
                      const std::vector<std::string>& second, bool told) {
    return fmt::format(
        "<tr><th scope=\"row\">{}{}</th><td class=\"words\">{}</td><td class=\"words\">{}</td>"
        "</tr>\n",
        escape_html(name), first == second || !told ? "" : " <span class=\"badge\">differs</span>",
        values_html(first), values_html(second));
  };
  const Facts first = facts_of(answers.first, comparison.data);
  Facts second = facts_of(answers.second, comparison.data);
  std::string rows = row("answers", comparison.first_files, comparison.second_files, false);
  for (const auto& [name, values] : first) {
    const auto at = std::ranges::find(second, name, &Facts::value_type::first);
    rows += row(name, values, at == second.end() ? std::vector<std::string>{} : at->second,
                missing.empty() && name != kAnsweredOn);
    if (at != second.end()) second.erase(at);
  }
  for (const auto& [name, values] : second) {
    rows += row(name, {}, values, missing.empty() && name != kAnsweredOn);
  }
  return table("What is compared", head_row({"what", "<A", "<B"}), rows) + missing;
}

std::string head(const Comparison& comparison, const ComparedAnswers& answers,
                 const std::string& time) {
  std::string out = fmt::format(
      "<dl>\n<dt>data</dt><dd>{}</dd>\n<dt>examples</dt><dd>{}</dd>\n"
      "<dt>compared on</dt><dd>{}</dd>\n<dt>Relatum</dt><dd>{}</dd>\n</dl>\n",
      escape_start(comparison.data, 300), grouped(uint64_t(comparison.examples)), escape_html(time),
      RELATUM_VERSION);
  return out + sides(comparison, answers) + warnings_box(comparison.warnings);
}

ordered_json records_of(const std::vector<jobs::AnswersRecord>& answers) {
  ordered_json records = ordered_json::array();
  for (size_t i = 0; i < std::min(kFiles, answers.size()); ++i) {
    const std::string& record = answers[i].record;
    records.push_back(record.empty() ? ordered_json() : ordered_json::parse(record));
  }
  return records;
}

std::string tiles(const Comparison& comparison) {
  const task::FigureComparison& official = comparison.figures[0];
  std::string more;
  if (official.interval) {
    more = fmt::format("95 % interval {}, p {}", change_between(*official.interval),
                       p_text(*official.p));
  }
  return "<div class=\"tiles\">\n" +
         tile(change(official.difference), "B - A, " + official.title, more, "first") +
         tile(percent(official.first_mean), "A", official.title) +
         tile(percent(official.second_mean), "B", official.title) + "</div>\n";
}

std::string figure_table(const Comparison& comparison) {
  std::string rows;
  for (const task::FigureComparison& figure : comparison.figures) {
    rows += fmt::format(
        "<tr><th scope=\"row\">{}{}<span class=\"soft\">{}</span></th>{}{}{}{}{}"
        "</tr>\n",
        escape_html(figure.name), figure.official ? " <span class=\"badge\">official</span>" : "",
        escape_html(figure.title), number_cell(percent(figure.first_mean)),
        number_cell(percent(figure.second_mean)), number_cell(change(figure.difference)),
        number_cell(figure.interval ? change_between(*figure.interval) : ""),
        number_cell(figure.p ? p_text(*figure.p) : ""));
  }
  return table("F1 but for accuracy", head_row({"figure", "A", "B", "B - A", "95 % interval", "p"}),
               rows);
}

// What the official figure's interval says, in words.
std::string verdict(const task::FigureComparison& official, bool several) {
  if (!official.interval) return "";
  if (official.interval->low <= 0 && official.interval->high >= 0) {
    return note(
        "The interval holds 0: on other texts like these, either side may be the better one.");
  }
  const char* better = official.difference > 0 ? "B" : "A";
  return note(
      fmt::format("The interval does not hold 0: on other texts like these, {} is most likely "
                  "the better one.{}",
                  better, several ? " What other seeds would do is told below." : ""));
}

Section figures(const Comparison& comparison) {
  std::string how = "No intervals: ";
  const bool several = comparison.first_files.size() + comparison.second_files.size() > 2;
  if (comparison.figures[0].interval) {
    how = fmt::format(
        "Intervals and p: paired bootstrap, {} draws of {}, percentile, seed {}; the "
        "same texts for both sides{}. p values are not corrected for the number of "
        "figures.",
        grouped(uint64_t(comparison.samples)), counted(comparison.units, "text"), comparison.seed,
        several ? ", whose figures are the means of their files" : "");
  } else {
    how += comparison.samples == 0 ? "--samples is 0."
                                   : "there is one text, of which each draw is the same.";
  }
  return {"figures", "Figures",
          tiles(comparison) + verdict(comparison.figures[0], several) + note(how) +
              chart("differences", "B - A of each figure, with its 95 % interval",
                    figure_table(comparison))};
}

std::string spread_row(std::string_view side, const std::optional<task::Spread>& spread) {
  if (!spread) return "";
  return fmt::format("<tr><th scope=\"row\">{}</th>{}{}{}</tr>\n", side,
                     number_cell(percent(spread->mean)), number_cell(percent(spread->deviation)),
                     number_cell(between(spread->low, spread->high)));
}

Section seeds(const Comparison& comparison) {
  Section section{"seeds", "Over the files", ""};
  if (comparison.first_files.size() + comparison.second_files.size() <= 2) return section;
  for (size_t f = 0; f < std::min<size_t>(2, comparison.figures.size()); ++f) {
    const task::FigureComparison& figure = comparison.figures[f];
    section.body += table(
        figure.title + " (t distribution; the texts held fixed)",
        head_row({"side", "mean", "deviation", "95 % interval"}),
        spread_row("A", figure.first_spread) + spread_row("B", figure.second_spread));
    if (!figure.welch) continue;
    const task::Welch& test = *figure.welch;
    section.body += note(
        fmt::format("B - A: {}, 95 % interval {:+.2f} to {:+.2f}; Welch's t = "
                    "{:.3f} with {:.2f} degrees of freedom, p {}.",
                    change(test.difference), 100 * test.low, 100 * test.high, test.t, test.freedom,
                    escape_html(p_text(test.p))));
  }
  return section;
}

Section pairs(const Comparison& comparison) {
  Section section{"mcnemar", "McNemar's test", ""};
  if (comparison.pairs.empty()) {
    section.body = note("It pairs one file with one: the sides have other numbers of files.");
    return section;
  }
  std::string rows;
  const size_t shown = std::min(kFiles, comparison.pairs.size());
  for (size_t i = 0; i < shown; ++i) {
    const task::PairedTest& pair = comparison.pairs[i];
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}{}{}{}<td>{}</td>{}{}</tr>\n", i + 1,
                        number_cell(grouped(uint64_t(pair.both_right))),
                        number_cell(grouped(uint64_t(pair.test.only_first))),
                        number_cell(grouped(uint64_t(pair.test.only_second))),
                        number_cell(grouped(uint64_t(pair.both_wrong))),
                        pair.test.exact ? "exact (binomial)" : "chi², continuity",
                        number_cell(fmt::format("{:.3f}", pair.test.statistic)),
                        number_cell(p_text(pair.test.p)));
  }
  section.body = shown_note("The first", shown, comparison.pairs.size(), "pairs of files") +
                 table("Right and wrong, file by file",
                       head_row({"pair", "both right", "only A", "only B", "both wrong", "test",
                                 "statistic", "p"}),
                       rows);
  return section;
}

Section labels(const Comparison& comparison) {
  std::vector<task::LabelComparison> labels = comparison.per_label;
  std::erase_if(labels, [](const task::LabelComparison& each) { return each.support == 0; });
  std::stable_sort(labels.begin(), labels.end(),
                   [](const task::LabelComparison& a, const task::LabelComparison& b) {
    return std::abs(a.second - a.first) > std::abs(b.second - b.first);
  });
  std::string rows;
  const size_t shown = std::min(kLabels, labels.size());
  for (size_t i = 0; i < shown; ++i) {
    const task::LabelComparison& label = labels[i];
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}{}{}{}</tr>\n", name_html(label.label),
                        bar_cell(label.first), bar_cell(label.second),
                        number_cell(change(label.second - label.first)),
                        number_cell(grouped(uint64_t(label.support))));
  }
  return {"labels", "Labels",
          shown_note("The most changed", shown, labels.size(), "labels") +
              table("F1 of labels, most changed first",
                    head_row({"label", "A", "B", "B - A", "gold"}), rows, "sortable")};
}

}  // namespace

std::string comparison_page(const Comparison& comparison, const ComparedAnswers& answers,
                            const std::string& time) {
  Document document;
  document.title = data_title(comparison.data);
  document.head = head(comparison, answers, time);
  document.sections = {figures(comparison), seeds(comparison), pairs(comparison),
                       labels(comparison)};
  document.data = Shortened().text(
      {{"kind", "comparison"},
       {"relatum", RELATUM_VERSION},
       {"data", comparison.data},
       {"time", time},
       {"comparison", ordered_json::parse(task::to_json(comparison))},
       {"answers",
        {{"first", records_of(answers.first)}, {"second", records_of(answers.second)}}}});
  return html_of(document);
}

}  // namespace relatum::page
