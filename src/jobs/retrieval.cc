// The index folder, its embedder, and the way back from stored rows to examples.
#include "jobs/retrieval.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_set>

#include "arch/family.h"
#include "base/error.h"
#include "base/printable.h"
#include "jobs/models_folder.h"
#include "jobs/run_states.h"
#include "retrieve/embedder.h"
#include "retrieve/neighbours.h"
#include "retrieve/store.h"

namespace relatum::jobs {
namespace {

task::Example to_example(const retrieve::StoredExample& stored) {
  task::Example example;
  example.id = stored.id;
  example.text = stored.text;
  example.head = {stored.head.start, stored.head.end, stored.head.type};
  example.tail = {stored.tail.start, stored.tail.end, stored.tail.type};
  example.label = stored.label;
  return example;
}

std::vector<std::string> texts_of(std::span<const task::Example> examples) {
  std::vector<std::string> texts;
  for (const task::Example& example : examples) texts.push_back(example.text);
  return texts;
}

std::vector<std::string> keys_of(const std::vector<std::string>& texts) {
  std::vector<std::string> keys;
  for (const std::string& text : texts) keys.push_back(task::normalised_text(text));
  return keys;
}

// As it was named, seen from the index, where both may have been moved together.
std::filesystem::path run_path(const retrieve::Store& store, const std::filesystem::path& index,
                               const std::string& given) {
  if (!given.empty() && !is_run(given)) {
    fail("jobs.retrieval",
         fmt::format("--embedder {}: the index {} holds states of the run {}, and this is no run. "
                     "Leave the option out, or name that run.",
                     given, index.string(), store.embedder.name));
  }
  const std::filesystem::path run = given.empty() ? (index / store.embedder.name).lexically_normal()
                                                  : std::filesystem::path(given);
  if (is_run(run)) return run;
  fail("jobs.retrieval",
       fmt::format("the index {} holds states of a run, and there is none at {}. Give its folder "
                   "with --embedder.",
                   index.string(), run.string()));
}

std::filesystem::path embedder_path(const retrieve::Store& store, const std::string& given,
                                    const std::string& models, const Host& host) {
  if (!given.empty() && is_run(given)) {
    fail("jobs.retrieval", fmt::format("--embedder {} is a run, and the index was made with the "
                                       "embedder '{}'. Leave the option out.",
                                       given, printable_start(store.embedder.name)));
  }
  if (!given.empty()) return find_model(given, models, host);
  try {
    return find_model(store.embedder.name, models, host);
  } catch (const Error&) {
    fail("jobs.retrieval",
         fmt::format("the index was made with the embedder '{}', and no model has that name here. "
                     "Give its folder with --embedder.",
                     printable_start(store.embedder.name)));
  }
}

// Older indexes say nothing of the pooling; their vectors have the length that the modules leave.
retrieve::EmbedOptions reading(const retrieve::Store& store,
                               const std::optional<std::string>& prefix) {
  return {.prefix = prefix, .for_search = !store.embedder.described.empty()};
}

// The hash is that of the weights; settings, pooling and tokenizer count as well, and show in what
// comes out.
void check_vectors(const retrieve::Store& store, const Matrix<float>& now,
                   const std::filesystem::path& folder) {
  if (now.rows() == 0) return;  // interrupted, or nothing is stored
  const auto then = store.index.row(0);
  double apart = 0, length = 0;
  for (size_t i = 0; i < then.size(); ++i) {
    apart += std::pow(double(now.row(0)[i]) - double(then[i]), 2);
    length += std::pow(double(then[i]), 2);
  }
  // Other instruction sets and threads round otherwise; bf16 keeps 8 bits, each value within 0.4 %.
  constexpr double kSame = 0.05;
  if (std::sqrt(apart) <= kSame * std::sqrt(length)) return;
  fail("jobs.retrieve", fmt::format("{}: the embedder '{}' gives its first example another vector "
                                    "than the index holds: its settings, its pooling or its "
                                    "tokenizer are not what they were. Make the index again.",
                                    folder.string(), store.embedder.name));
}

}  // namespace

struct Retrieval::Parts {
  explicit Parts(retrieve::Store s) : store(std::move(s)) {}

  retrieve::Store store;
  std::optional<retrieve::Embedder> embedder{};  // or `states`
  std::unique_ptr<RunStates> states{};
  std::vector<task::Example> rows{};
  std::vector<std::string> row_keys{};
  std::vector<bool> excluded{};  // empty: none

  Matrix<float> vectors(std::span<const task::Example> examples,
                        const std::optional<std::string>& prefix, const Context& context) {
    if (states) return states->of(examples, context);
    return embedder->embed(texts_of(examples), context, reading(store, prefix));
  }
};

Retrieval::Retrieval(const std::filesystem::path& index, const std::string& embedder,
                     const std::string& models, const Host& host) {
  retrieve::Store store = retrieve::load_store(index);
  const retrieve::EmbedderIdentity made_by = store.embedder;
  parts_ = std::make_unique<Parts>(std::move(store));
  Parts& parts = *parts_;
  for (const auto& stored : parts.store.examples) parts.rows.push_back(to_example(stored));
  parts.row_keys = keys_of(texts_of(parts.rows));
  std::string described;
  std::filesystem::path path;
  if (made_by.run) {
    path = run_path(parts.store, index, embedder);
    parts.states = std::make_unique<RunStates>(
        path, RunStates::Choice{made_by.compute, models, true}, host);
    retrieve::check_embedder(parts.store, path.string(), parts.states->hash(), index);
    described = parts.states->described();
  } else {
    path = embedder_path(parts.store, embedder, models, host);
    const auto files = arch::ModelFiles::open(path);
    retrieve::check_embedder(parts.store, path.string(), arch::weights_hash(files), index);
    parts.embedder.emplace(path, made_by.compute);
    described = parts.embedder->described();
  }
  retrieve::check_described(parts.store, path.string(), described, index);
  const std::span<const task::Example> rows = parts.rows;
  check_vectors(parts.store,
                parts.vectors(rows.first(std::min<size_t>(1, rows.size())), made_by.passage_prefix,
                              Context{}),
                index);
}

Retrieval::~Retrieval() = default;

retrieve::Embedder* Retrieval::embedder() {
  return parts_->embedder ? &*parts_->embedder : nullptr;
}

const std::string& Retrieval::hash() const { return parts_->store.hash; }

int64_t Retrieval::exclude(const std::vector<task::Example>& examples, bool by_id) {
  std::unordered_set<std::string> texts, ids;
  for (const task::Example& example : examples) {
    texts.insert(task::normalised_text(example.text));
    if (by_id) ids.insert(example.id);
  }
  auto& excluded = parts_->excluded;
  excluded.assign(parts_->rows.size(), false);
  for (size_t i = 0; i < excluded.size(); ++i) {
    excluded[i] = texts.contains(parts_->row_keys[i]) || ids.contains(parts_->rows[i].id);
  }
  return std::count(excluded.begin(), excluded.end(), true);
}

ExampleChoice example_choice(int64_t count, const std::string& kind, uint64_t seed) {
  if (kind == kNearestExamples) return {count};
  if (kind == kRandomExamples) return {count, seed};
  fail("jobs.retrieve",
       fmt::format("prompts are to show '{}' examples, and this version knows {} and "
                   "{} ones.",
                   printable_start(kind), kNearestExamples, kRandomExamples));
}

std::string random_identity(const ExampleChoice& choice) {
  return choice.random_seed ? fmt::format("random (seed {})", *choice.random_seed) : "";
}

Retrieved Retrieval::find(std::span<const task::Example> queries, const ExampleChoice& choice,
                          QueryKind kind, const Context& context) {
  Retrieved result;
  if (queries.empty()) return result;
  const Matrix<float> vectors = parts_->vectors(queries, parts_->store.embedder.query_prefix,
                                                context);
  if (vectors.rows() != int64_t(queries.size())) {
    fail("jobs.retrieve", "interrupted while the sentences were embedded.");
  }
  const retrieve::NeighbourOptions options{choice.count, kind == QueryKind::kTraining,
                                           parts_->excluded};
  const std::vector<std::string> keys = keys_of(texts_of(queries));
  std::vector<std::string> ids;
  for (const task::Example& query : queries) ids.push_back(query.id);
  const retrieve::Index& index = parts_->store.index;
  const retrieve::Neighbours found =
      choice.random_seed
          ? retrieve::draw_neighbours(index, {vectors.view(), keys, ids}, parts_->row_keys, options,
                                      *choice.random_seed)
          : retrieve::find_neighbours(index, vectors.view(), keys, parts_->row_keys, options);
  result.overlap = found.overlap;
  for (const auto& neighbours : found.of) {
    auto& examples = result.examples.emplace_back();
    auto& references = result.references.emplace_back();
    for (const retrieve::Neighbour& neighbour : neighbours) {
      examples.push_back(parts_->rows[size_t(neighbour.row)]);
      references.push_back({examples.back().id, neighbour.similarity});
    }
  }
  return result;
}

void settle_labels(task::Dataset& data, const std::filesystem::path& index) {
  const std::filesystem::path file = index / "labels.json";
  if (!std::filesystem::exists(file)) return;  // load_store says what is wrong with the folder
  settle_labels(data, task::load_labels(file), file.string());
}

void settle_labels(task::Dataset& data, const task::Labels& labels, const std::string& place) {
  if (!data.open_labels) {
    for (const std::string& label : labels.names()) data.labels.index(label, place);
    return;
  }
  for (const task::Example& example : data.examples) {
    if (!example.label || labels.find(*example.label)) continue;
    fail("jobs.retrieve", fmt::format("{}: {} The inventory is that of {}.",
                                      task::full_place(data.file, place_of(example)),
                                      task::unknown_label(labels, *example.label), place));
  }
  data.labels = labels;
  data.open_labels = false;
}

}  // namespace relatum::jobs
