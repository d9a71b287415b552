// The stages of a graph, in order.
#include "jobs/graph.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "base/atomic_file.h"
#include "base/counted.h"
#include "base/durable.h"
#include "base/error.h"
#include "base/stopwatch.h"
#include "jobs/answer_rule.h"
#include "jobs/extract_blocks.h"
#include "jobs/graph_record.h"
#include "jobs/graph_table.h"
#include "jobs/style_choice.h"

namespace relatum::jobs {
namespace {

graph::DocumentOptions reading_of(const GraphOptions& o, const Host& host) {
  graph::DocumentOptions options;
  options.fields.text = o.text_column;
  options.skip_bad = o.asking.data.skip_bad_rows;
  options.input = host.input;
  return options;
}

// Removes documents that are gone, where all that there are could be read.
int64_t remove_gone(const GraphOptions& o, const GraphReading& reading, graph::GraphStore& store,
                    const Context& context) {
  if (!o.sync) return 0;
  if (reading.counts().documents.bad.empty()) return store.remove_others(reading.ids());
  context.warn("--sync: some documents could not be read, so none is removed.");
  return 0;
}

void tell_rules(const GraphSetup& setup, const Answerer& answerer, const Context& context) {
  const ExtractSetup& of_run = setup.adapters[0].setup;
  const bool trained = of_run.run && of_run.run->prompt_hash == task::style_hash(of_run.style);
  if (!trained) {
    tell_lost_characters(of_run.style, answerer.session().tokenizer(), context);
  }
  const std::string rule = rule_text(answerer.rule(), answerer.renderer().labels());
  const double threshold = setup.rules.choice.threshold;
  context.info(fmt::format("edges: from a probability of {:.3g} on{}{}", threshold,
                           rule.empty() ? "" : ", ", rule));
}

void tell_reading(const GraphCounts& counts, const Context& context) {
  for (const std::string& note : counts.documents.notes) context.info(note);
  for (const std::string& bad : counts.documents.bad) context.warn("left out: " + bad);
  if (counts.too_long) {
    context.warn(fmt::format(
        "{}. {} left out.", counts.first_too_long,
        counts.too_long == 1 ? "This pair is" : fmt::format("{} such pairs are", counts.too_long)));
  }
  if (counts.kept && counts.mentions == 0) {
    context.warn("no entity was found in the documents that were read.");
  }
}

void tell_result(const GraphFigures& figures, const Context& context) {
  for (const std::string& line : graph_sentences(figures)) context.info(line);
  if (figures.graph.unproven) {
    context.warn(
        fmt::format("unproven: in {} another set of edges may be more probable than the "
                    "one that was chosen.",
                    counted(figures.graph.unproven, "document")));
  }
}

void write_graph(const GraphOptions& o, const GraphSetup& setup, const graph::GraphStore& store,
                 const nlohmann::ordered_json& record, const Host& host) {
  const std::string& run = o.asking.adapter.empty() ? setup.adapters[0].setup.model
                                                    : o.asking.adapter;
  const graph::ExportRules rules{o.base_iri, graph::named_documents(setup.files),
                                 graph::name_of_path(run)};
  const bool is_output = o.out.empty() || o.out == "-";
  if (setup.format && is_output) {
    setup.format->stream(store, rules, host.output);
  } else if (setup.format) {
    graph::export_graph(store, *setup.format, rules, o.out);
    write_file(o.out + ".run.json", record.dump(1) + "\n");
    host.context.info(fmt::format("written to {} as {}", o.out, setup.format->name));
  }
  if (o.table > 0 && o.out.empty() && !o.json) {
    const std::string table = strongest_edges(store, o.table, o.columns);
    host.output(table.empty() ? std::string("no edge\n") : table);
  }
  if (!o.into.empty()) host.context.info(fmt::format("kept in {}", o.into));
  if (o.json) host.output(record.dump(1) + "\n");
}

GraphResult interrupted(const GraphOptions& o, int64_t documents, const Context& context) {
  context.end_progress();
  context.info(o.into.empty()
                   ? std::string("interrupted; nothing was written.")
                   : fmt::format("interrupted; {} kept in {}. The same command goes on.",
                                 counted(documents, "document is", "documents are"), o.into));
  return {};
}

}  // namespace

GraphResult graph(const GraphOptions& options, const Host& host) {
  const Stopwatch watch;
  const Context& context = host.context;
  GraphSetup setup = settle_graph(options, host);
  std::optional<graph::GraphStore> store;
  std::error_code ignored;
  // One that is there is looked at before a model is opened; a new one is made after that.
  const bool is_there = !options.into.empty() && std::filesystem::exists(options.into, ignored);
  if (is_there) store.emplace(options.into);
  Answerer answerer(setup.asking, setup.adapters[0].setup, setup.pairs.labels, host);
  tell_rules(setup, answerer, context);
  open_finder(answerer, setup);
  const GraphSettings settings = graph_settings(setup, answerer);
  const GraphIdentity identity = graph_identity(setup, settings);
  if (!store) {
    create_folders(folder_of(options.into));
    store.emplace(options.into);
  }
  GraphReading reading(setup, identity, answerer, *store, context);
  GraphFigures figures;
  try {
    reading.run(reading_of(options, host));
    context.end_progress();
    figures.counts = reading.counts();
    figures.removed = remove_gone(options, reading, *store, context);
    tell_reading(figures.counts, context);
    figures.graph = store->finish(setup.rules, context);
  } catch (const Stopped&) {
    return interrupted(options, int64_t(store->ids().size()), context);
  } catch (const Error&) {
    context.end_progress();
    if (!context.stopping()) throw;
    return interrupted(options, int64_t(store->ids().size()), context);
  }
  figures.seconds = watch.seconds();
  tell_result(figures, context);
  write_graph(options, setup, *store, graph_record(options, setup, settings, figures, host), host);
  return {true};
}

}  // namespace relatum::jobs
