// Wrong answers, by groups and one by one, each with its sentence and the retrieved example.
#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "page/html_text.h"
#include "page/limits.h"
#include "page/sections.h"

namespace relatum::page {
namespace {

constexpr size_t kUnfolded = 10;         // wrong answers that are seen at once
constexpr int64_t kLongestAnswer = 200;  // code points of an unparsed answer
constexpr std::string_view kKey =
    "<mark class=\"head\">head</mark>, <mark class=\"tail\">tail</mark>. ";

std::string sure(const std::optional<double>& probability) {
  return probability ? fmt::format(" ({:.1f} %)", 100 * *probability) : "";
}

std::string retrieved(const task::NearestExample& nearest, bool looked_up) {
  std::string html = fmt::format(
      "<p class=\"retrieved\" dir=\"auto\">{}<span class=\"soft\"> "
      "{}, similarity {:.3f}: ",
      nearest.example ? sentence_html(*nearest.example) : "",
      looked_up ? "Nearest in the index" : "Retrieved", nearest.similarity);
  html += nearest.label ? "<span class=\"gold\">" + name_html(*nearest.label) + "</span>"
                        : "label not known";
  return html + fmt::format("; id {}</span></p>\n", name_html(nearest.id));
}

/// `below`: HTML that belongs to the sentence.
std::string item(const task::Example& example, const std::string& said,
                 const std::string& below = "") {
  return fmt::format("<li><p dir=\"auto\">{}</p><span class=\"soft\">{}; id {}</span>{}</li>\n",
                     sentence_html(example), said, name_html(example.id), below);
}

std::string telling_item(const task::TellingSentence& sentence, bool looked_up) {
  std::string said = "gold " + names_html(sentence.gold, "gold") + ", ";
  said += sentence.predicted.empty() ? "<span class=\"answered\">no answer</span>"
                                     : "answered " + names_html(sentence.predicted, "answered");
  said += sure(sentence.probability);
  return item(sentence.example, said,
              sentence.nearest ? retrieved(*sentence.nearest, looked_up) : "");
}

std::string group_rows(const task::Grouping& grouping, size_t shown) {
  std::string rows;
  for (size_t g = 0; g < shown; ++g) {
    const task::AnalysisGroup& group = grouping.groups[g];
    const double share = double(group.wrong) / double(std::max<int64_t>(1, group.examples));
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}{}{}{}</tr>\n", name_html(group.name),
                        number_cell(grouped(uint64_t(group.wrong))),
                        number_cell(grouped(uint64_t(group.examples))), bar_cell(share, "wrong"),
                        number_cell(between(group.error.low, group.error.high)));
  }
  return rows;
}

std::string group_sentences(const task::AnalysisGroup& group, bool looked_up) {
  if (group.sentences.empty()) return "";
  std::string list = "<ol class=\"sentences\">\n";
  for (const task::TellingSentence& each : group.sentences) list += telling_item(each, looked_up);
  const std::string summary = fmt::format(
      "<b>{}</b> <span class=\"soft\">{} wrong, {} shown</span>", name_html(group.name),
      grouped(uint64_t(group.wrong)), group.sentences.size());
  return folded(summary, list + "</ol>\n", "class=\"group\"");
}

std::string grouping_html(const task::Grouping& grouping, bool looked_up, bool open) {
  const size_t shown = std::min(kGroups, grouping.groups.size());
  std::string body = note(escape_html(grouping.rule)) +
                     shown_note("The first", shown, grouping.groups.size(), "groups");
  body += chart("groups", "Share of wrong answers by " + grouping.title + ", with 95 % intervals",
                table(grouping.title, head_row({"group", "wrong", "of", "share", "95 % interval"}),
                      group_rows(grouping, shown), "sortable"),
                grouping.key);
  for (size_t g = 0; g < shown; ++g) body += group_sentences(grouping.groups[g], looked_up);
  return folded("By " + escape_html(grouping.title), body, open ? "open" : "");
}

std::string cue_words(const task::Analysis& analysis) {
  if (analysis.cues.empty()) return "";
  std::string rows;
  size_t shown = 0;
  for (const auto& [relation, words] : analysis.cues) {
    if (shown++ == kGroups) break;
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"words\">{}</td></tr>\n",
                        name_html(relation), names_html(words, "cue"));
  }
  return folded(
      "Cue words of each relation",
      note("Counted in " + escape_start(analysis.cues_from, 200) + ".") +
          shown_note("The first", std::min(kGroups, shown), analysis.cues.size(), "relations") +
          table("", head_row({"relation", "<words"}), rows));
}

std::string said_of(const task::WrongAnswer& wrong) {
  std::string said = "gold " + names_html(task::gold_labels(wrong.example), "gold") + ", ";
  if (!wrong.predicted.empty()) {
    said += "answered " + names_html(wrong.predicted, "answered");
  } else if (!wrong.answer.empty()) {
    said += "unparsed: <bdi>" + escape_start(wrong.answer, kLongestAnswer) + "</bdi>";
  } else {
    said += "<span class=\"answered\">no answer</span>";
  }
  return said + sure(wrong.probability);
}

}  // namespace

Section failures_section(const task::Analysis& analysis) {
  Section section{"failures", "Where it fails", ""};
  if (analysis.wrong == 0) return section;
  section.body = note(
      fmt::format("{}{} of {} are wrong. Each group shows its most confident wrong "
                  "answers.",
                  kKey, grouped(uint64_t(analysis.wrong)), counted(analysis.examples, "example")));
  if (analysis.looked_up) {
    section.body += note(
        "The predictions name no retrieved examples: those shown here are the index's nearest, "
        "looked up for this page.");
  }
  for (size_t i = 0; i < analysis.groupings.size(); ++i) {
    if (analysis.groupings[i].groups.empty()) continue;
    section.body += grouping_html(analysis.groupings[i], analysis.looked_up, i == 0);
  }
  section.body += cue_words(analysis);
  return section;
}

Section wrong_section(const task::Report& report) {
  Section section{"wrong", fmt::format("Wrong answers: {}", report.wrong_count), ""};
  if (report.wrong.empty()) return section;
  section.body = note(std::string(kKey) + (report.calibration ? "The most confident first."
                                                              : "In the order of the data."));
  section.body += shown_note("The first", report.wrong.size(), size_t(report.wrong_count),
                             "wrong answers");
  std::string first, rest;
  for (size_t i = 0; i < report.wrong.size(); ++i) {
    (i < kUnfolded ? first : rest) += item(report.wrong[i].example, said_of(report.wrong[i]));
  }
  section.body += "<ol class=\"sentences\">\n" + first + "</ol>\n";
  if (!rest.empty()) {
    section.body += folded(fmt::format("{} more", report.wrong.size() - kUnfolded),
                           "<ol class=\"sentences\">\n" + rest + "</ol>\n");
  }
  return section;
}

}  // namespace relatum::page
