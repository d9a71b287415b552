// Counts document by document; the bootstrap draws documents.
#include "task/document_scores.h"

#include <fmt/format.h>

#include <array>
#include <span>

#include "base/counted.h"
#include "base/error.h"
#include "base/printable.h"
#include "task/labels.h"

namespace relatum::task {
namespace {

void check_gold(const GoldDocuments& gold, bool relations) {
  if (gold.documents.empty()) fail("task.evaluate", gold.name + " holds no document to evaluate.");
  for (const Document& document : gold.documents) {
    const std::string place = fmt::format("{}: document '{}'", gold.name,
                                          printable_start(document.id));
    if (document.pair) {
      fail("task.evaluate",
           fmt::format(
               "{} is a pair of entities and does not say which others its text has. Give "
               "documents with all their entities, write ?entities=marked behind the file where "
               "these are all, or score pairs without --task.",
               place));
    }
    if (relations && document.unlabelled) {
      fail("task.evaluate", fmt::format("{} does not say which relations it has. Add an empty list "
                                        "of relations if it has none, or give --task entities.",
                                        place));
    }
  }
}

void check_predictions(const std::vector<Document>& predictions, const std::string& file) {
  for (const Document& prediction : predictions) {
    if (!prediction.unlabelled) continue;
    fail("task.evaluate", fmt::format("{}:{}: the row has no \"relations\". Add an empty list if "
                                      "none was found, or give --task entities.",
                                      file, prediction.line));
  }
}

/// A figure of the report and what it is counted of.
struct Measured {
  SpanFigure DocumentReport::*figure;
  Tally DocumentCounts::*tally;
};

std::span<const Measured> measured(bool relations) {
  static constexpr std::array<Measured, 4> kAll = {{
      {&DocumentReport::entities_strict, &DocumentCounts::entities_strict},
      {&DocumentReport::entities_boundaries, &DocumentCounts::entities_boundaries},
      {&DocumentReport::relations_strict, &DocumentCounts::relations_strict},
      {&DocumentReport::relations_boundaries, &DocumentCounts::relations_boundaries},
  }};
  return std::span(kAll).first(relations ? 4 : 2);
}

void add_intervals(const std::vector<DocumentCounts>& counts, const DocumentScoreOptions& options,
                   DocumentReport& report) {
  if (options.samples <= 0 || counts.size() < 2) return;
  const std::span<const Measured> all = measured(report.relations);
  std::vector<std::vector<double>> drawn(all.size());
  for (int64_t sample = 0; sample < options.samples; ++sample) {
    const std::vector<int32_t> times = draw_units(options.seed, sample, counts.size());
    for (size_t f = 0; f < all.size(); ++f) {
      Tally sum;
      for (size_t i = 0; i < counts.size(); ++i) {
        const Tally& each = counts[i].*all[f].tally;
        sum += {each.right * times[i], each.predicted * times[i], each.gold * times[i]};
      }
      drawn[f].push_back(sum.scores().f1);
    }
  }
  for (size_t f = 0; f < all.size(); ++f) {
    (report.*all[f].figure).interval = interval_of(std::move(drawn[f]), counts.size());
  }
}

std::string negative_of(const GoldDocuments& gold, const DocumentScoreOptions& options) {
  if (options.negative) return *options.negative;
  Labels labels;
  for (const Document& document : gold.documents) {
    for (const Relation& relation : document.relations) labels.add(relation.label);
  }
  return negative_label(labels).value_or("no_relation");
}

void warn_of_negatives(const DocumentCounts& counts, const std::string& negative,
                       std::vector<std::string>& warnings) {
  if (counts.negative_gold + counts.negative_predicted == 0) return;
  warnings.push_back(fmt::format(
      "relations of the label '{}', which means none, are not counted: {} of the data, {} of the "
      "predictions.",
      negative, counts.negative_gold, counts.negative_predicted));
}

void warn_of_repeats(const DocumentCounts& counts, std::vector<std::string>& warnings) {
  const auto warn = [&](int64_t repeats, const char* whose) {
    if (repeats == 0) return;
    warnings.push_back(fmt::format(
        "{} of the {} {} span and type of another one, and is counted "
        "once with it.",
        counted(repeats, "entity", "entities"), whose, repeats == 1 ? "repeats" : "repeat"));
  };
  warn(counts.repeated_gold, "data");
  warn(counts.repeated_predicted, "predictions");
}

}  // namespace

Scores mean_over_gold(const TallyByName& counts) {
  Scores mean;
  double names = 0;
  for (const auto& [name, tally] : counts) {
    if (tally.gold == 0) continue;
    const Scores scores = tally.scores();
    mean.precision += scores.precision;
    mean.recall += scores.recall;
    mean.f1 += scores.f1;
    ++names;
  }
  if (names == 0) return mean;
  return {mean.precision / names, mean.recall / names, mean.f1 / names};
}

DocumentReport score_documents(const GoldDocuments& gold, std::vector<Document> predictions,
                               const std::string& file, const DocumentScoreOptions& options) {
  check_gold(gold, options.relations);
  if (options.relations) check_predictions(predictions, file);
  DocumentReport report;
  report.data = gold.name;
  report.relations = options.relations;
  report.documents = int64_t(gold.documents.size());
  report.missing = report.documents - int64_t(predictions.size());
  const std::vector<Document> joined = join_documents(gold, std::move(predictions), file,
                                                      options.missing_is_wrong);
  const std::string negative = options.relations ? negative_of(gold, options) : "";
  std::vector<DocumentCounts> counts;
  for (size_t i = 0; i < joined.size(); ++i) {
    counts.push_back(count_document(gold.documents[i], joined[i], options.symmetric, negative));
    report.counts += counts.back();
  }
  for (const std::string& label : options.symmetric) {
    if (report.counts.labels.contains(label)) report.symmetric.insert(label);
  }
  for (const auto& [figure, tally] : measured(report.relations)) {
    (report.*figure).tally = report.counts.*tally;
  }
  add_intervals(counts, options, report);
  warn_of_repeats(report.counts, report.warnings);
  if (options.relations) warn_of_negatives(report.counts, negative, report.warnings);
  return report;
}

}  // namespace relatum::task
