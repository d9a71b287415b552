// The finders that options ask for, as one.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/counted.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/known_names.h"
#include "graph/list_finders.h"
#include "jobs/entity_model.h"
#include "jobs/extract_task.h"
#include "jobs/graph_setup.h"
#include "jobs/learned_entities.h"
#include "jobs/without_effect.h"

namespace relatum::jobs {
namespace {

// What finds entities in plain texts, in words, and the types that it gives them.
struct Found {
  std::vector<std::string> sources;
  std::set<std::string> types;
};

std::unique_ptr<graph::EntityFinder> open_gazetteer(const GraphOptions& o, const Host& host,
                                                    Found& found) {
  graph::GazetteerRules rules;
  if (o.any_case) rules.ignore_case_above = 0;
  rules.fold_accents = o.fold_accents;
  rules.skip_bad_rows = o.asking.data.skip_bad_rows;
  graph::Gazetteer gazetteer(rules);
  gazetteer.read(o.gazetteer);
  for (const std::string& note : gazetteer.notes()) host.context.info(note);
  for (const std::string& row : gazetteer.bad_rows()) host.context.warn(row);
  host.context.info(
      fmt::format("gazetteer: {} in {}", counted(gazetteer.names(), "name"), o.gazetteer));
  found.sources.emplace_back("the gazetteer");
  found.types.merge(gazetteer.types());
  std::string identity = fmt::format("gazetteer {} any_case={} accents={}",
                                     sha256_file(o.gazetteer), o.any_case, o.fold_accents);
  return graph::gazetteer_finder(std::move(gazetteer), std::move(identity));
}

// Of a run's types those that the options name, else those that the schema has; empty: all.
std::vector<std::string> asked_types(const ExtractOptions& o, const graph::Schema& schema,
                                     const std::vector<std::string>& types) {
  if (!o.entity_types.empty()) return o.entity_types;
  std::vector<std::string> asked;
  for (const std::string& each : types) {
    if (schema.allows_type(each)) asked.push_back(each);
  }
  if (asked.size() == types.size()) asked.clear();
  return asked;
}

// On its own base, in the machine's terms that the relations' run is asked in.
std::unique_ptr<graph::EntityFinder> open_run(const GraphOptions& o,
                                              const std::vector<std::string>& types,
                                              const Host& host) {
  ExtractOptions asked = o.asking;
  asked.entities = o.entities;
  asked.entity_types = types;
  return learned_entities(finding_options(asked), host);
}

void add_run(const std::string& folder, const RunInfo& run, Found& found) {
  found.sources.push_back(folder);
  found.types.insert(run.entities->types.begin(), run.entities->types.end());
}

// Types that the schema has and what finds entities does not, and the other way round: a letter of
// another case makes a graph without edges.
void tell_types(const graph::Schema& schema, const Found& found, bool may_be_given,
                const Context& context) {
  if (found.sources.empty()) return;
  const std::set<std::string> missing = schema.missing_types(found.types);
  std::vector<std::string> foreign;
  for (const std::string& each : found.types) {
    if (!schema.allows_type(each)) foreign.push_back(each);
  }
  const std::string sources = fmt::format("{}", fmt::join(found.sources, " and "));
  if (!missing.empty()) {
    context.info(
        fmt::format("types that the schema's relations are between, and that {} {} not "
                    "find{}: {}",
                    sources, found.sources.size() > 1 ? "do" : "does",
                    may_be_given ? " (entities that documents list may have them)" : "",
                    first_names({missing.begin(), missing.end()})));
  }
  if (!foreign.empty()) {
    context.info(
        fmt::format("types that {} {} and the schema lacks, so that no entity has them: "
                    "{}",
                    sources, found.sources.size() > 1 ? "find" : "finds", first_names(foreign)));
  }
  if (!found.types.empty() && foreign.size() == found.types.size()) {
    context.warn(
        fmt::format("the schema has none of the types that {} {}, so nothing of that is in "
                    "the graph. Call them as {}.",
                    sources, found.sources.size() > 1 ? "find" : "finds",
                    found.sources.size() > 1 ? "they do" : "it does"));
  }
}

}  // namespace

void make_finders(const GraphOptions& o, const Host& host, GraphSetup& setup) {
  const bool may_be_given = std::ranges::any_of(setup.files.files,
                                                [](const graph::DocumentFile& each) {
    return each.form.value_or(graph::DocumentForm::kJsonLines) == graph::DocumentForm::kJsonLines;
  });
  const auto& run = setup.adapters[0].setup.run;
  const bool named = !o.gazetteer.empty() || !o.entities.empty();
  setup.finds_itself = !named && run && run->joint;
  if (!named && !setup.finds_itself && !may_be_given) {
    fail("jobs.graph",
         "nothing says which entities the documents have. Name a run that finds them by --entities "
         "(`relatum finetune --task entities`) or a table of names by --gazetteer, give an "
         "--adapter of `finetune --task joint`, or documents as JSON lines that list their "
         "\"entities\".");
  }
  setup.finders.push_back(graph::given_finder());
  Found found;
  if (setup.finds_itself) {
    asked_classes(o.asking, *run->entities);
    setup.entity_types = asked_types(o.asking, setup.rules.schema, run->entities->types);
    add_run(o.asking.adapter, *run, found);
  }
  if (!o.entities.empty()) {
    check_entity_run(o.entities);
    const RunInfo finding = entity_run(o.entities).value();
    setup.entity_types = asked_types(o.asking, setup.rules.schema, finding.entities->types);
    setup.finders.push_back(open_run(o, setup.entity_types, host));
    add_run(o.entities, finding, found);
  }
  if (!o.gazetteer.empty()) setup.finders.push_back(open_gazetteer(o, host, found));
  tell_types(setup.rules.schema, found, may_be_given, host.context);
  std::vector<std::string> without;
  if (o.entities.empty() && !setup.finds_itself) {
    warn_without_effect(finding_flags(o.asking), "a run that finds entities", host.context);
  }
  if (o.gazetteer.empty() && o.any_case) without.emplace_back("--any-case");
  if (o.gazetteer.empty() && o.fold_accents) without.emplace_back("--fold-accents");
  warn_without_effect(without, "--gazetteer", host.context);
}

void open_finder(const Answerer& answerer, GraphSetup& setup) {
  const NamedSetup& of_run = setup.adapters[0];
  if (setup.finds_itself) {
    const RunInfo& run = of_run.setup.run.value();
    ExtractOptions asked = of_run.options;
    asked.entity_types = setup.entity_types;
    setup.finders.push_back(learned_entities(asked, run, answerer));
  }
  setup.finder = std::make_unique<graph::EntityFinders>(std::move(setup.finders));
}

}  // namespace relatum::jobs
