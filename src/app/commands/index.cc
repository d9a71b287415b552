// relatum index: the retrieval index of a corpus.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "app/command.h"
#include "app/options.h"
#include "app/output_path.h"
#include "app/progress_bar.h"
#include "base/counted.h"
#include "base/error.h"
#include "retrieve/store.h"

namespace relatum::app {
namespace {

struct Options {
  MachineOptions machine;
  EmbedderOptions embedder;
  DataOptions data;
  std::string input, out;
  bool overwrite = false;
};

retrieve::StoredExample to_stored(const task::Example& example) {
  return {example.id, example.text,
          {example.head.start, example.head.end, example.head.type},
          {example.tail.start, example.tail.end, example.tail.type},
          example.label, task::marked_text(example)};
}

int run(const Options& o, Environment& environment) {
  o.machine.apply(environment);
  retrieve::check_store_target(o.out);
  check_new_folder(o.out, o.overwrite);
  CommandInputs inputs;
  inputs.add_data(o.input);
  inputs.add_options(o.data);
  for (const char* name : retrieve::store_files()) {
    check_new_file(std::filesystem::path(o.out) / name, inputs, true);
  }
  const task::Dataset data = o.data.load(o.input, true, environment);
  const int64_t several = task::count_with_several_labels(data.examples);
  if (several) {
    environment.context().warn(fmt::format("{}: {} with several labels, of which retrieved "
                                           "examples show the first.", data.name,
                                           counted(several, "row")));
  }
  retrieve::Embedder embedder = o.embedder.open(environment);
  std::vector<std::string> texts;
  std::vector<retrieve::StoredExample> examples;
  for (const task::Example& example : data.examples) {
    texts.push_back(example.text);
    examples.push_back(to_stored(example));
  }
  const auto start = std::chrono::steady_clock::now();
  const Matrix<float> vectors = embedder.embed(texts, environment.context());
  environment.end_progress();
  if (vectors.rows() != int64_t(texts.size())) return kInterrupted;
  retrieve::Index index(embedder.dimension());
  index.add(vectors.view());
  const std::string compute(name_of(embedder.compute()));  // what "auto" came to
  retrieve::save_store(o.out, {{embedder.name(), embedder.hash(), compute},
                               data.labels.names(), std::move(examples), std::move(index), {}});
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  environment.context().info(fmt::format("{} embedded in {} ({:.0f}/s), index written to {}",
                                         counted(int64_t(texts.size()), "sentence"),
                                         duration_text(time.count()),
                                         double(texts.size()) / time.count(), o.out));
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  o->embedder.define(app);
  app.add_option("--data", o->input, "Sentences to retrieve from: FORMAT:PATH")
      ->required()->group("Data");
  o->data.define(app);
  app.add_option("--out", o->out, "Index folder")->required()->group("Output");
  app.add_flag("--overwrite", o->overwrite, "Replace an existing index")->group("Output");
  o->machine.define(app);
  app.footer("Example:\n  relatum index --embedder all-minilm-l6-v2 "
             "--data semeval2010:TRAIN_FILE.TXT --out index");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_index() {
  static const Command command{"index", "Build a retrieval index from a corpus", define};
  return command;
}

}  // namespace relatum::app
