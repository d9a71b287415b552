// The finders that options ask for, as one.
#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "base/error.h"
#include "base/hash.h"
#include "graph/list_finders.h"
#include "jobs/graph_setup.h"
#include "jobs/learned_entities.h"
#include "jobs/without_effect.h"

namespace relatum::jobs {
namespace {

std::unique_ptr<graph::EntityFinder> open_gazetteer(const GraphOptions& o, const Host& host) {
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
  std::string identity = fmt::format("gazetteer {} any_case={} accents={}",
                                     sha256_file(o.gazetteer), o.any_case, o.fold_accents);
  return graph::gazetteer_finder(std::move(gazetteer), std::move(identity));
}

// On its own base, in the machine's terms that the relations' run is asked in.
std::unique_ptr<graph::EntityFinder> open_run(const GraphOptions& o, const Host& host) {
  ExtractOptions options;
  options.adapter = o.entities;
  options.model.compute = o.asking.model.compute;
  options.batch_tokens = o.asking.batch_tokens;
  options.force = o.asking.force;
  return learned_entities(options, host);
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
  if (!o.entities.empty()) setup.finders.push_back(open_run(o, host));
  if (!o.gazetteer.empty()) setup.finders.push_back(open_gazetteer(o, host));
  std::vector<std::string> without;
  if (o.gazetteer.empty() && o.any_case) without.emplace_back("--any-case");
  if (o.gazetteer.empty() && o.fold_accents) without.emplace_back("--fold-accents");
  warn_without_effect(without, "--gazetteer", host.context);
}

void open_finder(const Answerer& answerer, GraphSetup& setup) {
  const NamedSetup& of_run = setup.adapters[0];
  if (setup.finds_itself) {
    setup.finders.push_back(learned_entities(of_run.options, *of_run.setup.run, answerer));
  }
  setup.finder = std::make_unique<graph::EntityFinders>(std::move(setup.finders));
}

}  // namespace relatum::jobs
