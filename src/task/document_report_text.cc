// The report of documents as tables for the terminal.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/counted.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "task/document_report.h"
#include "task/figures_text.h"
#include "task/text_columns.h"

namespace relatum::task {
namespace {

constexpr int64_t kWidestName = 36;  // code points; longer names are cut

int64_t name_width(const DocumentReport& report) {
  int64_t width = 24;  // the rows' own names fit
  for (const TallyByName* names : {&report.counts.types, &report.counts.labels}) {
    for (const auto& [name, tally] : *names) width = std::max(width, utf8_length(name));
  }
  return std::min(width, kWidestName);
}

void write_summary(const DocumentReport& report, std::string& out) {
  out += fmt::format("{}: {}", report.data, counted(report.documents, "document"));
  if (report.missing > 0) out += fmt::format(", {} without a prediction", report.missing);
  const SpanFigure& official = report.official();
  out += fmt::format("\n\n  {}, strict F1  {:.2f}\n", report.relations ? "relations" : "entities",
                     100 * official.tally.scores().f1);
  out += interval_line(official.interval, "document");
}

void write_figures(const DocumentReport& report, int64_t width, std::string& out) {
  out += fmt::format("\n{}       P       R      F1     gold  predicted    right\n",
                     padded("", width));
  const auto row = [&](const char* name, const Tally& tally) {
    out += fmt::format("{}  {}  {:7}  {:9}  {:7}\n", padded(name, width),
                       figures_text(tally.scores()), tally.gold, tally.predicted, tally.right);
  };
  const auto mean = [&](const char* name, const TallyByName& counts) {
    out += fmt::format("{}  {}\n", padded(name, width), figures_text(mean_over_gold(counts)));
  };
  row("entities, strict", report.entities_strict.tally);
  row("entities, boundaries", report.entities_boundaries.tally);
  mean("strict, mean over types", report.counts.types);
  if (!report.relations) return;
  row("relations, strict", report.relations_strict.tally);
  row("relations, boundaries", report.relations_boundaries.tally);
  mean("strict, mean over labels", report.counts.labels);
}

void write_names(const std::string& title, const TallyByName& counts, int64_t width,
                 std::string& out) {
  out += fmt::format("\n{}       P       R      F1  support  predicted\n", padded(title, width));
  for (const auto& [name, tally] : counts) {
    out += fmt::format("{}  {}  {:7}  {:9}\n", padded(name.empty() ? "(no type)" : name, width),
                       figures_text(tally.scores()), tally.gold, tally.predicted);
  }
}

void write_errors(const DocumentReport& report, std::string& out) {
  const EntityErrors& entities = report.counts.entity_errors;
  const std::string of_entities = kind_line(entities.type, "the span with another type") +
                                  kind_line(entities.boundary, "a span that overlaps it") +
                                  kind_line(entities.missed, "missed") +
                                  kind_line(entities.spurious, "predicted where there is none");
  if (!of_entities.empty()) out += "\nmistakes in entities\n" + of_entities;
  if (!report.relations) return;
  const RelationErrors& relations = report.counts.relation_errors;
  const std::string of_relations =
      kind_line(relations.end_type, "right but for an end's type") +
      kind_line(relations.direction, "the wrong way round") +
      kind_line(relations.label, "another label between the same two entities") +
      kind_line(relations.missed_pair, "missed although both entities were found") +
      kind_line(relations.lost_entity, "lost with an entity that was not found") +
      kind_line(relations.spurious_pair, "predicted between entities that have no such relation") +
      kind_line(relations.no_entity, "predicted of something that is no entity");
  if (!of_relations.empty()) out += "\nmistakes in relations\n" + of_relations;
}

}  // namespace

std::string to_text(const DocumentReport& report) {
  const int64_t width = name_width(report);
  std::string out;
  write_summary(report, out);
  write_figures(report, width, out);
  write_names("entity type", report.counts.types, width, out);
  if (report.relations) write_names("relation", report.counts.labels, width, out);
  write_errors(report, out);
  if (!report.symmetric.empty()) {
    out += "\n" +
           wrapped(fmt::format("both directions count as one relation: {}",
                               printable(fmt::format("{}", fmt::join(report.symmetric, ", ")))));
  }
  return out;
}

}  // namespace relatum::task
