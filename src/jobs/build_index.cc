// Read, embed, save.
#include "jobs/build_index.h"

#include <fmt/format.h>

#include <vector>

#include "base/counted.h"
#include "base/stopwatch.h"
#include "jobs/output_path.h"
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
  retrieve::Embedder embedder(o.embedder, o.compute);
  embedder.check_search();
  std::vector<std::string> texts;
  std::vector<retrieve::StoredExample> examples;
  for (const task::Example& example : data.examples) {
    texts.push_back(example.text);
    examples.push_back(to_stored(example));
  }
  const Stopwatch watch;
  retrieve::EmbedderIdentity identity{
      embedder.name(),
      embedder.hash(),
      std::string(name_of(embedder.compute())),  // what "auto" came to
      embedder.described(),
      o.query_prefix.value_or(embedder.prompts().query),
      o.passage_prefix.value_or(embedder.prompts().passage)};
  const Matrix<float> vectors = embedder.embed(
      texts, host.context, {.prefix = identity.passage_prefix, .for_search = true});
  host.context.end_progress();
  if (vectors.rows() != int64_t(texts.size())) return false;
  retrieve::Index index(embedder.dimension());
  index.add(vectors.view());
  retrieve::save_store(
      o.out, {std::move(identity), data.labels.names(), std::move(examples), std::move(index), {}});
  const double seconds = watch.seconds();
  host.context.info(fmt::format("{} embedded in {} ({:.0f}/s), index written to {}",
                                counted(int64_t(texts.size()), "sentence"), duration_text(seconds),
                                double(texts.size()) / seconds, o.out));
  return true;
}

}  // namespace relatum::jobs
