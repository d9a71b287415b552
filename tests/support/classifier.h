// The tiny encoders below a classifier, as tools/fixtures/classifier_fixture.py has them.
#pragma once

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/json.h"
#include "support/sessions.h"
#include "support/training.h"
#include "train/classifier.h"
#include "train/full_weights.h"

namespace relatum::testing {

inline nlohmann::json classifier_facts() {
  return io::load_json(fixture("classifier/losses.json"));
}

/// Their rows: what is read, and the class.
inline std::vector<train::TrainRow> classifier_rows(const std::string& kind) {
  const auto facts = classifier_facts();
  const std::string folder = kind == "bert" ? "bert" : "encoders/" + kind;
  const auto file = io::Safetensors::open(fixture(folder) / "expected.safetensors");
  std::vector<train::TrainRow> rows;
  for (size_t i = 0; i < 3; ++i) {
    train::TrainRow row;
    row.tokens = read_ints(file, "row" + std::to_string(i) + ".input_ids");
    row.label = facts.at("classes").at(i).get<int32_t>();
    row.read = facts.at("read").at(i).get<std::array<int64_t, 2>>();
    rows.push_back(row);
  }
  return rows;
}

inline std::filesystem::path classifier_model(const std::string& kind) {
  return fixture(kind == "bert" ? "bert" : "encoders/" + kind);
}

/// All weights of an encoder below a classifier, with the fixture's numbers in it.
struct ClassifierRun {
  explicit ClassifierRun(const std::string& kind, const train::TrainOptions& options = {},
                         const train::ClassifierForm& given = {.dropout = 0, .own_dropout = 0})
      : session(classifier_model(kind), plain_options()), rows(classifier_rows(kind)),
        form(with_sizes(given)), trained(make()), worker(session, trained->adapter()) {
    set_classifier();
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

  engine::Session session;
  std::vector<train::TrainRow> rows;
  train::ClassifierForm form;
  std::unique_ptr<train::ClassifierTraining> trained;
  engine::Worker worker;
  std::unique_ptr<train::Trainer> trainer;

 private:
  train::ClassifierForm with_sizes(train::ClassifierForm sized) const {
    sized.labels = classifier_facts().at("labels").get<int64_t>();
    sized.inputs = 2 * session.model().info().width;
    return sized;
  }
  std::unique_ptr<train::ClassifierTraining> make() {
    auto base = std::make_unique<train::FullWeights>(session.open_weights(),
                                                     train::FullExtras{form.size()});
    return std::make_unique<train::ClassifierTraining>(std::move(base), session.compute(), form, 1);
  }
  void set_classifier() {
    const std::span<float> numbers = trained->values().last(size_t(form.size()));
    const int64_t weights_count = form.labels * form.inputs;
    for (int64_t i = 0; i < weights_count; ++i) {
      numbers[size_t(i)] = float(0.3 * std::cos(0.7 * double(i) + 0.1));
    }
    for (int64_t i = 0; i < form.labels; ++i) {
      numbers[size_t(weights_count + i)] = float(0.1 * double(i + 1));
    }
    trained->sync();
  }
};

}  // namespace relatum::testing
