// Opens once, answers block by block.
#include "jobs/answerer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "base/error.h"
#include "engine/read_states.h"
#include "jobs/answer_rule.h"
#include "jobs/finetune_classifier.h"
#include "jobs/models_folder.h"
#include "jobs/style_choice.h"
#include "jobs/trained_with.h"
#include "jobs/turned_pairs.h"
#include "task/classifier_rows.h"
#include "task/classify_prompts.h"
#include "train/peft.h"

namespace relatum::jobs {

Answerer::Answerer(const ExtractOptions& options, const ExtractSetup& setup,
                   const task::Labels& labels, const Host& host)
    : Answerer(options, std::vector<NamedSetup>{{"", options, setup}}, {&labels, 1}, host) {}

Answerer::Answerer(const ExtractOptions& options, std::vector<NamedSetup> setups,
                   std::span<const task::Labels> labels, const Host& host)
    : options_(options), setups_(std::move(setups)), context_(host.context) {
  RELATUM_CHECK(!setups_.empty() && labels.size() == setups_.size());
  for (size_t i = 0; i < setups_.size(); ++i) {
    const ExtractSetup& setup = setups_[i].setup;
    if (setup.style.classifier) task::outputs_of(labels[i], *setup.style.classifier);  // refuses
    auto words = words_for(setup, labels[i], host.context, setups_[i].title());
    seats_.push_back(std::make_unique<Seat>(
        Seat{task::PromptRenderer(setup.style, described_for(setup, labels[i]), std::move(words),
                                  setup.words.value_or(task::AnswerWords{})),
             {},
             {},
             {},
             {},
             {},
             {},
             answer_rule(options, setup, labels[i])}));
  }
  for (const auto& seat : seats_) {
    tell_undescribed(seat->renderer.style(), seat->renderer.labels(), host.context);
  }
  open_types();
  const ExtractSetup& first = setups_[0].setup;
  engine::SessionOptions session = options.model.session();
  session.base = first.base;
  const auto open = first.style.classifier ? open_classified_model : open_language_model;
  session_ = open(find_model(first.model, first.models, host), session);
  open_adapters(host);
  Indexes indexes;
  for (size_t i = 0; i < seats_.size(); ++i) {
    LengthLimit& limit = seats_[i]->limit;
    if (!setups_[i].setup.index.empty()) open_index(i, indexes, host);
    limit.context = session_->model().info().context;
    limit.answer = options.answer == "free" ? options.max_new_tokens
                                            : task::longest_answer(*session_, seats_[i]->renderer);
    limit.chat = setups_[i].setup.chat;
    limit.skip = options.data.skip_bad_rows;
  }
}

void Answerer::open_types() {
  if (!options_.constrain_types && options_.types.empty()) return;
  for (const NamedSetup& each : setups_) {
    const std::filesystem::path kept = std::filesystem::path(each.options.adapter) / "types.json";
    if (!options_.types.empty()) {
      types_.push_back(task::TypeConstraints::load(options_.types));
      if (types_.back().empty()) {
        fail("jobs.extract", fmt::format("--types: {} names no pair of types. Name some, or leave "
                                         "the option out.",
                                         options_.types));
      }
      if (each.setup.labels) types_.back().check_labels(*each.setup.labels, options_.types);
    } else if (std::filesystem::exists(kept)) {
      types_.push_back(task::TypeConstraints::load(kept));
    } else {
      fail("jobs.extract",
           fmt::format("--constrain-types: {} has no types.json, as its training data had no types "
                       "or it was made by an earlier version. Give a file with --types.",
                       each.title()));
    }
  }
}

// Integers take in an adapter that is alone; of several the pairs stay beside them.
void Answerer::open_adapters(const Host& host) {
  std::vector<const nn::LoraSet*> sets;
  size_t bytes = 0;
  for (size_t i = 0; i < seats_.size(); ++i) {
    if (!setups_[i].options.adapter.empty()) load_adapter(i, host);
    const train::Adapter* adapter = seats_[i]->adapter.get();
    sets.push_back(with_classifier(*seats_[i], adapter ? &adapter->set() : nullptr));
    bytes += adapter ? adapter->bytes() : 0;
  }
  const bool named = !setups_[0].name.empty();
  if (named) {
    context_.info(fmt::format("{} beside one base take {:.1f} MB of memory.",
                              counted(int64_t(seats_.size()), "adapter"), double(bytes) / 1e6));
  }
  if (session_->products() == DType::kI8) {
    session_->quantise(named ? nullptr : sets[0]);
    for (size_t i = 0; i < seats_.size(); ++i) {
      train::Adapter* adapter = seats_[i]->adapter.get();
      const nn::LoraSet* beside = with_classifier(
          *seats_[i], adapter ? adapter->set_beside_integers() : nullptr);
      if (!named) sets[i] = beside;
    }
  }
  worker_.emplace(*session_, std::move(sets));
}

// `set`, with the classifier that the run has, as its head or of pairs.
const nn::LoraSet* Answerer::with_classifier(Seat& seat, const nn::LoraSet* set) const {
  if (!seat.classifier && !seat.pairs) return set;
  seat.classified = set ? *set : nn::LoraSet{};
  if (seat.classifier) seat.classified.head = seat.classifier.get();
  if (seat.pairs) seat.classified.pairs = &seat.pairs->head;
  return &seat.classified;
}

void Answerer::load_adapter(size_t place, const Host& host) {
  const auto& [name, options, setup] = setups_[place];
  if (setup.run) check_base(options, *setup.run, *session_, setup.chat, host);
  if (setup.run && reads_pairs(*setup.run)) {
    train::PairForm form;
    form.labels = setup.labels->size();
    form.types = 1 + int64_t(setup.run->entities->types.size());
    form.width = session_->model().info().width;
    form.hidden = setup.run->entities->pair_hidden;
    seats_[place]->pairs = std::make_unique<train::LoadedPairHead>(
        train::load_pair_head(options.adapter, form, session_->compute()));
  } else if (setup.style.classifier) {
    seats_[place]->classifier = std::make_unique<nn::Linear>(
        train::load_classifier(options.adapter, setup.labels->size(),
                               2 * session_->model().info().width, session_->compute()));
  }
  if (setup.run && has_own_model(*setup.run)) return;
  seats_[place]->adapter = train::load_peft(options.adapter, session_->model(),
                                            session_->compute());
  if (!name.empty()) seats_[place]->adapter->keep_copies_alone();
}

void Answerer::open_index(size_t place, Indexes& open, const Host& host) {
  const auto& [name, options, setup] = setups_[place];
  std::shared_ptr<Retrieval>& retrieval = open[{setup.index, setup.embedder}];
  if (!retrieval) {
    retrieval = std::make_shared<Retrieval>(setup.index, setup.embedder, setup.models, host);
  }
  seats_[place]->retrieval = retrieval;
  const std::string trained = setup.run ? setup.run->index_hash : "", now = retrieval->hash();
  if (trained.empty() || trained == now) return;
  tell_mismatch(options, host, "an index whose hash is", trained.substr(0, 12), now.substr(0, 12));
}

void Answerer::set_file(const std::string& file) {
  for (const auto& seat : seats_) seat->limit.file = file;
}

void Answerer::check_length(const task::Example& example) const {
  const size_t place = place_of(setups_, example);
  const Seat& seat = *seats_[place];
  if (seat.limit.skip || setups_[place].setup.style.body.needs_example()) return;
  make_prompts(*session_, seat.renderer, {&example, 1}, {}, seat.limit);
}

// Adapter by adapter, as each has an index of its own or none.
Retrieved Answerer::find(std::span<const task::Example> examples,
                         std::span<const uint32_t> adapters, QueryKind kind,
                         const Context& context) {
  if (seats_.size() == 1) {
    const auto& only = seats_[0]->retrieval;
    const ExampleChoice& choice = setups_[0].setup.examples;
    return only ? only->find(examples, choice, kind, context) : Retrieved{};
  }
  Retrieved all;
  for (size_t a = 0; a < seats_.size(); ++a) {
    if (!seats_[a]->retrieval) continue;
    all.examples.resize(examples.size());
    all.references.resize(examples.size());
    std::vector<size_t> rows;
    std::vector<task::Example> own;
    for (size_t i = 0; i < examples.size(); ++i) {
      if (adapters[i] != a) continue;
      rows.push_back(i);
      own.push_back(examples[i]);
    }
    Retrieved found = seats_[a]->retrieval->find(own, setups_[a].setup.examples, kind, context);
    all.overlap += found.overlap;
    for (size_t k = 0; k < rows.size(); ++k) {
      all.examples[rows[k]] = std::move(found.examples[k]);
      all.references[rows[k]] = std::move(found.references[k]);
    }
  }
  return all;
}

ExtractPrompts Answerer::prompts_of(std::span<const task::Example> examples,
                                    std::span<const uint32_t> adapters,
                                    const Retrieved& neighbours) const {
  std::vector<PromptMaker> makers;
  for (const auto& seat : seats_) makers.push_back({&seat->renderer, &seat->limit});
  return make_prompts(*session_, makers, {examples, adapters}, neighbours);
}

std::vector<task::Prediction> Answerer::answer(std::span<const task::Example> examples) {
  std::vector<task::Prediction> all;
  answer(
      {examples, 0},
      [&](std::vector<task::Prediction>&& next) {
    for (task::Prediction& prediction : next) all.push_back(std::move(prediction));
      },
      context_);
  return all;
}

std::vector<task::AnswerScores> Answerer::score(std::span<const task::Example> examples) {
  RELATUM_CHECK(seats_.size() == 1);
  const std::vector<uint32_t> adapters(examples.size());
  const Retrieved neighbours = find(examples, adapters, QueryKind::kTraining, context_);
  const ExtractPrompts made = prompts_of(examples, adapters, neighbours);
  count_long(made);
  task::AnswerOptions answers;
  answers.batch_tokens = options_.batch_tokens;
  answers.chat = setups_[0].setup.chat;
  auto scored = task::score_answers(*worker_, seats_[0]->renderer, made.prompts, answers, context_);
  std::vector<task::AnswerScores> all;
  if (scored.size() < made.prompts.size()) return all;
  all.resize(examples.size());
  for (size_t k = 0; k < scored.size(); ++k) all[made.rows[k]] = std::move(scored[k]);
  return all;
}

Matrix<float> Answerer::states(std::span<const task::Example> given, const Context& context) {
  RELATUM_CHECK(seats_.size() == 1);
  const std::vector<uint32_t> adapters(given.size());
  const std::vector<bool> turns = turned_ones(given, adapters);
  const std::vector<task::Example> in_order = with_turned(given, turns);
  const ExtractPrompts made = prompts_of(turns.empty() ? given : in_order, adapters, {});
  const task::PromptStyle& style = seats_[0]->renderer.style();
  std::vector<engine::StateRow> rows;
  for (const task::Prompt& prompt : made.prompts) {
    if (style.classifier) {
      const engine::ClassifierRow row = task::classifier_row(*session_, prompt,
                                                             style.classifier->markers);
      rows.push_back({row.tokens, {row.read.begin(), row.read.end()}});
      continue;
    }
    rows.push_back({task::row_of(*session_, style, prompt, setups_[0].setup.chat), {}});
    rows.back().read.push_back(int64_t(rows.back().tokens.size()) - 1);
  }
  count_long(made);
  const Matrix<float> read = engine::read_states(*worker_, rows, options_.batch_tokens, context);
  const bool whole = read.rows() == int64_t(rows.size());
  Matrix<float> states(whole ? int64_t(given.size()) : int64_t(made.rows[size_t(read.rows())]),
                       (style.classifier ? 2 : 1) * session_->model().info().width);
  states.zero();
  for (int64_t k = 0; k < read.rows(); ++k) {
    std::copy_n(read.row(k), read.cols(), states.row(int64_t(made.rows[size_t(k)])));
  }
  return states;
}

void Answerer::count_long(const ExtractPrompts& made) {
  counts_.too_long += made.too_long;
  if (counts_.first_too_long.empty()) counts_.first_too_long = made.first_too_long;
}

std::vector<bool> Answerer::turned_ones(std::span<const task::Example> examples,
                                        std::span<const uint32_t> adapters) const {
  std::vector<bool> turns(examples.size());
  for (size_t i = 0; i < examples.size(); ++i) {
    const size_t seat = adapters[i];
    turns[i] = tail_is_first(examples[i]) &&
               asks_in_order(setups_[seat].setup, seats_[seat]->renderer.labels());
  }
  if (std::ranges::find(turns, true) == turns.end()) turns.clear();
  return turns;
}

void Answerer::answer(const AnswerPart& part, const TakeAnswers& take, const Context& context) {
  std::vector<uint32_t> adapters;
  for (const task::Example& each : part.examples) {
    adapters.push_back(uint32_t(place_of(setups_, each)));
  }
  const std::vector<bool> turns = turned_ones(part.examples, adapters);
  const std::vector<task::Example> in_order = with_turned(part.examples, turns);
  const std::span<const task::Example> examples = turns.empty() ? part.examples : in_order;
  const Retrieved neighbours = find(examples, adapters, QueryKind::kTest, context);
  const ExtractPrompts made = prompts_of(examples, adapters, neighbours);
  if (part.answered == 0) {  // else the earlier call counted them
    counts_.overlap += neighbours.overlap;
    count_long(made);
  }
  std::vector<std::vector<bool>> allowed;
  for (size_t k = 0; k < made.prompts.size() && !types_.empty(); ++k) {
    const size_t seat = made.adapters[k];
    const task::Labels& labels = seats_[seat]->renderer.labels();
    allowed.push_back(
        types_[seat].mask(examples[made.rows[k]], labels, task::negative_label(labels)));
  }
  size_t told = part.answered;  // examples whose predictions were handed on
  const auto up_to = [&](size_t end, std::vector<task::Prediction>&& answered) {
    std::vector<task::Prediction> next(end - told);
    for (size_t i = told; i < end; ++i) {
      next[i - told].id = examples[i].id;
      next[i - told].adapter = examples[i].adapter;
      if (!neighbours.references.empty()) next[i - told].neighbours = neighbours.references[i];
    }
    const auto first = std::ranges::lower_bound(made.rows, told);
    for (size_t k = 0; k < answered.size(); ++k) {
      task::Prediction& place = next[size_t(first[ptrdiff_t(k)]) - told];
      const size_t example = first[ptrdiff_t(k)];
      if (!turns.empty() && turns[example]) turn(seats_[adapters[example]]->renderer, answered[k]);
      answered[k].neighbours = std::move(place.neighbours);
      answered[k].adapter = std::move(place.adapter);
      place = std::move(answered[k]);
    }
    told = end;
    take(std::move(next));
  };
  task::AnswerOptions answers{task::parse_answer_mode(options_.answer), options_.max_new_tokens,
                              options_.batch_tokens, options_.negligible, options_.scores};
  answers.first = size_t(std::ranges::lower_bound(made.rows, part.answered) - made.rows.begin());
  size_t prompts = answers.first;
  std::vector<task::AnswerStyle> styles;
  for (size_t i = 0; i < seats_.size(); ++i) {
    styles.push_back({&seats_[i]->renderer, setups_[i].setup.chat, seats_[i]->rule});
  }
  task::answer_batches(
      *worker_, {styles, made.prompts, made.adapters, allowed}, answers,
      [&](std::vector<task::Prediction>&& batch) {
    prompts += batch.size();
    const bool last = prompts == made.prompts.size();
    up_to(last ? examples.size() : made.rows[prompts - 1] + 1, std::move(batch));
      },
      context);
  const bool rest = prompts == made.prompts.size() && told < examples.size();
  if (rest) up_to(examples.size(), {});  // all of them too long
}

void tell_rules(const Answerer& answerer, const Context& context) {
  for (size_t i = 0; i < answerer.setups().size(); ++i) {
    const auto& [name, own, setup] = answerer.setups()[i];
    const std::string warning = threshold_warning(own, setup);
    if (!warning.empty()) context.warn(warning);
    const std::string rule = rule_text(answerer.rule(i), answerer.renderer(i).labels());
    if (rule.empty()) continue;
    const std::string fitted = setup.calibration && answerer.rule(i).temperature != 1
                                   ? fmt::format(" (fitted on {}; --no-calibration leaves it off)",
                                                 counted(setup.calibration->examples, "example"))
                                   : "";
    context.info(fmt::format("{}answers: {}{}", name.empty() ? "" : name + "'s ", rule, fitted));
  }
}

}  // namespace relatum::jobs
