// A few optimiser steps on the real SmolLM2-135M, on rows of the example corpus.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/jsonl.h"
#include "support/shared.h"
#include "support/training.h"

namespace relatum::testing {
namespace {

std::vector<train::TrainRow> example_rows(const engine::Session& session, int64_t count) {
  io::JsonlReader reader(std::filesystem::path(RELATUM_EXAMPLES) / "corpus/train.jsonl");
  std::vector<train::TrainRow> rows;
  nlohmann::json example;
  while (int64_t(rows.size()) < count && reader.next(example)) {
    train::TrainRow row;
    row.tokens = engine::prompt_tokens(
        session, "Sentence: " + example.at("text").get<std::string>() + "\nRelation:");
    row.prompt_length = int64_t(row.tokens.size());
    row.tokens = joined(row.tokens,
                        engine::completion_tokens(session.tokenizer(),
                                                  " " + example.at("label").get<std::string>()));
    rows.push_back(std::move(row));
  }
  return rows;
}

TEST(SlowSmolLm2Training, ThreeStepsLowerTheLoss) {
  const auto path = model_file("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
  RELATUM_NEEDS(path);
  for (const char* base : {"keep", "nf4"}) {
    engine::Session session(*path, {.compute = "auto", .base = base});
    train::Adapter adapter(session.model(), session.compute(), {.rank = 8, .dropout = 0}, 1);
    const auto rows = example_rows(session, 12);
    train::TrainOptions options;
    options.epochs = 4;
    options.schedule = train::Shape::kConstant;
    session.prepare_training();
    engine::Worker worker(session, &adapter.set());
    train::Trainer trainer(worker, adapter, rows, options);
    ASSERT_EQ(trainer.steps(), 4);
    std::vector<double> losses;
    train::TrainHooks hooks;
    hooks.on_step = [&](const train::StepReport& report) { losses.push_back(report.loss); };
    trainer.run(hooks, {});
    // The fourth loss is the one after three steps: on the same rows, so it has to be lower.
    EXPECT_LT(losses[3], losses[0]) << base;
    for (const double loss : losses) EXPECT_GT(loss, 0);
  }
}

}  // namespace
}  // namespace relatum::testing
