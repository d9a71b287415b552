// All weights trained: PyTorch's gradients and AdamW losses, and what may not change them.
#include "train/full_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/rng.h"
#include "io/json.h"
#include "kernels/cpu.h"
#include "support/error_of.h"
#include "support/full.h"
#include "train/full_folder.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using train::FullTensor;
using train::TrainOptions;

class FullWeights : public ::testing::TestWithParam<std::string> {
 protected:
  // T5's softmax is nearly certain in places, where small gradients are differences of large
  // numbers.
  double bound(const engine::Session& session) const {
    return GetParam().starts_with("t5") ? 1e-3 : gradient_bound(session.model());
  }
  FullModel model_{GetParam()};
};

TEST_P(FullWeights, EveryGradientIsThatOfPyTorch) {
  FullRun run(model_, {});
  nn::LossSum loss;
  std::vector<float> gradients = run.gradients(&loss);
  for (float& value : gradients) value /= float(loss.count);
  const auto file = io::Safetensors::open(fixture("full/gradients.safetensors"));
  size_t read = 0;
  for (const FullTensor& tensor : run.weights.tensors()) {
    const auto got = run.of(tensor, gradients);
    const std::string name = GetParam() + "." + tensor.name;
    if (tensor.rows == 1) {
      EXPECT_LT(distance(got, read_matrix(file, name).view()), bound(run.session)) << name;
      ++read;
      continue;
    }
    EXPECT_LT(distance(projected(got, true), read_matrix(file, name + ".rows")), bound(run.session))
        << name;
    EXPECT_LT(distance(projected(got, false), read_matrix(file, name + ".cols")),
              bound(run.session))
        << name;
    read += 2;
  }
  size_t there = 0;
  for (const auto& tensor : file.tensors()) there += tensor.name.starts_with(GetParam() + ".");
  EXPECT_EQ(read, there);
}

// As in trainer_test: a step's error moves the loss by at most rate * sqrt(N) * (relative bound) *
// norm of the clipped gradient's part, here of the whole one.
TEST_P(FullWeights, AdamWLossesAreThoseOfTorch) {
  const auto facts = io::load_json(fixture("full/losses.json"));
  const auto losses = facts.at(GetParam()).at("losses").get<std::vector<double>>();
  const auto norms = facts.at(GetParam()).at("gradient_norms").get<std::vector<double>>();
  const TrainOptions options = options_of(facts.at("optimiser"), norms.size());
  FullRun run(model_, options);
  const double relative = bound(run.session);
  double slack = losses[0] * relative;
  size_t steps = 0;
  train::TrainHooks hooks;
  hooks.on_step = [&](const train::StepReport& report) {
    EXPECT_NEAR(report.loss, losses[steps], slack) << steps;
    if (steps == 0) {
      EXPECT_NEAR(report.grad_norm, norms[0], norms[0] * relative);
    }
    slack += options.learning_rate * std::sqrt(double(run.weights.values().size())) * relative *
             norms[steps++];
  };
  EXPECT_TRUE(run.trainer.run(hooks, {}).finished);
  EXPECT_EQ(steps, norms.size());
  nn::LossSum last;
  run.gradients(&last);
  EXPECT_NEAR(last.sum / double(last.count), losses.back(), slack);
}

TEST_P(FullWeights, CheckpointsChangeNoBit) {
  FullRun plain(model_, {});
  TrainOptions options;
  options.checkpoint = true;
  FullRun again(model_, options);
  EXPECT_EQ(plain.gradients(), again.gradients());
}

TEST_P(FullWeights, ThreadsAndCutsGiveTheSameGradient) {
  FullRun whole(model_, {});
  TrainOptions options;
  options.batch.micro_tokens = 1;
  FullRun cut(model_, options);
  const auto want = whole.gradients();
  EXPECT_EQ(want, whole.gradients());
  EXPECT_LT(distance(as_row(cut.gradients()), as_row(want)), bound(whole.session));
}

// Weights that were moved say what they said in the files.
TEST_P(FullWeights, MovedWeightsGiveTheFrozenLogits) {
  const engine::Session frozen(model_.path(), plain_options());
  engine::Session opened(model_.path(), plain_options());
  const train::FullWeights weights(opened.open_weights());
  const auto rows = model_.rows();
  const auto built = train::build_batch(
      rows, {0}, train::batches_of(frozen.model().info(), train::BatchOptions{}));
  const Matrix<float> want = testing::run(frozen.model(), built.batch);
  EXPECT_LT(distance(testing::run(opened.model(), built.batch), want),
            parity_bound(frozen.model()));
}

INSTANTIATE_TEST_SUITE_P(Models, FullWeights,
                         ::testing::Values("llama.tied", "llama.untied", "t5.first", "t5.untied"),
                         [](const auto& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

TEST(FullWeightsNames, AreThoseOfTheFilesWithTheirShapes) {
  for (const char* name : {"llama.tied", "llama.untied", "t5.first", "t5.untied"}) {
    const FullModel model(name);
    engine::Session session(model.path(), plain_options());
    const train::FullWeights weights(session.open_weights());
    const auto file = io::Safetensors::open_folder(model.path());
    EXPECT_EQ(weights.tensors().size(), file.tensors().size()) << name;
    for (const FullTensor& tensor : weights.tensors()) {
      const auto& stored = file.tensor(tensor.name);
      const std::vector<int64_t> shape = stored.shape.size() == 1
                                             ? std::vector<int64_t>{tensor.cols}
                                             : std::vector<int64_t>{tensor.rows, tensor.cols};
      EXPECT_EQ(stored.shape, shape) << name << " " << tensor.name;
      EXPECT_EQ(std::memcmp(weights.values().data() + tensor.offset, stored.bytes.data(),
                            stored.bytes.size()),
                0)
          << name << " " << tensor.name;
    }
  }
}

// What is written is what was read, though T5's head scales what it reads.
TEST(FullFolder, HoldsTheBaseAgain) {
  for (const char* name : {"llama.tied", "llama.untied", "t5.first", "t5.untied"}) {
    const FullModel model(name);
    engine::Session session(model.path(), plain_options());
    const train::FullWeights weights(session.open_weights());
    const TemporaryFolder run;
    train::save_full(run.path(), weights, model.path());
    const auto want = io::Safetensors::open_folder(model.path()),
               got = io::Safetensors::open_folder(run.path() / "model");
    ASSERT_EQ(got.tensors().size(), want.tensors().size()) << name;
    for (const auto& tensor : want.tensors()) {
      EXPECT_EQ(got.tensor(tensor.name).shape, tensor.shape) << name << " " << tensor.name;
      EXPECT_TRUE(std::ranges::equal(got.tensor(tensor.name).bytes, tensor.bytes))
          << name << " " << tensor.name;
    }
    const engine::Session again(run.path() / "model", plain_options());
    EXPECT_EQ(again.tokenizer_hash(), session.tokenizer_hash()) << name;
  }
}

// Mistral's tokenizer has its version in its name.
TEST(FullFolder, TakesATokenizerOfAnyNameAlong) {
  const FullModel model("llama.tied");
  engine::Session session(model.path(), plain_options());
  const train::FullWeights weights(session.open_weights());
  const TemporaryFolder run, base;
  write_file(base / "config.json", read_file(model.path() / "config.json"));
  write_file(base / "tekken_240911.json", "{}");
  train::save_full(run.path(), weights, base.path());
  EXPECT_EQ(read_file(run.path() / "model" / "tekken_240911.json"), "{}");
}

// The tiny Llama in a compute type, which sessions refuse where it is slow.
struct InType {
  explicit InType(DType type)
      : compute(type), model(load(fixture("llama/tied"), {.compute = type, .base = "f32"})),
        weights(*model) {
    weights.enable_training();
  }
  std::vector<float> gradients() {
    const auto rows = peft_rows();
    const auto batch = train::build_batch(rows, {0, 1, 2}, {});
    Arena arena;
    nn::Graph graph(arena, compute, true, weights.weight_gradients());
    arch::ForwardOptions options;
    options.rows = batch.predicting;
    weights.zero_grads();
    const nn::Var states = model->forward(graph, batch.batch, options);
    nn::head_cross_entropy(graph, *model->head(), states, batch.targets);
    graph.backward();
    return {weights.grads().begin(), weights.grads().end()};
  }
  Matrix<float> logits() const { return run(*model, single(random_tokens(9, 1)), compute); }

  DType compute;
  std::unique_ptr<arch::Model> model;
  train::FullWeights weights;
};

TEST(FullWeightsNarrow, BFloat16sCopiesFollowTheValues) {
  if (!kernels::has_fast_bf16()) GTEST_SKIP() << "no bf16 products here";
  InType wide(DType::kF32), narrow(DType::kBF16);
  const double bound = parity_bound(*wide.model, DType::kBF16);
  EXPECT_LT(distance(as_row(narrow.gradients()), as_row(wide.gradients())), 3 * bound);
  const Matrix<float> before = narrow.logits();
  for (InType* each : {&wide, &narrow}) {
    const Rng rng(3, 3);
    for (size_t i = 0; i < each->weights.values().size(); ++i) {
      each->weights.values()[i] += float(0.05 * rng.normal(i));
    }
    each->weights.sync();
  }
  EXPECT_LT(distance(narrow.logits(), wide.logits()), bound);
  EXPECT_GT(distance(narrow.logits(), before), 3 * bound);
}

TEST(FullWeightsRefused, WhatIsNotHeldInF32) {
  const FullModel model("llama.tied");
  engine::Session narrow(model.path(), {.compute = "f32", .base = "nf4"});
  EXPECT_THAT(error_of([&] { narrow.open_weights(); }),
              AllOf(HasSubstr("nf4"), HasSubstr("--base f32")));
  engine::Session integers(model.path(), {.compute = "int8", .base = "f32"});
  EXPECT_THAT(error_of([&] { integers.open_weights(); }), HasSubstr("int8"));
}

// Where one half's table is the shared one again, it is trained as that.
TEST(FullWeightsRefused, HalvesOfAT5WithWordsOfTheirOwn) {
  const T5Folder model(t5_options().at("first"));
  const auto plain = io::Safetensors::open(model.path() / "model.safetensors");
  const auto& shared = plain.tensor("shared.weight");
  const std::vector<float> other(size_t(shared.shape[0] * shared.shape[1]), 0.5f);
  const auto refusal = [&](std::span<const std::byte> words) {
    std::vector<io::SafetensorsOutput> tensors;
    for (const auto& each : plain.tensors()) {
      tensors.push_back({each.name, each.dtype, each.shape, each.bytes});
    }
    tensors.push_back({"encoder.embed_tokens.weight", shared.dtype, shared.shape, words});
    io::write_safetensors(model.path() / "model.safetensors", tensors);
    engine::Session session(model.path(), plain_options());
    return error_of([&] {
      const train::FullWeights weights(session.open_weights());
      EXPECT_EQ(weights.tensors().size(), plain.tensors().size());
    });
  };
  EXPECT_EQ(refusal(shared.bytes), "");
  EXPECT_THAT(refusal(std::as_bytes(std::span(other))),
              AllOf(HasSubstr("'encoder.embed_tokens.weight'"), HasSubstr("--method lora")));
}

}  // namespace
}  // namespace relatum::testing
