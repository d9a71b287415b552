// relatum index: the retrieval index of a corpus.
#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"
#include "app/options.h"
#include "app/stage_options.h"
#include "jobs/build_index.h"

namespace relatum::app {
namespace {

struct Options {
  MachineOptions machine;
  EmbedderOptions embedder;
  jobs::IndexOptions index;
};

int run(Options& o, Environment& environment) {
  o.machine.apply(environment);
  o.index.embedder = o.embedder.path(environment);
  o.index.compute = o.embedder.compute;
  o.index.models = o.embedder.models;
  return jobs::build_index(o.index, environment.host()) ? kDone : kInterrupted;
}

std::shared_ptr<Options> define_all(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  o->embedder.define(app);
  app.get_option("--embedder")
      ->description(
          "A name from `relatum models`, or a folder; a run of `relatum finetune` is its own "
          "embedder: it finds sentences near that it is about to answer alike");
  app.add_option("--query-prefix", o->index.query_prefix,
                 "Text in front of each sentence that is looked up, e.g. 'query: '; kept in the "
                 "index (default: what the embedder's own files say)")
      ->group("Embedder");
  app.add_option("--passage-prefix", o->index.passage_prefix,
                 "Text in front of each sentence of the index, e.g. 'passage: ' (default: what the "
                 "embedder's own files say)")
      ->group("Embedder");
  app.add_option("--data", o->index.input, "Sentences to retrieve from: FORMAT:PATH")
      ->required()
      ->group("Data");
  define_data(app, o->index.data);
  app.add_option("--out", o->index.out, "Index folder")->required()->group("Output");
  app.add_flag("--overwrite", o->index.overwrite, "Replace an existing index")->group("Output");
  o->machine.define(app);
  app.footer(
      "Example:\n  relatum index --embedder all-minilm-l6-v2 "
      "--data semeval2010:TRAIN_FILE.TXT --out index\n"
      "  relatum index --embedder run --data semeval2010:TRAIN_FILE.TXT --out index");
  return o;
}

Action define(CLI::App& app) {
  const auto o = define_all(app);
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

jobs::IndexOptions index_options(const std::vector<std::string>& arguments) {
  CLI::App app;
  const auto o = define_all(app);
  parse_arguments(app, arguments);
  o->index.compute = o->embedder.compute;
  o->index.models = o->embedder.models;
  return o->index;
}

const Command& command_index() {
  static const Command command{"index", "Build a retrieval index from a corpus", define};
  return command;
}

}  // namespace relatum::app
