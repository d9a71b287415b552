// Neighbours, prompts, tokens, and the check of their length.
#include "jobs/finetune_rows.h"

#include <fmt/format.h>

#include "base/counted.h"
#include "base/error.h"
#include "jobs/finetune_balance.h"
#include "jobs/finetune_entities.h"
#include "jobs/finetune_pairs.h"
#include "jobs/retrieval.h"
#include "task/answer_prompts.h"
#include "task/classifier_rows.h"
#include "task/label_list.h"

namespace relatum::jobs {
namespace {

struct Neighbours {
  Retrieved train, dev, test;
};

// Rows of one data set that are longer than the context.
class LongRows {
 public:
  LongRows(const task::Dataset& data, int64_t context, bool classified)
      : data_(data), context_(context), classified_(classified) {}

  // Whether a row of so many tokens stays.
  bool fits(const task::Example& example, int64_t tokens, bool skip) {
    if (tokens <= context_) return true;
    if (!skip) {
      fail("jobs.finetune",
           fmt::format("{}: example '{}' takes {} tokens with its {}, the model's context is {}. "
                       "{} such rows out with --skip-bad-rows.",
                       task::full_place(data_.file, place_of(example)), example.id, tokens,
                       classified_ ? "markers" : "prompt and answer", context_,
                       classified_ ? "Leave" : "Use a shorter prompt style, or leave"));
    }
    constexpr int64_t kNamed = 3;
    if (++count_ <= kNamed) {
      names_ += fmt::format("{}'{}' ({}, {} tokens)", names_.empty() ? "" : ", ", example.id,
                            task::place_text(place_of(example)), tokens);
    } else if (count_ == kNamed + 1) {
      names_ += ", …";
    }
    return false;
  }
  void tell(size_t left, const Context& context) const {
    if (!count_) return;
    if (!left) {
      fail("jobs.finetune",
           fmt::format("{}: every example is longer than the model's context of "
                       "{} tokens. Use {}.",
                       data_.name, context_,
                       classified_ ? "a model with a longer one" : "a shorter prompt style"));
    }
    context.warn(fmt::format(
        "{}: {} longer than the model's context of {} tokens {} left out: "
        "{}.",
        data_.name, counted(count_, "row"), context_, count_ == 1 ? "is" : "are", names_));
  }
  int64_t count() const { return count_; }

 private:
  const task::Dataset& data_;
  int64_t context_, count_ = 0;
  bool classified_;  // there are no prompts, whose style could be shorter
  std::string names_;
};

// Dev sentences are nobody's neighbour: their labels would stand in prompts, and dev figures would
// be of sentences that were seen.
Neighbours find_neighbours(const FinetuneOptions& options, const FinetuneData& data,
                           FinetuneRows& rows, const Host& host) {
  const Context& context = host.context;
  Retrieval retrieval(options.index, options.embedder, options.model.models, host);
  rows.index_hash = retrieval.hash();
  const bool held_out = options.holdout > 0;
  int64_t excluded = retrieval.exclude(data.dev.examples, held_out);
  if (options.fold) excluded += retrieval.exclude(data.test.examples, true);
  if (excluded > 0) {
    context.info(fmt::format("{} of the index {} also in the {} data and {} never retrieved here.",
                             counted(excluded, "row"), excluded == 1 ? "is" : "are",
                             options.fold ? "left-out or dev" : "dev",
                             excluded == 1 ? "is" : "are"));
  }
  Neighbours found;
  const ExampleChoice choice = example_choice(options);
  found.train = retrieval.find(data.train.examples, choice, QueryKind::kTraining, context);
  found.dev = retrieval.find(data.dev.examples, choice, QueryKind::kTraining, context);
  found.test = retrieval.find(data.test.examples, choice, QueryKind::kTraining, context);
  return found;
}

// What both parts of the data are made with.
struct Maker {
  const FinetuneOptions& options;
  const engine::Session& session;
  const task::PromptRenderer& renderer;

  std::vector<int32_t> prompt_tokens(const task::Prompt& prompt) const {
    return task::row_of(session, renderer.style(), prompt, options.chat);
  }
  train::TrainRow train_row(const task::Prompt& prompt, const std::string& label) const {
    train::TrainRow row;
    if (const task::ClassifierStyle* style = renderer.style().classifier.get()) {
      engine::ClassifierRow read = task::classifier_row(session, prompt, style->markers);
      row.tokens = std::move(read.tokens);
      row.read = read.read;
      row.label = int32_t(*renderer.labels().find(label));
      return row;
    }
    row.tokens = prompt_tokens(prompt);
    row.prompt_length = int64_t(row.tokens.size());
    const auto completion = completion_tokens(prompt.completion);
    row.tokens.insert(row.tokens.end(), completion.begin(), completion.end());
    return row;
  }
  std::vector<int32_t> completion_tokens(const std::string& completion) const {
    return engine::completion_tokens(session.tokenizer(), completion);
  }
  // With the list of labels that the row is to show: the same in every epoch.
  task::Prompt train_prompt(const task::Example& example, const Retrieved& found, size_t i) const {
    const std::vector<const task::Example*> shown = found.of(i);
    if (options.label_list == task::kFullList) return renderer.render(example, shown);
    std::vector<int64_t> needed;
    const auto need = [&](const std::optional<std::string>& label) {
      const auto place = label ? renderer.labels().find(*label) : std::nullopt;
      if (place) needed.push_back(*place);
    };
    need(example.label);
    for (const task::Example* each : shown) need(each->label);
    const auto listed = task::draw_label_list(options.label_list, renderer.labels().size(), needed,
                                              options.training.seed,
                                              example.id + '\0' + example.text);
    return renderer.render_listing(example, shown, listed);
  }
  bool classifies() const { return renderer.style().classifier != nullptr; }
  bool skip() const { return options.data.skip_bad_rows; }
  int64_t context() const { return session.model().info().context; }
};

void make_train(const Maker& maker, task::Dataset& data, const Retrieved& neighbours,
                FinetuneRows& rows, const Context& context) {
  LongRows too_long(data, maker.context(), maker.classifies());
  std::vector<task::Example> kept;
  for (size_t i = 0; i < data.examples.size(); ++i) {
    const task::Example& example = data.examples[i];
    const task::Prompt prompt = maker.train_prompt(example, neighbours, i);
    train::TrainRow row = maker.train_row(prompt, *example.label);
    if (!too_long.fits(example, int64_t(row.tokens.size()), maker.skip())) continue;
    rows.train.push_back(std::move(row));
    rows.places.push_back(fmt::format("example '{}' ({})", example.id,
                                      task::full_place(data.file, place_of(example))));
    kept.push_back(example);
  }
  too_long.tell(kept.size(), context);
  rows.left_out = too_long.count();
  data.examples = std::move(kept);
}

// Prompts that are only answered; gives how many rows were left out.
int64_t make_asked(const Maker& maker, task::Dataset& data, const Retrieved& neighbours,
                   std::vector<task::Prompt>& prompts, const Context& context) {
  const int64_t answer = task::longest_answer(maker.session, maker.renderer);
  LongRows too_long(data, maker.context(), maker.classifies());
  std::vector<task::Example> kept;
  for (size_t i = 0; i < data.examples.size(); ++i) {
    task::Prompt prompt = maker.renderer.render(data.examples[i], neighbours.of(i));
    const int64_t tokens = int64_t(maker.prompt_tokens(prompt).size()) + answer;
    if (!too_long.fits(data.examples[i], tokens, maker.skip())) continue;
    prompts.push_back(std::move(prompt));
    kept.push_back(data.examples[i]);
  }
  too_long.tell(kept.size(), context);
  data.examples = std::move(kept);
  return too_long.count();
}

}  // namespace

ExampleChoice example_choice(const FinetuneOptions& options) {
  return example_choice(options.neighbours, options.examples, options.training.seed);
}

FinetuneRows make_finetune_rows(const FinetuneOptions& options, FinetuneData& data,
                                const engine::Session& session,
                                const task::PromptRenderer& renderer, const Host& host) {
  const Context& context = host.context;
  FinetuneRows rows;
  if (finds_entities(options)) {
    add_entity_rows(options, data, session, nullptr, rows, context);
    return rows;
  }
  Neighbours neighbours;
  if (!options.index.empty()) {
    neighbours = find_neighbours(options, data, rows, host);
  } else if (renderer.style().uses_example() && !learns_both(options)) {
    context.info("prompts carry no retrieved example (--index adds one).");
  }
  const Maker maker{options, session, renderer};
  if (reads_pairs(options)) {
    SentenceGroups groups;
    add_entity_rows(options, data, session, &groups, rows, context);
    add_pairs(options, data, {session, renderer, groups}, rows, context);
    rows.dev_left_out = make_asked(maker, data.dev, {}, rows.dev, context);
    return rows;
  }
  make_train(maker, data.train, neighbours.train, rows, context);
  rows.dev_left_out = make_asked(maker, data.dev, neighbours.dev, rows.dev, context);
  make_asked(maker, data.test, neighbours.test, rows.test, context);
  balance_rows(options, data, rows, context);
  if (!data.entities) return rows;
  SentenceGroups groups;
  for (size_t i = 0; i < rows.train.size(); ++i) {
    const task::Example& example = data.train.examples[i];
    rows.train[i].group = groups.of(example.document, example.text);
  }
  add_entity_rows(options, data, session, &groups, rows, context);
  return rows;
}

}  // namespace relatum::jobs
