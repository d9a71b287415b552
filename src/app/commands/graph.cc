// relatum graph: reads documents and writes a knowledge graph.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/asking_options.h"
#include "app/command.h"
#include "app/options.h"
#include "graph/format.h"
#include "jobs/graph.h"

namespace relatum::app {
namespace {

constexpr int64_t kShownEdges = 20;

struct Options : jobs::GraphOptions {
  MachineOptions machine;
};

// On a terminal, people see the strongest edges; a program gets the graph itself.
void settle_table(Options& o) {
  winsize size{};
  if (!o.out.empty() || !o.format.empty() || o.json || isatty(STDOUT_FILENO) == 0) return;
  o.table = kShownEdges;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20) o.columns = size.ws_col;
}

void define_documents(CLI::App& app, Options& o) {
  app.add_option(
         "documents", o.documents,
         "Documents: files (.txt, .md, .html, .pdf, .jsonl, .csv), folders with all folders "
         "in them, or - for standard input; FORM:PATH for a file of another ending")
      ->required()
      ->type_name("DOCUMENT");
  app.add_option("--text-column", o.text_column,
                 "The key or column of JSON lines and tables that has a document's text")
      ->group("Documents");
  app.add_option("--language", o.language, "Language of the documents, for their sentences' ends")
      ->group("Documents");
  app.add_flag("--skip-bad-rows", o.asking.data.skip_bad_rows,
               "Skip malformed rows and documents with a warning instead of stopping at the first")
      ->group("Documents");
}

void define_entities(CLI::App& app, Options& o) {
  app.add_option("--entities", o.entities,
                 "Run of `relatum finetune --task entities` that finds entities in the documents")
      ->type_name("RUN")
      ->group("Entities");
  define_found_entities(app, o.asking, "Entities");
  app.add_option("--gazetteer", o.gazetteer,
                 "Table of names to look for: columns name, type and, where there are ids, id")
      ->type_name("CSV")
      ->group("Entities");
  app.add_flag("--any-case", o.any_case,
               "Find short names in any case, too (default: those of more than 8 letters)")
      ->group("Entities");
  app.add_flag("--fold-accents", o.fold_accents,
               "Find names whatever accents they are written with")
      ->group("Entities");
  app.add_option("--aliases", o.aliases,
                 "Table of names that stand for others: columns alias and name, and where wanted "
                 "type and id")
      ->type_name("CSV")
      ->group("Entities");
  app.add_option("--similar", o.similar,
                 "Make names of one type one entity from this cosine of their vectors on, as 0.9 "
                 "(--embedder; default: all-minilm-l6-v2)")
      ->check(CLI::Range(0.0, 1.0))
      ->group("Entities");
}

void define_pairs(CLI::App& app, Options& o) {
  app.add_option("--schema", o.schema,
                 "Entity types and relations that the graph may have, and which edges may stand "
                 "together (default: all that the run knows, one between two entities)")
      ->type_name("TOML")
      ->group("Relations");
  app.add_option("--window", o.window, "Sentences that are read together")
      ->check(CLI::Range(int64_t{1}, int64_t{100}))
      ->group("Relations");
  app.add_option("--max-distance", o.most_distance,
                 "Ask only for entities with at most so many characters between them")
      ->check(CLI::NonNegativeNumber)
      ->group("Relations");
  app.add_option("--most-pairs", o.most_pairs,
                 "Ask for at most so many pairs of one sentence or window, the nearest")
      ->check(CLI::PositiveNumber)
      ->group("Relations");
  app.add_flag(
         "--no-types", o.no_types,
         "Ask for pairs of all types, also those that the run's training data had no relation "
         "between")
      ->group("Relations");
  app.add_option("--types", o.asking.types,
                 "Labels by types of the entities, instead of the run's own (a file as for "
                 "`relatum extract`)")
      ->group("Relations");
  app.add_option(
         "--threshold", o.threshold,
         "Edges from this probability on: a number, or dev for the run's own, chosen on its "
         "dev data (default: 0.5, with --multi-label the run's own where it keeps thresholds)")
      ->option_text("P|dev")
      ->group("Relations");
  app.add_flag("--multi-label", o.asking.multi_label,
               "Several labels may stand between one head and one tail")
      ->group("Relations");
  app.add_option("--floor", o.floor,
                 "Keep answers from this probability on as candidates for the choice of edges")
      ->check(CLI::Range(0.0, 1.0))
      ->group("Relations");
  app.add_option(
         "--combine", o.combine,
         "How sure an edge is that several sentences speak for: as the surest of them, or as "
         "if they were independent")
      ->check(CLI::IsMember({"maximum", "noisy-or"}))
      ->group("Relations");
  app.add_option("--labels", o.asking.data.labels,
                 "JSON list of the labels to choose from (default: the run's)")
      ->group("Relations");
  define_asked_negative(app, o.asking, "Relations");
}

std::string formats_help() {
  std::string list;
  for (const graph::GraphFormat* each : graph::graph_formats()) {
    list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", each->name, each->what);
  }
  return list;
}

void define_output(CLI::App& app, Options& o) {
  app.add_option(
         "--out", o.out,
         "File or folder for the graph, - for standard output (default: the strongest edges "
         "on a terminal, otherwise JSON lines)")
      ->group("Output");
  app.add_option("--format", o.format,
                 formats_help() + "; default: by the ending of --out, without one jsonl")
      ->group("Output");
  app.add_option("--base-iri", o.base_iri,
                 "What names begin with in ntriples and turtle, as https://example.org/graph/")
      ->type_name("IRI")
      ->group("Output");
  app.add_option("--into", o.into,
                 "Keep what each document gave in this SQLite file, and read only documents that "
                 "are new or have changed")
      ->type_name("FILE")
      ->group("Output");
  app.add_flag("--sync", o.sync, "Remove documents from --into that are not given any more")
      ->group("Output");
  app.add_flag("--json", o.json, "Print the summary as JSON on standard output")->group("Output");
  app.add_flag("--overwrite", o.asking.overwrite, "Replace an existing file or folder")
      ->group("Output");
}

void define_asking(CLI::App& app, Options& o) {
  define_asked_model(app, o.asking);
  app.add_option("--adapter", o.asking.adapter,
                 "Run folder of `relatum finetune`, or a PEFT adapter's")
      ->type_name("RUN")
      ->group("Model");
  define_force(app, o.asking);
  define_prompts(app, o.asking);
  app.add_flag("--no-calibration", o.asking.no_calibration,
               "Take the model's own probabilities, without the run's temperature")
      ->group("Relations");
  app.add_option("--calibration", o.asking.calibration,
                 "calibration.json to use (default: the one beside the adapter)")
      ->group("Relations");
  define_negligible(app, o.asking, "Relations");
  define_batch_tokens(app, o.asking, "Relations");
}

Action define(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  define_documents(app, *o);
  define_asking(app, *o);
  define_entities(app, *o);
  define_pairs(app, *o);
  define_output(app, *o);
  o->machine.define(app);
  app.footer(
      "Examples:\n"
      "  relatum graph --adapter run --gazetteer names.csv notes/          # look at it\n"
      "  relatum graph --adapter run --gazetteer names.csv --schema schema.toml --out graph.html "
      "notes/\n"
      "  relatum graph --adapter run --gazetteer names.csv --into graph.sqlite --sync notes/\n"
      "  relatum graph --adapter run --entities names-run notes/\n"
      "  relatum graph --adapter joint-run notes/\n"
      "Entities are found by an adapter of `finetune --task joint` itself, by the gazetteer or a "
      "run of\n`finetune --task entities`, or stand in documents that are JSON lines:\n"
      "  {\"id\": \"d1\", \"text\": \"Mira Holm started Pixelwerk.\",\n"
      "   \"entities\": [{\"id\": \"T1\", \"start\": 0, \"end\": 9, \"type\": \"PERSON\"}, …]}\n"
      "Every two of a sentence (or of --window sentences) are asked for by the run; of what it "
      "answers,\neach document's most probable set of edges that the schema allows is taken. Each "
      "edge tells its\nsentences and its probability. With --into, a run that was killed goes on "
      "where it was.");
  return [o](Environment& environment) {
    o->machine.apply(environment);
    settle_table(*o);
    return jobs::graph(*o, environment.host()).finished ? kDone : kInterrupted;
  };
}

}  // namespace

const Command& command_graph() {
  static const Command command{"graph", "Make a knowledge graph of documents", define};
  return command;
}

}  // namespace relatum::app
