// Two tiny networks below a classifier of spans, as tools/fixtures/span_fixture.py has them.
#pragma once

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/json.h"
#include "support/sessions.h"
#include "support/training.h"
#include "train/full_weights.h"
#include "train/span_training.h"

namespace relatum::testing {

inline nlohmann::json span_facts() { return io::load_json(fixture("spans/losses.json")); }

inline std::vector<train::TrainRow> span_texts(const std::string& kind) {
  const auto facts = span_facts();
  std::vector<train::TrainRow> rows;
  for (size_t i = 0; i < 3; ++i) {
    train::TrainRow row;
    row.tokens = facts.at("rows").at(kind).at(i).get<std::vector<int32_t>>();
    row.words = facts.at("words").at(i).get<std::vector<int64_t>>();
    for (const auto& span : facts.at("spans").at(i)) {
      row.spans.push_back({span[0].get<int32_t>(), span[1].get<int32_t>(), span[2].get<int32_t>()});
    }
    rows.push_back(row);
  }
  return rows;
}

inline std::filesystem::path span_model(const std::string& kind) {
  return fixture(kind == "bert" ? "bert" : "llama/tied");
}

/// All weights of a network below a classifier of spans, or pairs beside it, with the fixture's
/// numbers in the head.
struct SpanRun {
  explicit SpanRun(const std::string& kind, const train::TrainOptions& options = {},
                   const train::SpanForm& given = {.dropout = 0, .own_dropout = 0},
                   bool pairs = false)
      : session(span_model(kind), plain_options()), rows(span_texts(kind)), form(sized(given)),
        trained(make(pairs)), worker(session, trained->adapter()) {
    set_head();
    trainer = std::make_unique<train::Trainer>(worker, *trained, rows, options);
  }

  std::vector<float> gradients(nn::LossSum* loss = nullptr, int64_t step = 0) {
    trained->zero_grads();
    int64_t tokens = 0;
    const nn::LossSum sum = trainer->accumulate({0, 1, 2}, step, tokens);
    if (loss) *loss = sum;
    return {trained->grads().begin(), trained->grads().end()};
  }
  const train::FullWeights& weights() const {
    return dynamic_cast<const train::FullWeights&>(trained->base());
  }
  const nn::SpanHead& head() const { return trained->spans()->head; }

  engine::Session session;
  std::vector<train::TrainRow> rows;
  train::SpanForm form;
  std::unique_ptr<train::SpanTraining> trained;
  engine::Worker worker;
  std::unique_ptr<train::Trainer> trainer;

 private:
  train::SpanForm sized(train::SpanForm form_given) const {
    const auto facts = span_facts();
    form_given.classes = facts.at("classes").get<int64_t>();
    form_given.hidden = facts.at("hidden").get<int64_t>();
    form_given.widest = form_given.lengths = facts.at("widest").get<int64_t>();
    form_given.width = session.model().info().width;
    return form_given;
  }
  std::unique_ptr<train::SpanTraining> make(bool pairs) {
    std::unique_ptr<train::Trainable> base;
    if (pairs) {
      base = std::make_unique<train::Adapter>(session.model(), session.compute(),
                                              train::AdapterConfig{.dropout = 0}, 5, nullptr,
                                              form.size());
    } else {
      base = std::make_unique<train::FullWeights>(session.open_weights(),
                                                  train::FullExtras{form.size()});
    }
    return std::make_unique<train::SpanTraining>(std::move(base), session.compute(), form, 1);
  }
  void set_head() {
    std::span<float> numbers = trained->values().last(size_t(form.size()));
    const auto waves = [&](int64_t count, double size, double step) {
      for (int64_t i = 0; i < count; ++i) {
        numbers[size_t(i)] = float(size * std::cos(step * double(i) + 0.1));
      }
      numbers = numbers.subspan(size_t(count));
    };
    waves(2 * form.hidden * form.width, 0.3, 0.7);
    waves(form.lengths * form.hidden, 0.4, 1.1);
    waves(form.classes * form.hidden, 0.5, 1.3);
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = float(0.1 * double(i + 1));
    trained->sync();
  }
};

}  // namespace relatum::testing
