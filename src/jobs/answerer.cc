// Opens once, answers block by block.
#include "jobs/answerer.h"

#include <algorithm>

#include "jobs/models_folder.h"
#include "jobs/trained_with.h"
#include "train/peft.h"

namespace relatum::jobs {

Answerer::Answerer(const ExtractOptions& options, const ExtractSetup& setup,
                   const task::Labels& labels, const Host& host)
    : options_(options), setup_(setup),
      renderer_(setup.style, labels, words_for(setup, labels, host.context),
                setup.words.value_or(task::AnswerWords{})),
      context_(host.context) {
  engine::SessionOptions session = options.model.session();
  session.base = setup.base;
  session_ = open_language_model(find_model(setup.model, setup.models, host), session);
  if (!options.adapter.empty()) load_adapter(host);
  const nn::LoraSet* pairs = adapter_ ? &adapter_->set() : nullptr;
  const bool integers = session_->products() == DType::kI8;
  if (integers) session_->quantise(pairs);
  const nn::LoraSet* beside = integers && adapter_ ? adapter_->set_beside_integers() : nullptr;
  worker_.emplace(*session_, integers ? beside : pairs);
  if (!setup.index.empty()) open_index(host);
  limit_.context = session_->model().info().context;
  limit_.answer = options.answer == "free" ? options.max_new_tokens
                                           : task::longest_answer(*session_, renderer_);
  limit_.chat = setup.chat;
  limit_.skip = options.data.skip_bad_rows;
}

void Answerer::load_adapter(const Host& host) {
  if (setup_.run) check_base(options_, *setup_.run, *session_, setup_.chat, host);
  if (setup_.run && has_own_model(*setup_.run)) return;
  adapter_ = train::load_peft(options_.adapter, session_->model(), session_->compute());
}

void Answerer::open_index(const Host& host) {
  retrieval_.emplace(setup_.index, setup_.embedder, setup_.models, host);
  const std::string trained = setup_.run ? setup_.run->index_hash : "", now = retrieval_->hash();
  if (trained.empty() || trained == now) return;
  tell_mismatch(options_, host, "an index whose hash is", trained.substr(0, 12), now.substr(0, 12));
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

void Answerer::answer(const AnswerPart& part, const TakeAnswers& take, const Context& context) {
  const std::span<const task::Example> examples = part.examples;
  Retrieved neighbours;
  if (retrieval_) {
    neighbours = retrieval_->find(examples, setup_.neighbours, QueryKind::kTest, context);
  }
  const ExtractPrompts made = make_prompts(*session_, renderer_, examples, neighbours, limit_);
  if (part.answered == 0) {  // else the earlier call counted them
    counts_.overlap += neighbours.overlap;
    counts_.too_long += made.too_long;
    if (counts_.first_too_long.empty()) counts_.first_too_long = made.first_too_long;
  }
  size_t told = part.answered;  // examples whose predictions were handed on
  const auto up_to = [&](size_t end, std::vector<task::Prediction>&& answered) {
    std::vector<task::Prediction> next(end - told);
    for (size_t i = told; i < end; ++i) {
      next[i - told].id = examples[i].id;
      if (!neighbours.references.empty()) next[i - told].neighbours = neighbours.references[i];
    }
    const auto first = std::ranges::lower_bound(made.rows, told);
    for (size_t k = 0; k < answered.size(); ++k) {
      task::Prediction& place = next[size_t(first[ptrdiff_t(k)]) - told];
      answered[k].neighbours = std::move(place.neighbours);
      place = std::move(answered[k]);
    }
    told = end;
    take(std::move(next));
  };
  task::AnswerOptions answers{task::parse_answer_mode(options_.answer),
                              options_.max_new_tokens,
                              options_.batch_tokens,
                              options_.negligible,
                              options_.scores,
                              setup_.chat};
  answers.first = size_t(std::ranges::lower_bound(made.rows, part.answered) - made.rows.begin());
  size_t prompts = answers.first;
  task::answer_batches(
      *worker_, renderer_, made.prompts, answers,
      [&](std::vector<task::Prediction>&& batch) {
    prompts += batch.size();
    const bool last = prompts == made.prompts.size();
    up_to(last ? examples.size() : made.rows[prompts - 1] + 1, std::move(batch));
      },
      context);
  const bool rest = prompts == made.prompts.size() && told < examples.size();
  if (rest) up_to(examples.size(), {});  // all of them too long
}

}  // namespace relatum::jobs
