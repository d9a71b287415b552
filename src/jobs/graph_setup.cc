// Options against one another, against what the run says, and against what lies there.
#include "jobs/graph_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/counted.h"
#include "base/error.h"
#include "base/known_names.h"
#include "base/printable.h"
#include "graph/sentences.h"
#include "jobs/answer_rule.h"
#include "jobs/entity_model.h"
#include "jobs/models_folder.h"
#include "jobs/name_similarity.h"
#include "jobs/output_path.h"
#include "jobs/without_effect.h"
#include "text/unicode.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPlace = "jobs.graph";

// Options that are right or wrong whatever lies on the disk.
void check_options(const GraphOptions& o) {
  graph::SentenceSplitter(graph::SentenceRules{.language = o.language});  // refuses a language
  check_probabilities(o.asking);
  if (o.sync && o.into.empty()) {
    fail(kPlace,
         "--sync removes documents that are gone from the store that --into names. Give "
         "--into, or leave --sync out.");
  }
  if (o.json && o.out.empty() && o.into.empty()) {
    fail(kPlace,
         "--json prints the summary on standard output, so the graph needs another place. "
         "Name it by --out or --into.");
  }
  if (o.json && o.out == "-") {
    fail(kPlace, "--json and --out - both write to standard output. Name a file by --out.");
  }
  if (o.sync && std::ranges::find(o.documents, "-") != o.documents.end()) {
    fail(kPlace,
         "--sync needs all documents that there are, and standard input does not tell "
         "which those are. Name files or folders.");
  }
}

// Throws Error where a next run would read an output as a document.
void check_no_document(const fs::path& path, bool is_folder, const graph::DocumentFiles& files) {
  std::error_code ignored;
  const fs::path out = fs::weakly_canonical(path, ignored);
  for (const graph::DocumentFolder& each : files.folders) {
    const bool has_form = is_folder || each.form || graph::form_of_ending(path.filename().string());
    const fs::path inside = out.lexically_relative(fs::weakly_canonical(each.path, ignored));
    if (!has_form || inside.empty() || *inside.begin() == "..") continue;
    fail(kPlace, fmt::format("{} lies in a folder whose documents are read, and would be one of "
                             "them the next time. Write to another folder.",
                             path.string()));
  }
}

CommandInputs inputs_of(const GraphOptions& o, const graph::DocumentFiles& files) {
  CommandInputs inputs;
  for (const graph::DocumentFile& each : files.files) {
    if (!each.is_input) inputs.files.push_back(each.path);
  }
  for (const std::string& file :
       {o.schema, o.gazetteer, o.aliases, o.asking.types, o.asking.calibration}) {
    inputs.files.emplace_back(file);
  }
  inputs.add_options(o.asking.data);
  inputs.folders = {o.asking.adapter, o.entities, o.asking.model.model, o.asking.index};
  return inputs;
}

void check_outputs(const GraphOptions& o, const graph::GraphFormat* format,
                   const graph::DocumentFiles& files) {
  const CommandInputs inputs = inputs_of(o, files);
  if (!o.into.empty()) {
    check_not_read(o.into, inputs);
    check_no_document(o.into, false, files);
  }
  if (!format) return;
  if (o.out.empty() || o.out == "-") {
    if (format->stream) return;
    fail(kPlace, fmt::format("{} is no text for standard output. Name a {} by --out.", format->name,
                             format->ending.empty() ? "folder" : "file"));
  }
  std::error_code ignored;
  if (!o.into.empty() &&
      fs::weakly_canonical(o.out, ignored) == fs::weakly_canonical(o.into, ignored)) {
    fail(kPlace, fmt::format("--out and --into both name {}. Leave --out out: the store holds the "
                             "graph.",
                             o.out));
  }
  check_no_document(o.out, format->ending.empty(), files);
  if (!format->ending.empty()) return check_new_file(o.out, inputs, o.asking.overwrite);
  check_output_folder(o.out);
  check_new_folder(o.out, o.asking.overwrite);
}

graph::DocumentFiles list_documents(const GraphOptions& o, const Context& context) {
  graph::DocumentFiles files = graph::find_documents(o.documents);
  const std::string over = graph::passed_over(files);
  if (!files.files.empty()) {
    if (!over.empty()) context.info(over);
    return files;
  }
  fail(kPlace, fmt::format("{} no document in {}. Documents are .txt, .md, .html, .pdf, .jsonl and "
                           ".csv files.",
                           over.empty() ? "there is" : over + " There is",
                           printable_start(o.documents.at(0))));
}

double number_of(const std::string& text) {
  const auto value = probability_of(text);
  if (value && *value > 0 && *value < 1) return *value;
  fail(kPlace, fmt::format("--threshold {}: expected a number between 0 and 1, or dev for the one "
                           "that was chosen on dev data.",
                           printable_start(text)));
}

// Of the rule for probabilities the threshold: below it no edge stands alone.
graph::ChoiceOptions choice_of(const GraphOptions& o, const ExtractSetup& setup,
                               const task::Labels& labels) {
  graph::ChoiceOptions choice;
  choice.several_labels = o.asking.multi_label;
  ExtractOptions asked = o.asking;
  asked.answer = "scored";
  asked.threshold = o.threshold;
  if (o.threshold == "dev") check_answer_rule(asked);
  if (needs_kept_threshold(asked) && (o.threshold == "dev" || setup.calibration)) {
    choice.threshold = answer_rule(asked, setup, labels).threshold.value();
  } else if (!o.threshold.empty()) {
    choice.threshold = number_of(o.threshold);
  }
  return choice;
}

task::Labels labels_of(const GraphOptions& o, const ExtractSetup& setup) {
  if (!o.asking.data.labels.empty()) return task::load_labels(o.asking.data.labels);
  if (setup.labels) return *setup.labels;
  fail(kPlace,
       fmt::format("{} has no labels.json that says which relations it knows. Give --labels, "
                   "a JSON list.",
                   o.asking.adapter.empty() ? "the model" : o.asking.adapter));
}

void tell_floor(double threshold, double floor, const Context& context) {
  if (threshold >= floor) return;
  context.warn(
      fmt::format("no edge will have a probability between the threshold, {:.3g}, and "
                  "--floor {:.3g}, below which answers are not kept. Lower --floor to "
                  "have such edges.",
                  threshold, floor));
}

// Relations that one knows and the other does not.
void tell_schema(const GraphPairRules& pairs, const std::string& file, const Context& context) {
  if (pairs.schema.relations().empty()) return;
  std::vector<std::string> unknown, foreign;
  const std::vector<EdgeLabel> labels = edge_labels(pairs.labels, pairs.negative);
  size_t common = 0;
  for (const EdgeLabel& label : labels) {
    if (label.negative) continue;
    if (pairs.schema.find(label.relation)) ++common;
    else if (std::ranges::find(foreign, label.relation) == foreign.end()) {
      foreign.push_back(label.relation);
    }
  }
  for (const graph::RelationType& each : pairs.schema.relations()) {
    const auto is_it = [&](const EdgeLabel& label) { return label.relation == each.name; };
    if (std::ranges::none_of(labels, is_it)) unknown.push_back(each.name);
  }
  if (common == 0) {
    fail(kPlace, fmt::format("{}: none of its relations is one of the run's labels, which are {}. "
                             "Call them as the run does.",
                             file, first_names(pairs.labels.names())));
  }
  if (!foreign.empty()) {
    context.info(fmt::format("labels that the schema lacks, and that no edge will have: {}",
                             first_names(foreign)));
  }
  if (!unknown.empty()) {
    context.info(fmt::format("relations of the schema that are none of the run's labels: {}",
                             first_names(unknown)));
  }
}

// Opened before documents are read, as an embedder that is not there is refused then.
void settle_similarity(const GraphOptions& o, const Host& host, GraphSetup& setup) {
  if (!o.similar) {
    if (o.asking.embedder.empty() || !o.asking.index.empty()) return;
    return warn_without_effect({"--embedder"}, "--similar or --index", host.context);
  }
  const std::string& named = o.asking.embedder;
  const fs::path folder = find_model(named.empty() ? kUsualEmbedder : named, o.asking.model.models,
                                     host);
  setup.rules.merge.similarity = name_similarity(folder, *o.similar, host.context);
  setup.rules.merge.similarity_threshold = *o.similar;
}

// JSON lines where there is no ending.
std::string format_of_ending(const std::string& out) {
  const std::string ending = fs::path(out).extension().string();
  if (ending.empty()) return "jsonl";
  std::string files, folders;
  for (const graph::GraphFormat* each : graph::graph_formats()) {
    if (each->ending == text::full_lower_case(ending)) return std::string(each->name);
    if (each->ending.empty()) folders += fmt::format(", or by --format {} a folder", each->name);
    else files += fmt::format("{}{}", files.empty() ? "" : ", ", each->ending);
  }
  fail(kPlace, fmt::format("--out {}: no form of graphs has the ending '{}'. Use {}{}, or name the "
                           "form by --format.",
                           printable_start(out), printable_start(ending), files, folders));
}

ExtractOptions asking_of(const GraphOptions& o) {
  ExtractOptions asking = o.asking;
  asking.answer = "scored";
  asking.scores = true;      // each label may be an edge
  asking.threshold.clear();  // which edges stand is the graph's affair
  asking.multi_label = false;
  asking.data.skip_bad_rows = true;  // a pair that is too long for the model is left out
  const fs::path kept = fs::path(asking.adapter) / "types.json";
  std::error_code ignored;
  const bool has_types = !asking.adapter.empty() && fs::exists(kept, ignored);
  asking.constrain_types = !o.no_types && has_types && asking.types.empty();
  return asking;
}

// Somebody has to name the relations.
void check_adapter(const GraphOptions& o) {
  const std::string& folder = o.asking.adapter;
  if (folder.empty() && o.asking.model.model.empty()) {
    fail(kPlace,
         "nothing says which relations entities have. Name a run of `relatum finetune` by "
         "--adapter.");
  }
  if (const auto run = entity_run(folder); run && finds_entities(*run)) {
    fail(kPlace, fmt::format("{} is a run that finds entities and names no relations. Give it as "
                             "--entities {}, and after --adapter a run that learned relations.",
                             folder, folder));
  }
}

}  // namespace

const graph::GraphFormat& graph_format_of(const GraphOptions& o) {
  const std::string name = o.format.empty() ? format_of_ending(o.out) : o.format;
  const graph::GraphFormat& format = graph::find_graph_format(name);
  graph::check_export(format, {o.base_iri});
  return format;
}

GraphSetup settle_graph(const GraphOptions& o, const Host& host) {
  check_options(o);
  check_adapter(o);
  GraphSetup setup;
  const bool is_file = !o.out.empty() || (o.table == 0 && o.into.empty() && !o.json);
  if (is_file || !o.format.empty()) setup.format = &graph_format_of(o);
  std::vector<std::string> without;
  if (!o.base_iri.empty() && !(setup.format && setup.format->needs_base)) {
    without.emplace_back("--base-iri");
  }
  warn_without_effect(without, "--format ntriples or turtle", host.context);
  setup.language = o.language;
  setup.files = list_documents(o, host.context);
  check_outputs(o, setup.format, setup.files);
  if (!o.schema.empty()) setup.rules.schema = graph::Schema::load(o.schema);
  if (!o.aliases.empty()) setup.rules.merge.aliases = graph::Aliases::load(o.aliases);
  settle_similarity(o, host, setup);
  setup.rules.combine = o.combine == "noisy-or" ? graph::Combine::kNoisyOr
                                                : graph::Combine::kMaximum;
  setup.asking = asking_of(o);
  setup.adapters = settle_adapters(setup.asking, host);
  const ExtractSetup& of_run = setup.adapters[0].setup;
  GraphPairRules& pairs = setup.pairs;
  pairs.labels = labels_of(o, of_run);
  pairs.negative = negative_index(pairs.labels, named_negative(setup.asking, of_run));
  pairs.schema = setup.rules.schema;
  if (!setup.asking.types.empty()) {
    pairs.types = task::TypeConstraints::load(setup.asking.types);
  } else if (setup.asking.constrain_types) {
    pairs.types = task::TypeConstraints::load(fs::path(setup.asking.adapter) / "types.json");
  }
  pairs.window = size_t(o.window);
  pairs.most_distance = o.most_distance;
  pairs.most_pairs = o.most_pairs;
  pairs.floor = o.floor;
  tell_schema(pairs, o.schema, host.context);
  if (!pairs.negative) {
    host.context.warn(
        "none of the run's labels means that there is no relation, so every pair of "
        "entities is given the likeliest one (--negative names such a label).");
  }
  setup.rules.choice = choice_of(o, of_run, pairs.labels);
  tell_floor(setup.rules.choice.threshold, o.floor, host.context);
  make_finders(o, host, setup);
  return setup;
}

}  // namespace relatum::jobs
