// Adapters of every form that PEFT trains: its probabilities, gradients, optimiser steps and files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/gemm.h"
#include "quant/format.h"
#include "support/methods.h"
#include "support/shows.h"

namespace relatum::testing {
namespace {

/// The row of docs/adapters.md that a case is of.
std::vector<std::string> features_of(const std::string& name) {
  static const std::map<std::string, std::vector<std::string>> special = {
      {"patterns", {"rank_pattern, alpha_pattern", "use_rslora"}},
      {"patterns_t5", {"rank_pattern, alpha_pattern"}},
      {"expression", {"target_modules as an expression", "exclude_modules"}},
      {"expression_t5", {"target_modules as an expression", "exclude_modules"}},
      {"excluded", {"target_modules all-linear", "exclude_modules"}},
      {"layers", {"layers_to_transform, layers_pattern"}},
      {"layers_t5", {"layers_to_transform, layers_pattern"}},
      {"suffixes", {"target_modules as suffixes"}},
      {"rslora", {"use_rslora"}},
      {"dora_plus", {"use_dora", "use_rslora", "LoRA+"}},
      {"plus_saved", {"modules_to_save: lm_head", "LoRA+"}},
      {"saved_head", {"modules_to_save: lm_head"}},
      {"saved_t5_untied", {"modules_to_save: lm_head"}},
      {"saved_embedding", {"modules_to_save: embed_tokens"}},
      {"saved_tied", {"ensure_weight_tying"}},
      {"tokens", {"trainable_token_indices"}},
      {"tokens_untied", {"trainable_token_indices"}}};
  if (const auto found = special.find(name); found != special.end()) return found->second;
  if (name.starts_with("dora")) return {"use_dora"};
  return {"modules_to_save: lm_head", "modules_to_save: embed_tokens"};
}

void shows_features(const std::string& name, const char* column) {
  for (const std::string& feature : features_of(name)) {
    // An optimiser's way stands in no file.
    if (feature != "LoRA+" || column == std::string("trained")) shows_adapter(feature, {column});
  }
}

bool plain_start(const std::string& name) { return !begins_at_principal_part(name); }
bool has_tokens(const std::string& name) { return name.starts_with("tokens"); }
bool of_t5(const MethodCase& which) {
  return which.facts().at("base").get<std::string>().starts_with("t5");
}

class Methods : public ::testing::TestWithParam<std::string> {
 protected:
  void expect_log_probabilities(const train::Adapter& adapter, const std::string& prefix) {
    const auto rows = case_.rows();
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto got = answer_log_probabilities(*model_, adapter.set(), rows[i]);
      const auto want = read_matrix(case_.expected(), prefix + std::to_string(i));
      // The acceptance figure: so near have probabilities to be to PEFT's.
      for (int64_t r = 0; r < want.rows(); ++r) {
        for (int64_t c = 0; c < want.cols(); ++c) {
          ASSERT_NEAR(std::exp(double(got.row(r)[c])), std::exp(double(want.row(r)[c])), 1e-4)
              << "row " << i << ", place " << r << ", token " << c;
        }
      }
    }
  }

  // A merged weight has the numbers that the adapted layer computes with.
  void expect_merged() {
    const auto adapter = train::load_peft(case_.folder(), *model_, DType::kF32);
    for (nn::Linear* linear : model_->mutable_linears()) {
      const nn::LoraGroup* group = adapter->set().of(*linear);
      if (!group) continue;
      auto whole = std::make_shared<Buffer>(size_t(linear->out() * linear->in()) * sizeof(float));
      const MatView<float> weight(whole->as<float>(), linear->out(), linear->in());
      for (nn::Linear::Part& part : linear->mutable_parts()) {
        quant::decode_rows(part.weight, 0, weight.rows_from(part.begin, part.weight.rows));
      }
      nn::lora_merge(*group, weight);
      for (nn::Linear::Part& part : linear->mutable_parts()) {
        const std::span<const float> own(weight.row(part.begin), size_t(part.weight.size()));
        part.weight.format = "f32";
        part.weight.data = std::as_bytes(own);
        part.weight.owner = whole;
        part.weight.mapped = false;
      }
      linear->prepare(DType::kF32, false);
    }
    nn::LoraSet beside;
    beside.head = adapter->set().head;
    beside.embedding = adapter->set().embedding;
    beside.source_embedding = adapter->set().source_embedding;
    const auto rows = case_.rows();
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto want = read_matrix(case_.expected(), "expected." + std::to_string(i));
      EXPECT_LT(largest_difference(answer_log_probabilities(*model_, beside, rows[i]), want.view()),
                kOptionBound);
    }
  }

  MethodCase case_{GetParam()};
  std::unique_ptr<arch::Model> model_ = load(case_.base());
};

TEST_P(Methods, ProbabilitiesArePefts) {
  shows_features(GetParam(), "read");
  expect_log_probabilities(*train::load_peft(case_.folder(), *model_, DType::kF32), "expected.");
}

TEST_P(Methods, MergedProbabilitiesAreTheSame) {
  shows_features(GetParam(), "merged");
  expect_merged();
}

TEST_P(Methods, EveryGradientIsPefts) {
  shows_features(GetParam(), "trained");
  const auto adapter = train::load_peft(case_.folder(), *model_, DType::kF32);
  adapter->enable_training();
  int64_t count = 0;
  for (const train::TrainRow& row : case_.rows()) {
    answer_log_probabilities(*model_, adapter->set(), row, adapter->weight_gradients(), true);
    count += int64_t(row.tokens.size()) - row.prompt_length;
  }
  const auto got = peft_gradients(*adapter, count);
  // T5's are computed in f32 by both.
  const double bound = (of_t5(case_) ? 2 : 1) * gradient_bound(*model_);
  size_t compared = 0;
  for (const auto& tensor : case_.expected().tensors()) {
    if (!tensor.name.starts_with("grad.")) continue;
    const auto found = got.find(tensor.name.substr(5));
    ASSERT_NE(found, got.end()) << tensor.name;
    EXPECT_LT(distance(found->second, read_matrix(case_.expected(), tensor.name)), bound)
        << tensor.name;
    ++compared;
  }
  // A head that is tied to its embedding has no gradient of its own.
  EXPECT_EQ(compared, got.size() - (GetParam() == "saved_tied"));
}

TEST_P(Methods, IsWrittenAsPeftDoes) {
  shows_features(GetParam(), "written");
  const TemporaryFolder folder;
  train::save_peft(folder.path(), *train::load_peft(case_.folder(), *model_, DType::kF32), "base");
  const auto theirs = io::Safetensors::open(case_.folder() / "adapter_model.safetensors"),
             ours = io::Safetensors::open(folder / "adapter_model.safetensors");
  ASSERT_EQ(ours.tensors().size(), theirs.tensors().size());
  for (const auto& tensor : theirs.tensors()) {
    const auto& own = ours.tensor(tensor.name);
    EXPECT_EQ(own.shape, tensor.shape) << tensor.name;
    EXPECT_TRUE(std::ranges::equal(own.bytes, tensor.bytes)) << tensor.name;
  }
  const auto config = io::load_json(folder / "adapter_config.json"),
             their_config = io::load_json(case_.folder() / "adapter_config.json");
  for (const char* key : {"r", "lora_alpha", "use_rslora", "use_dora", "task_type", "bias"}) {
    EXPECT_EQ(config.at(key), their_config.at(key)) << key;
  }
  const auto again = train::load_peft(folder.path(), *model_, DType::kF32);
  expect_log_probabilities(*again, "expected.");
}

INSTANTIATE_TEST_SUITE_P(Fixtures, Methods, ::testing::ValuesIn(method_names([](const auto& name) {
                           return plain_start(name) && !has_tokens(name);
                         })),
                         [](const auto& test) { return test.param; });

// Rows of an embedding that were trained alone are read as an embedding of the adapter's own.
class TokenRows : public Methods {};

TEST_P(TokenRows, ProbabilitiesArePefts) {
  shows_features(GetParam(), "read");
  const auto adapter = train::load_peft(case_.folder(), *model_, DType::kF32);
  expect_log_probabilities(*adapter, "expected.");
  const TemporaryFolder folder;
  train::save_peft(folder.path(), *adapter, "base");
  expect_log_probabilities(*train::load_peft(folder.path(), *model_, DType::kF32), "expected.");
}

TEST_P(TokenRows, MergedProbabilitiesAreTheSame) {
  shows_features(GetParam(), "merged");
  expect_merged();
}

INSTANTIATE_TEST_SUITE_P(Fixtures, TokenRows, ::testing::ValuesIn(method_names(has_tokens)),
                         [](const auto& test) { return test.param; });

// See TrainerSeries for how far a step's error moves the loss.
void expect_losses(const MethodCase& which, train::Trainer& trainer, const train::Adapter& adapter,
                   const engine::Session& session) {
  const auto losses = which.facts().at("losses").get<std::vector<double>>(),
             norms = which.facts().at("norms").get<std::vector<double>>();
  const double rate = which.facts().at("rate").get<double>() *
                      which.facts().at("ratio").get<double>();
  const double factor = of_t5(which) ? 2 : 1;
  const double step_bound = factor * rate * gradient_bound(session.model(), session.compute()) *
                            std::sqrt(double(adapter.values().size()));
  double slack = factor * losses[0] * parity_bound(session.model());
  size_t steps = 0;
  train::TrainHooks hooks;
  hooks.on_step = [&](const train::StepReport& report) {
    EXPECT_NEAR(report.loss, losses[steps], slack) << steps;
    slack += step_bound * norms[steps++];
  };
  EXPECT_TRUE(trainer.run(hooks, {}).finished);
  EXPECT_EQ(steps + 1, losses.size());
  int64_t tokens = 0;
  const nn::LossSum last = trainer.accumulate({0, 1}, 0, tokens);
  EXPECT_NEAR(last.sum / double(last.count), losses[steps], slack);
}

train::TrainOptions steps_of(const MethodCase& which) {
  train::TrainOptions options;
  options.epochs = int64_t(which.facts().at("losses").size()) - 1;
  options.learning_rate = which.facts().at("rate");
  options.lora_plus = which.facts().at("ratio");
  options.clip = which.facts().at("clip");
  options.schedule = train::Shape::kConstant;
  options.warmup = 0;
  return options;
}

class MethodSteps : public ::testing::TestWithParam<std::string> {};

TEST_P(MethodSteps, LossesAreThoseOfPefts) {
  const MethodCase which(GetParam());
  shows_features(GetParam(), "trained");
  engine::Session session(which.base(), plain_options());
  const auto rows = which.rows();
  const auto adapter = train::load_peft(which.folder(), session.model(), session.compute());
  engine::Worker worker(session, &adapter->set());
  train::Trainer trainer(worker, *adapter, rows, steps_of(which));
  expect_losses(which, trainer, *adapter, session);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, MethodSteps,
                         ::testing::ValuesIn(method_names([](const auto& name) {
                           return plain_start(name) && !has_tokens(name) &&
                                  MethodCase(name).has_session();
                         })),
                         [](const auto& test) { return test.param; });

class PrincipalParts : public Methods {
 protected:
  train::AdapterConfig config() const {
    const auto settings = io::load_json(case_.folder() / "adapter_config.json");
    return {.rank = settings.at("r"),
            .alpha = settings.at("lora_alpha"),
            .dropout = 0,
            .targets = {"q_proj", "down_proj"},
            .rank_stabilised = settings.at("use_rslora"),
            .start = train::Start::kPissa};
  }
};

TEST_P(PrincipalParts, BeginWherePeftBegins) {
  const train::Adapter adapter(*model_, DType::kF32, config(), 1);
  const auto theirs = io::Safetensors::open(case_.folder() / "adapter_model.safetensors");
  for (const train::AdapterModule& m : adapter.modules()) {
    const std::string name = "base_model.model." + m.name;
    const Matrix<float> a = read_matrix(theirs, name + ".lora_A.weight"),
                        b = read_matrix(theirs, name + ".lora_B.weight");
    // Singular vectors have either sign, their products have one.
    Matrix<float> want(m.out, m.in), got(m.out, m.in);
    kernels::gemm({.a = b.view(), .b = a.view(), .c = want.view()});
    kernels::gemm({.a = adapter.b(m), .b = adapter.a(m), .c = got.view(), .transpose_a = true});
    // The iteration ends once the sum of squares that it found grows by no more than 1e-9 of
    // itself (train/principal.cc): 3e-5 of the product is the root of that, for its last turn.
    EXPECT_LT(distance(got, want), 1e-4) << m.name;
  }
  expect_log_probabilities(adapter, "expected.");  // those of the base alone
}

TEST_P(PrincipalParts, LearnAsPeftsDoAndAreWrittenForTheUnchangedBase) {
  shows_adapter("init_lora_weights pissa, converted", {"read", "written", "trained"});
  engine::Session session(case_.base(), plain_options());
  const auto rows = case_.rows();
  train::Adapter adapter(session.model(), session.compute(), config(), 1);
  engine::Worker worker(session, &adapter.set());
  train::Trainer trainer(worker, adapter, rows, steps_of(case_));
  expect_losses(case_, trainer, adapter, session);
  const TemporaryFolder folder;
  train::save_peft(folder.path(), adapter, "base");
  const auto written = train::load_peft(folder.path(), *model_, DType::kF32);
  EXPECT_EQ(written->config().rank, 2 * config().rank);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto trained = answer_log_probabilities(session.model(), adapter.set(), rows[i]);
    EXPECT_LT(largest_difference(answer_log_probabilities(*model_, written->set(), rows[i]),
                                 trained.view()),
              kOptionBound);
  }
  // PEFT's own conversion of what it has trained.
  expect_log_probabilities(
      *train::load_peft(fixture("methods/" + GetParam() + "_converted"), *model_, DType::kF32),
      "trained.");
}

TEST_P(PrincipalParts, OfPeftsAreRefusedWhereTheyAreNotConverted) {
  shows_adapter("init_lora_weights pissa, olora, corda, loftq, unconverted", {"refused by name"});
  EXPECT_THAT(
      [&] { train::load_peft(case_.folder(), *model_, DType::kF32); },
      ::testing::ThrowsMessage<Error>(::testing::HasSubstr("'init_lora_weights' is 'pissa'")));
}

INSTANTIATE_TEST_SUITE_P(Fixtures, PrincipalParts,
                         ::testing::ValuesIn(method_names(begins_at_principal_part)),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace relatum::testing
