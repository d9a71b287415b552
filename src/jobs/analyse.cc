// Brings data, predictions and retrieved examples together.
#include "jobs/analyse.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "jobs/retrieval.h"
#include "retrieve/store.h"
#include "task/join.h"

namespace relatum::jobs {
namespace {

using Nearest = std::vector<std::optional<task::NearestExample>>;

/// What the stages share.
struct Material {
  const task::Dataset& data;
  std::span<const task::Prediction> predictions;
};

task::Dataset load_data(const AnalyseOptions& options, const Host& host) {
  DataChoice choice = options.data;
  choice.keep_unknown_labels = true;
  return choice.load(options.input, true, host);
}

std::vector<task::Prediction> load_predictions(const AnalyseOptions& options) {
  return task::read_predictions(options.predictions, options.missing_is_wrong);
}

task::Example example_of(const retrieve::StoredExample& stored) {
  task::Example example;
  example.id = stored.id;
  example.text = stored.text;
  example.head = {stored.head.start, stored.head.end, stored.head.type};
  example.tail = {stored.tail.start, stored.tail.end, stored.tail.type};
  example.label = stored.label;
  return example;
}

/// Those that the prompts had, with what the index says of them.
Nearest from_predictions(const Material& material, const std::vector<task::Example>& stored,
                         bool missing_is_wrong) {
  std::unordered_map<std::string, const task::Example*> by_id;
  for (const task::Example& example : stored) by_id.emplace(example.id, &example);
  const auto joined = task::join_predictions(material.data, material.predictions, missing_is_wrong);
  Nearest nearest(joined.size());
  for (size_t i = 0; i < joined.size(); ++i) {
    if (!joined[i] || joined[i]->neighbours.empty()) continue;
    const task::NeighbourRef& first = joined[i]->neighbours[0];
    nearest[i] = task::NearestExample{first.id, first.similarity, {}, {}};
    const auto known = by_id.find(first.id);
    if (known == by_id.end()) continue;
    nearest[i]->label = known->second->label;
    nearest[i]->example = *known->second;
  }
  return nearest;
}

Retrieved find(const AnalyseOptions& options, const Material& material, int64_t count,
               QueryKind kind, const Host& host) {
  Retrieval retrieval(options.index, options.embedder, options.models, host);
  Retrieved found = retrieval.find(material.data.examples, {count}, kind, host.context);
  host.context.end_progress();
  return found;
}

Nearest from_index(const AnalyseOptions& options, const Material& material, const Host& host) {
  const Retrieved found = find(options, material, 1, QueryKind::kTest, host);
  Nearest nearest(material.data.examples.size());
  for (size_t i = 0; i < nearest.size(); ++i) {
    if (found.examples[i].empty()) continue;
    const task::Example& example = found.examples[i][0];
    nearest[i] = task::NearestExample{example.id, found.references[i][0].similarity, example.label,
                                      example};
  }
  return nearest;
}

std::vector<task::Example> stored_examples(const std::string& index) {
  std::vector<task::Example> examples;
  for (const auto& stored : retrieve::load_store(index).examples) {
    examples.push_back(example_of(stored));
  }
  return examples;
}

}  // namespace

task::Analysis analyse(const AnalyseOptions& options, const Host& host) {
  const task::Dataset data = load_data(options, host);
  return analyse(options, data, load_predictions(options), host);
}

task::Analysis analyse(const AnalyseOptions& options, const task::Dataset& data,
                       std::span<const task::Prediction> predictions, const Host& host) {
  const Material material{data, predictions};
  const bool retrieved = std::any_of(
      material.predictions.begin(), material.predictions.end(),
      [](const task::Prediction& each) { return !each.neighbours.empty(); });
  std::vector<task::Example> stored;
  if (!options.index.empty()) stored = stored_examples(options.index);
  Nearest nearest;
  if (retrieved) {
    nearest = from_predictions(material, stored, options.missing_is_wrong);
    if (options.index.empty()) {
      host.context.info(
          "the predictions name retrieved examples; --index would tell their labels.");
    }
  } else if (!options.index.empty()) {
    host.context.info("the predictions name no retrieved examples; the index's nearest are taken.");
    nearest = from_index(options, material, host);
  }
  task::CueSource cues;
  task::Dataset train;
  if (!options.train.empty()) {
    DataChoice choice = options.data;
    choice.keep_unknown_labels = true;
    train = choice.load(options.train, false, host);
    cues = {train.examples, options.train, false};
  } else if (!stored.empty()) {
    cues = {stored, options.index, false};
  } else {
    cues = {material.data.examples, options.input, true};
  }
  const task::AnalysisOptions analysis{options.negative, options.missing_is_wrong,
                                       size_t(options.sentences)};
  task::Analysis result = task::analyse(material.data, material.predictions, nearest, cues,
                                        analysis);
  result.looked_up = !retrieved && !nearest.empty();
  return result;
}

std::vector<task::DoubtfulRow> find_label_noise(const AnalyseOptions& options, const Host& host) {
  if (options.index.empty()) {
    fail("jobs.analyse",
         "--label-noise asks a row's neighbours, too: make an index of the same rows with `relatum "
         "index` and name it with --index.");
  }
  const task::Dataset data = load_data(options, host);
  const auto predictions = load_predictions(options);
  const Material material{data, predictions};
  const Retrieved found = find(options, material, options.neighbours, QueryKind::kTraining, host);
  std::vector<std::vector<task::LabelledNeighbour>> neighbours(material.data.examples.size());
  for (size_t i = 0; i < neighbours.size(); ++i) {
    for (size_t k = 0; k < found.examples[i].size(); ++k) {
      if (!found.examples[i][k].label) continue;
      neighbours[i].push_back({*found.examples[i][k].label, found.references[i][k].similarity});
    }
  }
  return task::doubtful_rows(material.data, material.predictions, neighbours,
                             options.missing_is_wrong);
}

}  // namespace relatum::jobs
