// The report of documents as JSON.
#include <nlohmann/json.hpp>

#include "task/document_report.h"
#include "task/figures_json.h"

namespace relatum::task {
namespace {

using nlohmann::ordered_json;

/// Strict and boundaries with how many there are; `strict` and `boundaries` of one kind of thing.
ordered_json both(const SpanFigure& strict, const SpanFigure& boundaries) {
  return {{"strict", figures_json(strict.tally.scores())},
          {"boundaries", figures_json(boundaries.tally.scores())},
          {"gold", strict.tally.gold},
          {"predicted", strict.tally.predicted},
          {"right", strict.tally.right},
          {"intervals",
           {{"strict", bounds_json(strict.interval)},
            {"boundaries", bounds_json(boundaries.interval)}}}};
}

ordered_json named(const Tally& tally) {
  ordered_json object = figures_json(tally.scores());
  object["support"] = tally.gold;
  object["predicted"] = tally.predicted;
  return object;
}

ordered_json entities(const DocumentReport& report) {
  ordered_json object = both(report.entities_strict, report.entities_boundaries);
  object["macro"] = figures_json(mean_over_gold(report.counts.types));
  object["per_type"] = ordered_json::object();
  for (const auto& [type, tally] : report.counts.types) object["per_type"][type] = named(tally);
  const EntityErrors& errors = report.counts.entity_errors;
  object["errors"] = {{"type", errors.type},
                      {"boundary", errors.boundary},
                      {"missed", errors.missed},
                      {"spurious", errors.spurious}};
  return object;
}

ordered_json relations(const DocumentReport& report) {
  const DocumentCounts& counts = report.counts;
  ordered_json object = both(report.relations_strict, report.relations_boundaries);
  object["macro"] = figures_json(mean_over_gold(counts.labels));
  object["macro_boundaries"] = figures_json(mean_over_gold(counts.labels_boundaries));
  object["per_label"] = ordered_json::object();
  for (const auto& [label, tally] : counts.labels) {
    object["per_label"][label] = named(tally);
    object["per_label"][label]["boundaries"] = figures_json(
        counts.labels_boundaries.at(label).scores());
  }
  const RelationErrors& errors = counts.relation_errors;
  object["errors"] = {{"end_type", errors.end_type},
                      {"direction", errors.direction},
                      {"label", errors.label},
                      {"missed_pair", errors.missed_pair},
                      {"lost_entity", errors.lost_entity},
                      {"spurious_pair", errors.spurious_pair},
                      {"no_entity", errors.no_entity}};
  object["symmetric"] = report.symmetric;
  return object;
}

}  // namespace

std::string to_json(const DocumentReport& report) {
  ordered_json out;
  out["documents"] = report.documents;
  out["missing"] = report.missing;
  const SpanFigure& official = report.official();
  out["official"] = {{"name", report.relations ? "relations_strict" : "entities_strict"}};
  out["official"].update(figures_json(official.tally.scores()));
  out["interval"] = interval_json(official.interval, "documents");
  out["entities"] = entities(report);
  if (report.relations) out["relations"] = relations(report);
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace relatum::task
