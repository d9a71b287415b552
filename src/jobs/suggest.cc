// The stages of a suggestion, in order.
#include "jobs/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <span>
#include <utility>

#include "base/counted.h"
#include "base/error.h"
#include "jobs/answer_rule.h"
#include "jobs/answerer.h"
#include "jobs/entity_model.h"
#include "jobs/extract_blocks.h"
#include "jobs/extract_output.h"
#include "jobs/extract_task.h"
#include "jobs/joint_pairs.h"
#include "jobs/learned_entities.h"
#include "jobs/models_folder.h"
#include "jobs/run_calibration.h"
#include "jobs/style_choice.h"
#include "jobs/suggest_choice.h"
#include "jobs/suggest_entities.h"
#include "jobs/suggest_output.h"
#include "jobs/suggest_scores.h"
#include "jobs/without_effect.h"
#include "task/spec.h"
#include "task/type_constraints.h"

namespace relatum::jobs {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRandom = "random";
constexpr double kNothingIsAlike = 1;  // of --similar

/// How uncertainty is told; it decides nothing where texts are drawn.
task::Uncertainty measure_of(const SuggestOptions& options) {
  return options.by == kRandom ? task::Uncertainty::kMargin : task::parse_uncertainty(options.by);
}

void check(const SuggestOptions& options) {
  measure_of(options);
  check_probabilities(options);
  if (!options.entities.empty()) check_entity_run(options.entities);
  if (options.answer != "scored" && options.answer != "shares") {
    fail("jobs.suggest", fmt::format("--answer {} gives no probability of each label. Use scored "
                                     "or shares.",
                                     options.answer));
  }
}

task::Labels labels_of(const SuggestOptions& options, const ExtractSetup& setup) {
  if (!options.data.labels.empty()) return task::load_labels(options.data.labels);
  if (setup.labels) return *setup.labels;
  task::Dataset data;
  data.name = options.input;
  data.open_labels = true;
  if (!setup.index.empty()) settle_labels(data, setup.index);
  if (!data.labels.empty()) return data.labels;
  fail("jobs.suggest",
       "no label is known to choose from: labels that stand in the data are not looked at. Give "
       "an --adapter that was fine-tuned, or --labels, a JSON list.");
}

std::optional<std::string> negative_of(const SuggestOptions& options, const ExtractSetup& setup,
                                       const task::Labels& labels) {
  const std::string& of_data = task::parse_spec(options.input).negative;
  std::optional<std::string> named = named_negative(options, setup);
  if (!of_data.empty()) named = of_data;
  const auto index = negative_index(labels, named);
  if (!index) return std::nullopt;
  return labels.name(*index);
}

task::PairRule rule_of(const SuggestOptions& options, const task::Labels& labels) {
  task::PairRule rule;
  rule.window = task::parse_spec(options.input).window;
  rule.labels_have_direction = std::ranges::any_of(
      labels.names(), [](const std::string& label) { return label.ends_with("(e2,e1)"); });
  return rule;
}

/// As the run asks them; `joint`: of one that learned the pairs of sentences.
SuggestUnits::MakePairs pair_maker(const SuggestOptions& options, const task::Labels& labels,
                                   std::optional<JointPairs>& joint) {
  if (joint) return [&](const auto& document, const auto& take) { joint->each(document, take); };
  return [rule = rule_of(options, labels)](const auto& document, const auto& take) {
    task::make_pairs(document, rule, take);
  };
}

/// Reads all documents, `sentences`: of which pairs of sentences are asked; gives what stands
/// before a line's number in messages.
std::string read_units(const SuggestOptions& options, bool sentences,
                       std::unique_ptr<graph::EntityFinder> finder, SuggestUnits& units,
                       const Host& host) {
  int64_t labelled = 0;
  const task::Spec spec = task::parse_spec(options.input);
  task::LoadOptions load = options.data.options(true, host);
  load.texts = finder != nullptr;
  SuggestEntities entities(
      std::move(finder), [&](task::Document&& document) { units.add(std::move(document)); },
      host.context);
  const task::Dataset data = task::read_documents(spec, load, [&](task::Document&& document) {
    if (host.context.stopping()) throw Stopped{};
    labelled += !document.relations.empty();
    entities.add(std::move(document));
  });
  entities.finish();
  tell_data(data, !options.data.relabel.empty(), host.context);
  if (entities.documents()) {
    host.context.info(fmt::format(
        "{} found in {} that {} none.", counted(entities.entities(), "entity", "entities"),
        counted(entities.documents(), "document"), entities.documents() == 1 ? "lists" : "list"));
  }
  if (labelled) {
    host.context.info(
        fmt::format("{} of {} labels, which are not looked at.", labelled,
                    counted(data.count, "document or pair has", "documents or pairs have")));
  }
  if (units.without_pair()) {
    host.context.info(
        fmt::format("{} no pair of entities that could be asked about and {} left "
                    "out.",
                    counted(units.without_pair(), "document has", "documents have"),
                    units.without_pair() == 1 ? "is" : "are"));
  }
  if (spec.window && (sentences || !units.has_documents())) {
    host.context.warn(sentences
                          ? "window= has no effect: the run learned, and asks for, the pairs of "
                            "sentences."
                          : "window= has no effect on rows of one pair.");
  }
  if (units.size() == 0) {
    fail("jobs.suggest",
         fmt::format("{} has no pair of entities that could be asked about.", data.file));
  }
  return data.file;
}

/// What finds entities in documents without any: the run behind --entities, or the adapter's own,
/// which `open` opens; nullptr: nothing does.
std::unique_ptr<graph::EntityFinder> finder_of(const SuggestOptions& options,
                                               const ExtractSetup& setup,
                                               const std::function<const Answerer&()>& open,
                                               const Host& host) {
  if (!options.entities.empty()) return learned_entities(finding_options(options), host);
  if (setup.run && setup.run->joint) return learned_entities(options, *setup.run, open());
  return nullptr;
}

/// The vectors' embedder: the index's, or the one that was named; nullptr: words are compared.
struct Comparer {
  std::unique_ptr<retrieve::Embedder> own;
  retrieve::Embedder* embedder = nullptr;
};

Comparer open_comparer(const SuggestOptions& options, const Answerer& answerer, const Host& host) {
  Comparer comparer;
  comparer.embedder = answerer.embedder();
  if (comparer.embedder || options.embedder.empty()) return comparer;
  const fs::path path = find_model(options.embedder, options.model.models, host);
  comparer.own = std::make_unique<retrieve::Embedder>(path);
  comparer.own->check_search();
  comparer.embedder = comparer.own.get();
  return comparer;
}

/// Only what is drawn is asked; for a text of which no pair is short enough for the model the next
/// one is drawn.
task::DiverseChoice draw(const SuggestOptions& options, SuggestUnits& units, Answerer& answerer,
                         const Context& context) {
  const std::vector<size_t> order = drawn_order(units.size(), options.seed);
  task::DiverseChoice choice;
  std::span<const size_t> left = order;
  while (!left.empty() && choice.chosen.size() < size_t(options.count)) {
    const auto drawn = left.first(
        std::min(left.size(), size_t(options.count) - choice.chosen.size()));
    left = left.subspan(drawn.size());
    std::vector<bool> wanted(units.size());
    for (const size_t unit : drawn) wanted[unit] = true;
    score_units(units, wanted, answerer, context);
    std::ranges::copy_if(drawn, std::back_inserter(choice.chosen),
                         [&](size_t unit) { return units.answered(unit); });
  }
  return choice;
}

task::DiverseChoice choose(const SuggestOptions& options, SuggestUnits& units, Answerer& answerer,
                           const Host& host) {
  score_units(units, std::vector<bool>(units.size(), true), answerer, host.context);
  std::vector<size_t> ranked = ranked_by(units.values(measure_of(options)));
  if (options.similar == kNothingIsAlike) {
    ranked.resize(std::min(ranked.size(), size_t(options.count)));
    return {.chosen = std::move(ranked)};
  }
  const Comparer comparer = open_comparer(options, answerer, host);
  const double similar = options.similar.value_or(comparer.embedder ? kLikeByVectors
                                                                    : kLikeByWords);
  host.context.info(
      comparer.embedder
          ? fmt::format("texts are alike above a cosine of {} by {}.", similar,
                        comparer.embedder->name())
          : fmt::format("texts are alike where they share more than {} of their words "
                        "(--embedder compares them by their vectors).",
                        similar));
  const auto like = comparer.embedder
                        ? like_by_vectors(units, ranked, *comparer.embedder, similar, host.context)
                        : like_by_words(units, similar);
  auto choice = task::choose_diverse(ranked, size_t(options.count), *like);
  host.context.end_progress();
  return choice;
}

std::vector<std::string> types_of(const SuggestOptions& options) {
  const fs::path file = fs::path(options.adapter) / "types.json";
  if (options.adapter.empty() || !fs::exists(file)) return {};
  const std::set<std::string> types = task::TypeConstraints::load(file).types();
  return {types.begin(), types.end()};
}

void tell_result(const SuggestOptions& options, const SuggestUnits& units,
                 const task::DiverseChoice& choice, const Context& context) {
  if (choice.passed_over) {
    context.info(fmt::format("{} passed over: too much like one that was taken (--similar).",
                             counted(choice.passed_over, "text is", "texts are")));
  }
  if (choice.filled) {
    context.info(fmt::format("{} like another one, as no others were left.",
                             counted(choice.filled, "text is", "texts are")));
  }
  const std::string where = options.out == "-" ? "standard output" : options.out;
  context.info(
      fmt::format("{} of {} by {}, with the model's answers, which somebody has to look "
                  "through: {}",
                  choice.chosen.size(), counted(int64_t(units.size()), "text"),
                  options.by == kRandom ? "chance" : options.by, where));
}

void tell_without_effect(const SuggestOptions& options, const ExtractSetup& setup,
                         const Context& context) {
  if (options.by != kRandom && options.seed != SuggestOptions{}.seed) {
    context.warn("--seed has no effect without --by random.");
  }
  if (options.entities.empty() && !(setup.run && setup.run->joint)) {
    warn_without_effect(finding_flags(options), "a run that finds entities", context);
  }
  std::vector<std::string> flags;  // an index has its own use for an embedder
  if (!options.embedder.empty() && setup.index.empty()) flags.emplace_back("--embedder");
  if (options.similar && options.by == kRandom) flags.emplace_back("--similar");
  if (flags.empty() || (options.by != kRandom && options.similar != kNothingIsAlike)) return;
  context.warn(fmt::format("{} {} no effect with {}: no text is passed over.", and_list(flags),
                           flags.size() == 1 ? "has" : "have",
                           options.by == kRandom ? "--by random" : "--similar 1"));
}

void run(const SuggestOptions& options, const Host& host) {
  const std::vector<NamedSetup> setups = settle_adapters(options, host);
  const ExtractSetup& setup = setups[0].setup;
  tell_without_effect(options, setup, host.context);
  check_suggest_output(options, inputs_of(options, setups, host), host);
  const task::Labels labels = labels_of(options, setup);
  const auto negative = negative_of(options, setup, labels);
  std::optional<JointPairs> joint;
  if (asks_sentences(setup)) joint.emplace(joint_rules(options, labels, negative));
  SuggestUnits units(scratch_folder(options), pair_maker(options, labels, joint), labels.size());
  // A bad row is told before a model is opened, but where the model finds the rows' entities.
  std::optional<Answerer> opened;
  const auto open = [&]() -> Answerer& {
    return opened ? *opened : opened.emplace(options, setups, std::span(&labels, 1), host);
  };
  const std::string file = read_units(options, joint.has_value(),
                                      finder_of(options, setup, open, host), units, host);
  if (joint) joint->tell(host.context);
  Answerer& answerer = open();
  answerer.set_file(file);
  const std::string rule = rule_text(answerer.rule(), labels);
  if (!rule.empty()) host.context.info(fmt::format("answers: {}", rule));
  check_lengths(units, answerer, host.context);
  const task::DiverseChoice choice = options.by == kRandom
                                         ? draw(options, units, answerer, host.context)
                                         : choose(options, units, answerer, host);
  if (answerer.counts().too_long) {
    host.context.warn(fmt::format("{}. {} too long for the model and left out.",
                                  answerer.counts().first_too_long,
                                  counted(answerer.counts().too_long, "pair is", "pairs are")));
  }
  if (choice.chosen.empty()) {
    fail("jobs.suggest", fmt::format("{}: no text is short enough for the model.", file));
  }
  const std::string model = options.adapter.empty() ? answerer.session().weights_hash()
                                                    : adapter_hash(options.adapter, setup.run);
  write_suggestions(options, units, choice.chosen,
                    {labels, negative, types_of(options), model, measure_of(options)}, host);
  tell_result(options, units, choice, host.context);
}

}  // namespace

bool suggest(const SuggestOptions& given, const Host& host) {
  SuggestOptions options = given;
  options.scores = true;
  options.data.keep_unknown_labels = true;
  check(options);
  try {
    run(options, host);
    return true;
  } catch (const Stopped&) {
    host.context.end_progress();
    host.context.info("interrupted; nothing was written.");
    return false;
  }
}

}  // namespace relatum::jobs
