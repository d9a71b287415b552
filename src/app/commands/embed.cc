// relatum embed: sentence embeddings as a NumPy file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"
#include "app/options.h"
#include "app/output_path.h"
#include "io/npy.h"

namespace relatum::app {
namespace {

struct Options {
  MachineOptions machine;
  EmbedderOptions embedder;
  DataOptions data;
  std::string input, out;
};

int run(const Options& o, Environment& environment) {
  o.machine.apply(environment);
  check_output_file(o.out);
  const task::Dataset data = o.data.load(o.input, true, environment);
  retrieve::Embedder embedder = o.embedder.open(environment);
  std::vector<std::string> texts;
  for (const task::Example& example : data.examples) texts.push_back(example.text);
  const Matrix<float> vectors = embedder.embed(texts, environment.context());
  environment.end_progress();
  if (vectors.rows() != int64_t(texts.size())) return kInterrupted;
  io::write_npy(o.out, vectors.view());
  environment.context().info(fmt::format("{} x {} values written to {}", vectors.rows(),
                                         vectors.cols(), o.out));
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  o->embedder.define(app);
  app.add_option("--data", o->input, "Sentences: FORMAT:PATH, or - for JSON lines on stdin")
      ->required();
  o->data.define(app);
  app.add_option("--out", o->out, "NumPy file: N x D float32")->required();
  o->machine.define(app);
  app.footer("Example:\n  relatum embed --embedder all-minilm-l6-v2 --data test.jsonl "
             "--out test.npy");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_embed() {
  static const Command command{"embed", "Write sentence embeddings as a NumPy file", define};
  return command;
}

}  // namespace relatum::app
