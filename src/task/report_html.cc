// The report as one self-contained page.
#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "base/utf8.h"
#include "task/html_text.h"
#include "task/report.h"
#include "task/report_charts.h"

namespace relatum::task {
namespace {

constexpr size_t kWorst = 25;            // confusions listed
constexpr int64_t kLongestAnswer = 200;  // code points of an unparsed answer

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5d6675; --paper: #f6f7f9;
  --card: #ffffff; --line: #dfe3e8; --hit: #1f7a8c; --miss: #c8553d; --on: #ffffff;
  --head: #cfe8ee; --tail: #fbdcd3; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa4b2; --paper: #14181e;
  --card: #1c222a; --line: #303844; --hit: #4fb3c7; --miss: #e58a6f; --on: #0d1116;
  --head: #1f4a55; --tail: #5d3226; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.2rem 4rem; max-width: 1080px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 .8rem; }
p { margin: .2rem 0 1rem; overflow-wrap: anywhere; }
p.soft, .soft { color: var(--soft); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 1.2rem; margin: 1.2rem 0; }
.scroll { overflow-x: auto; }
.tiles { display: flex; flex-wrap: wrap; gap: .9rem; }
.tile { flex: 1 1 150px; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; padding: .9rem 1.1rem; }
.tile b { display: block; font-size: 1.7rem; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .85rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 1rem 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
th:first-child, td:first-child, .left { text-align: left; overflow-wrap: anywhere;
  min-width: 8.5rem; }
td .soft { display: block; font-size: .85rem; }
@media (max-width: 600px) { body { padding: 1rem .6rem 3rem; } section { padding: .8rem; }
  th, td { padding: .3rem; font-size: .85rem; }
  th:first-child, td:first-child, .left { min-width: 5.2rem; } }
ol { margin: 0; padding: 0; list-style: none; }
li { border-top: 1px solid var(--line); padding: .7rem 0; overflow-wrap: anywhere; }
li p { margin: 0 0 .2rem; }
mark { color: inherit; padding: 0 .15em; border-radius: 3px; }
mark.head { background: var(--head); border-bottom: 2px solid var(--hit); }
mark.tail { background: var(--tail); border-bottom: 2px dashed var(--miss); }
mark.head.tail { background: linear-gradient(var(--head) 50%, var(--tail) 50%); }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .name { text-anchor: end; } svg .tick { text-anchor: middle; }
svg .value { font-variant-numeric: tabular-nums; }
svg .count { text-anchor: middle; font-size: 11px; } svg .on { fill: var(--on); }
svg .track, svg .empty { fill: var(--line); fill-opacity: .45; }
svg .bar, svg .hit { fill: var(--hit); } svg .miss { fill: var(--miss); }
svg .grid { stroke: var(--line); } svg .dot { fill: var(--ink); }
svg .ideal { stroke: var(--soft); stroke-dasharray: 5 4; }
)";

std::string tile(std::string_view value, std::string_view name) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", escape_html(value),
                     escape_html(name));
}

/// What is wider than the page scrolls within its section.
std::string section(std::string_view title, std::string_view body, std::string_view note = "") {
  return fmt::format("<section><h2>{}</h2>\n{}<div class=\"scroll\">{}</div></section>\n", title,
                     note.empty() ? "" : fmt::format("<p class=\"soft\">{}</p>\n", note), body);
}

std::string figure_cells(const Scores& scores) {
  return fmt::format("<td>{:.2f}</td><td>{:.2f}</td><td>{:.2f}</td>", 100 * scores.precision,
                     100 * scores.recall, 100 * scores.f1);
}

std::string tiles(const Report& report) {
  const Scores official = report.official.scores.value_or(Scores{});
  std::string out = "<div class=\"tiles\">\n";
  out += tile(fmt::format("{:.2f}", 100 * official.f1), report.official.title);
  if (report.interval && report.interval->low < report.interval->high) {
    out += tile(
        fmt::format("{:.1f} – {:.1f}", 100 * report.interval->low, 100 * report.interval->high),
        fmt::format("{:.0f} % interval ({} bootstrap samples of {})", 100 * report.interval->level,
                    report.interval->samples, counted(report.interval->units, "text")));
  }
  out += tile(fmt::format("{:.2f}", 100 * report.accuracy), "accuracy");
  out += tile(std::to_string(report.examples), report.examples == 1 ? "example" : "examples");
  if (report.gold_labels > report.examples) {
    out += tile(std::to_string(report.gold_labels), "gold labels");
  }
  if (report.unparsed > 0) out += tile(std::to_string(report.unparsed), "unparsed");
  if (report.missing > 0) out += tile(std::to_string(report.missing), "without a prediction");
  return out + "</div>\n";
}

std::string fact_list(const Report& report, std::span<const ReportFact> facts) {
  std::string out = "<dl>";
  const auto add = [&](std::string_view name, std::string_view value) {
    out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(name), escape_html(value));
  };
  for (const auto& [name, value] : facts) add(name, value);
  add("negative label", report.negative ? *report.negative : "none");
  return out + "</dl>\n";
}

std::string warnings(const Report& report) {
  std::string out;
  for (const std::string& warning : report.warnings) {
    out += fmt::format("<p>Note: {}</p>\n", escape_html(warning));
  }
  return out;
}

std::string metric_table(const Report& report) {
  std::string out = "<table><tr><th>metric</th><th>P</th><th>R</th><th>F1</th></tr>\n";
  for (const NamedScores& metric : report.metrics) {
    const bool official = metric.name == report.official.name;
    if (!metric.scores || !(metric.wanted || official)) continue;
    out += fmt::format("<tr><td>{}{}<span class=\"soft\">{}</span></td>{}</tr>\n",
                       escape_html(metric.name), official ? " <b>official</b>" : "",
                       escape_html(metric.title), figure_cells(*metric.scores));
  }
  return out + "</table>\n";
}

std::string label_table(const Report& report) {
  std::string out =
      "<table><tr><th>label</th><th>P</th><th>R</th><th>F1</th><th>gold</th>"
      "<th>answered</th></tr>\n";
  for (const LabelReport& row : report.per_label) {
    if (row.support + row.predicted == 0) continue;
    out += fmt::format("<tr><td>{}</td>{}<td>{}</td><td>{}</td></tr>\n", escape_html(row.label),
                       figure_cells(row.scores), row.support, row.predicted);
  }
  return out + "</table>\n";
}

std::string worst_table(const Report& report) {
  std::string out = "<table><tr><th>gold</th><th class=\"left\">answered</th><th>count</th></tr>\n";
  for (size_t i = 0; i < std::min(kWorst, report.worst.size()); ++i) {
    const ConfusedPair& pair = report.worst[i];
    const std::string gold = pair.gold.empty() ? "(none)" : escape_html(pair.gold);
    const std::string predicted = escape_html(
        pair.predicted.empty() ? no_answer_name(report) : std::string_view(pair.predicted));
    out += fmt::format("<tr><td>{}</td><td class=\"left\">{}</td><td>{}</td></tr>\n", gold,
                       predicted, pair.count);
  }
  return out + "</table>\n";
}

std::string joined(const std::vector<std::string>& labels) {
  std::string text;
  for (const std::string& label : labels) {
    text += fmt::format("{}<b><bdi>{}</bdi></b>", text.empty() ? "" : ", ", escape_html(label));
  }
  return text;
}

std::string wrong_item(const WrongAnswer& wrong) {
  std::string said = "no answer";
  if (!wrong.predicted.empty()) {
    said = "answered " + joined(wrong.predicted);
  } else if (!wrong.answer.empty()) {
    const std::string_view start = utf8_slice(wrong.answer, 0, kLongestAnswer);
    said = fmt::format("unparsed: <bdi>{}{}</bdi>", escape_html(start),
                       start.size() < wrong.answer.size() ? "…" : "");
  }
  if (wrong.probability) said += fmt::format(" ({:.1f} %)", 100 * *wrong.probability);
  return fmt::format(
      "<li><p dir=\"auto\">{}</p><span class=\"soft\">gold {}, {}; id "
      "<bdi>{}</bdi></span></li>\n",
      sentence_html(wrong.example), joined(gold_labels(wrong.example)), said,
      escape_html(wrong.example.id));
}

std::string wrong_section(const Report& report) {
  if (report.wrong.empty()) return "";
  std::string list = "<ol>\n";
  for (const WrongAnswer& wrong : report.wrong) list += wrong_item(wrong);
  std::string note = "<mark class=\"head\">head</mark>, <mark class=\"tail\">tail</mark>. ";
  note += report.calibration ? "The most confident first." : "In the order of the data.";
  const int64_t left = report.wrong_count - int64_t(report.wrong.size());
  if (left > 0) {
    note += fmt::format(" The first {} are shown, {} more are not.", report.wrong.size(), left);
  }
  return section(fmt::format("Wrong answers: {}", report.wrong_count), list + "</ol>\n", note);
}

std::string pictures(const Report& report) {
  const size_t shown = pictured_labels(report).size();
  const auto occurring = std::count_if(
      report.per_label.begin(), report.per_label.end(),
      [](const LabelReport& row) { return row.support + row.predicted > 0; });
  const std::string note = int64_t(shown) < occurring
                               ? fmt::format("The {} most frequent of {} labels.", shown, occurring)
                               : "";
  return section("F1 of each label", label_bars(report), note) +
         section("Confusion matrix: gold in rows, answers in columns", confusion_map(report), note);
}

}  // namespace

std::string to_html(const Report& report, std::span<const ReportFact> facts) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Relatum: {0}</title>\n<style>{1}</style></head><body>\n"
      "<h1>{0}</h1>\n{2}<p class=\"soft\">Figures in percent, counts as they are.</p>\n",
      escape_html(report.data), kStyle, fact_list(report, facts));
  out += warnings(report);
  out += tiles(report);
  out += section("Figures", metric_table(report));
  out += pictures(report);
  if (!report.worst.empty()) out += section("Most confused", worst_table(report));
  out += wrong_section(report);
  if (report.calibration) {
    out += section(fmt::format("Probabilities: expected calibration error {:.2f}",
                               100 * report.calibration->ece),
                   reliability_diagram(report));
  }
  out += section("Labels", label_table(report));
  return out + "</body></html>\n";
}

}  // namespace relatum::task
