// A training run on the tiny Llama: session, rows, adapter and trainer, made anew for each run.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "support/sessions.h"
#include "train/peft.h"
#include "train/trainer.h"

namespace relatum::testing {

/// The rows of the PEFT fixture. A row's loss is on all behind its prompt, so the second one, which
/// also counts a place in its middle, becomes two: the model is causal, the sum is the same.
inline std::vector<train::TrainRow> peft_rows() {
  const auto file = io::Safetensors::open(fixture("llama/lora/expected.safetensors"));
  const auto first = read_ints(file, "row0.input_ids"), second = read_ints(file, "row1.input_ids");
  return {{first, 8}, {{second.begin(), second.begin() + 7}, 6}, {second, 13}};
}

/// `count` rows of different lengths with answers of one to three tokens.
inline std::vector<train::TrainRow> random_rows(int64_t count,
                                                const std::vector<int32_t>& trunk = {}) {
  std::vector<train::TrainRow> rows;
  for (int64_t i = 0; i < count; ++i) {
    const auto own = random_tokens(4 + i * 5 % 7, uint64_t(200 + i));
    const auto answer = random_tokens(1 + i % 3, uint64_t(300 + i));
    rows.push_back({joined(joined(trunk, own), answer), int64_t(trunk.size() + own.size())});
  }
  return rows;
}

inline MatView<const float> as_row(std::span<const float> values) {
  return {values.data(), 1, int64_t(values.size())};
}

inline double gradient_bound(const engine::Session& session) {
  return gradient_bound(session.model(), session.compute());
}

/// What the fixtures of losses were trained with, all rows in each of so many steps (`OPTIMISER` of
/// tools/fixtures/full_fixture.py).
inline train::TrainOptions options_of(const nlohmann::json& optimiser, size_t steps) {
  train::TrainOptions options;
  options.epochs = int64_t(steps);
  options.learning_rate = optimiser.at("lr").get<double>();
  options.schedule = train::Shape::kConstant;
  options.warmup = 0;
  options.weight_decay = optimiser.at("weight_decay").get<double>();
  options.clip = optimiser.at("clip").get<double>();
  return options;
}

/// Everything one run needs; owns what the trainer refers to.
struct TinyRun {
  TinyRun(std::vector<train::TrainRow> run_rows, const train::TrainOptions& options,
          const train::AdapterConfig& config, uint64_t seed = 5)
      : session(fixture("llama/tied"), plain_options()), rows(std::move(run_rows)),
        adapter(std::make_unique<train::Adapter>(session.model(), session.compute(), config, seed)),
        worker(session, &adapter->set()), trainer(worker, *adapter, rows, options) {
    session.prepare_training();
  }
  /// With the PEFT fixture's adapter.
  TinyRun(std::vector<train::TrainRow> run_rows, const train::TrainOptions& options,
          const engine::SessionOptions& how = plain_options())
      : session(fixture("llama/tied"), how), rows(std::move(run_rows)),
        adapter(train::load_peft(fixture("llama/lora"), session.model(), session.compute())),
        worker(session, &adapter->set()), trainer(worker, *adapter, rows, options) {
    session.prepare_training();
  }

  train::StepRows all() const {
    train::StepRows numbers;
    for (size_t i = 0; i < rows.size(); ++i) numbers.push_back(int64_t(i));
    return numbers;
  }
  /// Gradients of all rows together, from nothing.
  std::vector<float> gradients(nn::LossSum* loss = nullptr) {
    adapter->zero_grads();
    int64_t tokens = 0;
    const nn::LossSum sum = trainer.accumulate(all(), 0, tokens);
    if (loss) *loss = sum;
    return {adapter->grads().begin(), adapter->grads().end()};
  }
  std::vector<float> values() const { return {adapter->values().begin(), adapter->values().end()}; }

  engine::Session session;
  std::vector<train::TrainRow> rows;
  std::unique_ptr<train::Adapter> adapter;
  engine::Worker worker;
  train::Trainer trainer;
};

}  // namespace relatum::testing
