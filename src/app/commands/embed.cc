// relatum embed: sentence embeddings as a NumPy file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/command.h"
#include "app/options.h"
#include "app/output.h"
#include "base/atomic_file.h"
#include "base/error.h"
#include "base/parallel_for.h"
#include "base/stopwatch.h"
#include "io/json.h"
#include "io/npy.h"
#include "io/text_file.h"
#include "jobs/output_path.h"
#include "jobs/process_facts.h"
#include "kernels/cpu.h"

namespace relatum::app {
namespace {

struct Options {
  MachineOptions machine;
  EmbedderOptions embedder;
  jobs::DataChoice data;
  std::string input, lines, out;
  std::optional<std::string> prefix;
  bool overwrite = false;
};

/// A file's lines as they are, so that vector i is of line i; a last line end begins none.
std::vector<std::string> plain_lines(const Options& o, Environment& environment) {
  if (o.data.limit && *o.data.limit < 1) {
    fail("app.embed", fmt::format("--limit {}: expected at least 1.", *o.data.limit));
  }
  const bool standard = o.lines == "-";
  const std::string name = standard ? "standard input" : o.lines;
  const std::string text =
      standard
          ? io::plain_text(
                std::string(std::istreambuf_iterator<char>(*environment.host().input), {}), name)
          : io::read_text(o.lines);
  std::vector<std::string> lines;
  io::for_lines(text, [&](std::string_view line, int64_t number) {
    if (o.data.limit && number > *o.data.limit) return;
    if (line.find_first_not_of(" \t") == line.npos) {
      fail("app.embed", fmt::format("{} line {} is empty: expected a sentence in each line. Remove "
                                    "empty lines.",
                                    name, number));
    }
    lines.emplace_back(line);
  });
  if (lines.empty()) {
    fail("app.embed",
         fmt::format("{} is empty: expected one sentence per line. Check the file.", name));
  }
  return lines;
}

std::vector<std::string> texts_of(const Options& o, Environment& environment) {
  if (!o.lines.empty()) return plain_lines(o, environment);
  jobs::DataChoice reading = o.data;
  reading.keep_unknown_labels = true;  // only texts are looked at
  const task::Dataset data = reading.load(o.input, true, environment.host());
  std::vector<std::string> texts;
  for (const task::Example& example : data.examples) texts.push_back(example.text);
  return texts;
}

int run(const Options& o, Environment& environment) {
  const Stopwatch watch;
  o.machine.apply(environment);
  jobs::CommandInputs inputs;
  inputs.add_data(o.input);
  inputs.add_options(o.data);
  inputs.files.emplace_back(o.lines);
  inputs.folders = {o.embedder.path(environment)};
  if (o.out != "-") jobs::check_new_file(o.out, inputs, o.overwrite);
  const std::vector<std::string> texts = texts_of(o, environment);
  retrieve::Embedder embedder = o.embedder.open(environment);
  const double loading = watch.seconds();
  const Matrix<float> vectors = embedder.embed(texts, environment.context(), {.prefix = o.prefix});
  const double seconds = watch.seconds() - loading;
  environment.end_progress();
  if (vectors.rows() != int64_t(texts.size())) return kInterrupted;
  Output output(o.out);
  io::write_npy(vectors.view(), [&](std::string_view bytes) { output.write(bytes); });
  output.commit();
  const double rate = double(texts.size()) / std::max(seconds, 1e-9);
  const nlohmann::json record{{"version", RELATUM_VERSION},
                              {"time", jobs::utc_now()},
                              {"command", environment.arguments()},
                              {"embedder", embedder.name()},
                              {"described", embedder.described()},
                              {"prefix", o.prefix.value_or(embedder.prompts().plain)},
                              {"compute", name_of(embedder.compute())},
                              {"cpu", kernels::cpu_summary()},
                              {"threads", thread_count()},
                              {"data", o.lines.empty() ? o.input : o.lines},
                              {"examples", texts.size()},
                              {"loading_seconds", loading},
                              {"seconds", seconds},
                              {"examples_per_s", rate},
                              {"peak_rss_bytes", jobs::peak_rss()}};
  if (!output.is_stdout()) write_file(o.out + ".run.json", io::dump_json(record, 2) + "\n");
  environment.context().info(fmt::format("{} x {} values written to {} ({:.0f} sentences/s)",
                                         vectors.rows(), vectors.cols(), output_name(o.out), rate));
  return kDone;
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  o->embedder.define(app);
  app.add_option("--prefix", o->prefix,
                 "Text in front of each sentence, e.g. 'query: ' (default: the embedder's default "
                 "prompt)")
      ->group("Embedder");
  CLI::Option* data = app.add_option(
      "--data", o->input,
      "Examples, of which the text counts: FORMAT:PATH, or - for JSON lines from standard input "
      "(this or --lines is needed)");
  CLI::Option* lines = app.add_option(
      "--lines", o->lines, "Plain sentences, one per line: a file, or - for standard input");
  define_data(app, o->data);
  lines->excludes(data);
  for (const char* name : {"--relabel", "--labels", "--skip-bad-rows"}) {
    lines->excludes(app.get_option(name));
  }
  app.add_option("--out", o->out, "NumPy file: N x D float32; -: standard output")->required();
  app.add_flag("--overwrite", o->overwrite, "Replace an existing file");
  o->machine.define(app);
  app.parse_complete_callback([o] {
    if (o->input.empty() && o->lines.empty()) throw CLI::RequiredError("--data or --lines");
  });
  app.footer(
      "Example:\n  relatum embed --embedder all-minilm-l6-v2 --data test.jsonl "
      "--out test.npy\n"
      "  relatum embed --embedder all-minilm-l6-v2 --lines sentences.txt --out sentences.npy");
  return [o](Environment& environment) { return run(*o, environment); };
}

}  // namespace

const Command& command_embed() {
  static const Command command{"embed", "Write sentence embeddings as a NumPy file", define};
  return command;
}

}  // namespace relatum::app
