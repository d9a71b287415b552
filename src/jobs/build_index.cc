// Read, embed, save.
#include "jobs/build_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

#include "base/counted.h"
#include "base/error.h"
#include "base/stopwatch.h"
#include "jobs/output_path.h"
#include "jobs/run_states.h"
#include "retrieve/embedder.h"
#include "retrieve/store.h"

namespace relatum::jobs {
namespace {

retrieve::StoredExample to_stored(const task::Example& example) {
  return {example.id,
          example.text,
          {example.head.start, example.head.end, example.head.type},
          {example.tail.start, example.tail.end, example.tail.type},
          example.label,
          task::marked_text(example)};
}

void check_target(const IndexOptions& o) {
  retrieve::check_store_target(o.out);
  check_new_folder(o.out, o.overwrite);
  CommandInputs inputs;
  inputs.add_data(o.input);
  inputs.add_options(o.data);
  for (const char* name : retrieve::store_files()) {
    check_new_file(std::filesystem::path(o.out) / name, inputs, true);
  }
}

// The vectors of all sentences, fewer where the host stopped it, and what made them.
struct Vectors {
  Matrix<float> rows;
  retrieve::EmbedderIdentity made_by;
  double seconds = 0;  ///< without opening the model
};

Vectors by_embedder(const IndexOptions& o, const task::Dataset& data, const Context& context) {
  retrieve::Embedder embedder(o.embedder, o.compute);
  embedder.check_search();
  retrieve::EmbedderIdentity identity{
      embedder.name(),
      embedder.hash(),
      std::string(name_of(embedder.compute())),  // what "auto" came to
      embedder.described(),
      o.query_prefix.value_or(embedder.prompts().query),
      o.passage_prefix.value_or(embedder.prompts().passage)};
  std::vector<std::string> texts;
  for (const task::Example& example : data.examples) texts.push_back(example.text);
  const Stopwatch watch;
  Matrix<float> rows = embedder.embed(texts, context,
                                      {.prefix = identity.passage_prefix, .for_search = true});
  return {std::move(rows), std::move(identity), watch.seconds()};
}

Vectors by_run(const IndexOptions& o, const task::Dataset& data, const Host& host) {
  if (o.query_prefix || o.passage_prefix) {
    fail("jobs.index",
         fmt::format("{} is a run, which reads prompts of its own style, and {} is for embedders. "
                     "Leave it out.",
                     o.embedder.string(), o.query_prefix ? "--query-prefix" : "--passage-prefix"));
  }
  RunStates states(o.embedder, {o.compute, o.models, o.data.skip_bad_rows}, host);
  const Stopwatch watch;
  Matrix<float> rows = states.of(data.examples, host.context);
  host.context.end_progress();
  if (states.too_long()) {
    host.context.warn(fmt::format("{} longer than the run's context, and left out.",
                                  counted(states.too_long(), "sentence")));
  }
  namespace fs = std::filesystem;
  const auto whole = [](const fs::path& path) { return fs::weakly_canonical(fs::absolute(path)); };
  const fs::path seen = whole(o.embedder).lexically_relative(whole(o.out));
  retrieve::EmbedderIdentity identity{seen.string(), states.hash(), states.compute(),
                                      states.described()};
  identity.run = true;
  return {std::move(rows), std::move(identity), watch.seconds()};
}

}  // namespace

bool build_index(const IndexOptions& o, const Host& host) {
  check_target(o);
  const task::Dataset data = o.data.load(o.input, true, host);
  if (const int64_t several = task::count_with_several_labels(data.examples)) {
    host.context.warn(
        fmt::format("{}: {} with several labels, of which retrieved examples show "
                    "the first.",
                    data.name, counted(several, "row")));
  }
  Vectors vectors = is_run(o.embedder) ? by_run(o, data, host) : by_embedder(o, data, host.context);
  host.context.end_progress();
  if (vectors.rows.rows() != int64_t(data.examples.size())) return false;
  std::vector<retrieve::StoredExample> examples;
  retrieve::Index index(vectors.rows.cols());
  for (int64_t i = 0; i < vectors.rows.rows(); ++i) {
    const std::span<const float> row(vectors.rows.row(i), size_t(vectors.rows.cols()));
    if (vectors.made_by.run && std::ranges::all_of(row, [](float x) { return x == 0; })) continue;
    examples.push_back(to_stored(data.examples[size_t(i)]));
    index.add(vectors.rows.view().rows_from(i, 1));
  }
  const int64_t count = index.size();
  if (count == 0 && !data.examples.empty()) {
    fail("jobs.index", fmt::format("{}: every sentence is longer than the context of {}, so there "
                                   "is nothing to find. Use another embedder.",
                                   data.name, o.embedder.string()));
  }
  retrieve::save_store(
      o.out,
      {std::move(vectors.made_by), data.labels.names(), std::move(examples), std::move(index), {}});
  const double seconds = std::max(1e-9, vectors.seconds);
  host.context.info(fmt::format("{} embedded in {} ({:.0f}/s), index written to {}",
                                counted(count, "sentence"), duration_text(seconds),
                                double(count) / seconds, o.out));
  return true;
}

}  // namespace relatum::jobs
