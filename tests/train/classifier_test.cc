// Encoders below a classifier: PyTorch's gradients and AdamW losses, dropout, files.
#include "train/classifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "engine/classify.h"
#include "support/classifier.h"
#include "support/error_of.h"
#include "support/full.h"
#include "support/temporary.h"

namespace relatum::testing {
namespace {

using ::testing::HasSubstr;
using train::TrainOptions;

class Classifier : public ::testing::TestWithParam<std::string> {
 protected:
  // A key's bias adds the same to all scores of a query, so its gradient is zero but for rounding.
  static bool is_key_bias(const std::string& name) {
    for (const char* end : {"self.key.bias", "attn.k.bias", "k_lin.bias"}) {
      if (name.ends_with(end)) return true;
    }
    return false;
  }
  // How far a gradient is from the fixture's, both as `name` says, relative to `size` or to itself.
  static double off(MatView<const float> got, const Matrix<float>& want, double size) {
    if (size == 0) return distance(got, want.view());
    double sum = 0;
    for (int64_t i = 0; i < got.size(); ++i) {
      sum += std::pow(double(got.data[i]) - double(want.view().data[i]), 2);
    }
    return std::sqrt(sum) / size;
  }
};

TEST_P(Classifier, EveryGradientIsThatOfPyTorch) {
  ClassifierRun run(GetParam());
  nn::LossSum loss;
  std::vector<float> gradients = run.gradients(&loss);
  for (float& value : gradients) value /= float(loss.count);
  EXPECT_EQ(loss.count, 3);
  const auto file = io::Safetensors::open(fixture("classifier/gradients.safetensors"));
  const double bound = gradient_bound(run.session), norm = [&] {
    double sum = 0;
    for (const float value : gradients) sum += double(value) * double(value);
    return std::sqrt(sum);
  }();
  size_t read = 0;
  const auto compare = [&](const std::string& name, MatView<const float> got) {
    const std::string key = GetParam() + ":" + name;
    const double size = is_key_bias(name) ? norm : 0;
    if (got.rows == 1 && file.find(key)) {  // a vector; a table of one row is a matrix there
      EXPECT_LT(off(got, read_matrix(file, key), size), bound) << key;
      ++read;
      return;
    }
    EXPECT_LT(off(projected(got, true).view(), read_matrix(file, key + ".rows"), size), bound)
        << key;
    EXPECT_LT(off(projected(got, false).view(), read_matrix(file, key + ".cols"), size), bound)
        << key;
    read += 2;
  };
  for (const train::FullTensor& tensor : run.weights().tensors()) {
    compare(tensor.name, {gradients.data() + tensor.offset, tensor.rows, tensor.cols});
  }
  const float* own = gradients.data() + int64_t(gradients.size()) - run.form.size();
  compare("classifier.weight", {own, run.form.labels, run.form.inputs});
  compare("classifier.bias", {own + run.form.labels * run.form.inputs, 1, run.form.labels});
  size_t there = 0;
  for (const auto& tensor : file.tensors()) there += tensor.name.starts_with(GetParam() + ":");
  EXPECT_EQ(read, there);
}

// As in full_weights_test: a step's error moves the loss by at most its rate times the relative
// bound of the gradient's norm; the classifier moves at twice the rate.
TEST_P(Classifier, AdamWLossesAreThoseOfTorch) {
  const auto facts = classifier_facts();
  const auto losses = facts.at(GetParam()).at("losses").get<std::vector<double>>();
  const auto norms = facts.at(GetParam()).at("gradient_norms").get<std::vector<double>>();
  const TrainOptions options = options_of(facts.at("optimiser"), norms.size());
  ClassifierRun run(GetParam(), options, {.dropout = 0, .own_dropout = 0, .rate = 2});
  const double relative = gradient_bound(run.session);
  double slack = losses[0] * relative;
  size_t steps = 0;
  train::TrainHooks hooks;
  hooks.on_step = [&](const train::StepReport& report) {
    EXPECT_NEAR(report.loss, losses[steps], slack) << steps;
    if (steps == 0) {
      EXPECT_NEAR(report.grad_norm, norms[0], norms[0] * relative);
    }
    slack += 2 * options.learning_rate * std::sqrt(double(run.trained->values().size())) *
             relative * norms[steps++];
  };
  EXPECT_TRUE(run.trainer->run(hooks, {}).finished);
  EXPECT_EQ(steps, norms.size());
  nn::LossSum last;
  run.gradients(&last);
  EXPECT_NEAR(last.sum / double(last.count), losses.back(), slack);
}

TEST_P(Classifier, CheckpointsChangeNoBit) {
  const train::ClassifierForm dropping{.dropout = 0.2, .own_dropout = 0.3};
  ClassifierRun plain(GetParam(), {}, dropping);
  TrainOptions options;
  options.checkpoint = true;
  ClassifierRun again(GetParam(), options, dropping);
  EXPECT_EQ(plain.gradients(), again.gradients());
}

// Dropout's masks are a row's own, wherever it is computed, and others in the next step.
TEST_P(Classifier, CutsGiveTheSameGradient) {
  const train::ClassifierForm dropping{.dropout = 0.2, .own_dropout = 0.3};
  ClassifierRun whole(GetParam(), {}, dropping);
  TrainOptions options;
  options.batch.micro_tokens = 1;
  ClassifierRun cut(GetParam(), options, dropping);
  const auto want = whole.gradients();
  EXPECT_EQ(want, whole.gradients());
  EXPECT_LT(distance(as_row(cut.gradients()), as_row(want)), gradient_bound(whole.session));
  EXPECT_GT(distance(as_row(whole.gradients(nullptr, 1)), as_row(want)), 0.1);
  ClassifierRun none(GetParam());
  EXPECT_GT(distance(as_row(none.gradients()), as_row(want)), 0.1);
}

// What answers is what was trained.
TEST_P(Classifier, ClassesHaveTheProbabilitiesThatTheLossSaw) {
  ClassifierRun run(GetParam());
  nn::LossSum loss;
  run.gradients(&loss);
  std::vector<engine::ClassifierRow> rows;
  for (const train::TrainRow& row : run.rows) rows.push_back({row.tokens, row.read});
  for (const int64_t batch_tokens : {1, 4096}) {
    double sum = 0;
    size_t next = 0;
    engine::classify_batches(
        run.worker, rows, {.batch_tokens = batch_tokens},
        [&](std::vector<std::vector<double>>&& batch) {
      for (const auto& classes : batch) {
        double all = 0;
        for (const double each : classes) all += std::exp(each);
        EXPECT_NEAR(all, 1, 1e-12);
        sum -= classes[size_t(run.rows[next++].label)];
      }
        },
        {});
    EXPECT_EQ(next, rows.size());
    EXPECT_NEAR(sum, loss.sum, loss.sum * parity_bound(run.session.model()));
  }
}

// transformers opens no table of one row, as RoBERTa has it, that was written as a vector.
TEST_P(Classifier, WhatIsWrittenIsWhatWasReadInItsShapes) {
  const ClassifierRun run(GetParam());
  const TemporaryFolder folder;
  run.weights().save(folder.path(), classifier_model(GetParam()));
  const auto want = io::Safetensors::open_folder(classifier_model(GetParam())),
             got = io::Safetensors::open_folder(folder.path() / "model");
  EXPECT_EQ(got.tensors().size(), run.weights().tensors().size());
  for (const io::SafetensorsTensor& tensor : got.tensors()) {
    const io::SafetensorsTensor* same = want.find(tensor.name);
    if (!same) same = want.find(tensor.name.substr(tensor.name.find('.') + 1));  // behind "bert."
    ASSERT_TRUE(same) << tensor.name;
    EXPECT_EQ(tensor.shape, same->shape) << tensor.name;
    EXPECT_TRUE(std::ranges::equal(tensor.bytes, same->bytes)) << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Encoders, Classifier,
                         ::testing::Values("bert", "mpnet", "distilbert", "roberta"),
                         [](const auto& test) { return test.param; });

TEST(ClassifierFile, HoldsTheClassifierAgain) {
  ClassifierRun run("bert");
  const TemporaryFolder folder;
  run.trained->save(folder.path(), classifier_model("bert"));
  const nn::Linear again = train::load_classifier(folder.path(), run.form.labels, run.form.inputs,
                                                  DType::kF32);
  const auto numbers = std::as_const(*run.trained).values().last(size_t(run.form.size()));
  EXPECT_EQ(std::memcmp(again.parts()[0].weight.data.data(), numbers.data(),
                        again.parts()[0].weight.data.size()),
            0);
  EXPECT_TRUE(std::ranges::equal(again.bias(), numbers.last(size_t(run.form.labels))));
  EXPECT_THAT(error_of([&] {
                train::load_classifier(folder.path(), run.form.labels + 1, run.form.inputs,
                                       DType::kF32);
              }),
              HasSubstr("for 4 labels"));
}

// Rows that are added begin as those that they are like, and stand in the written model.
TEST(ClassifierWords, MarkersAreRowsOfTheirOwn) {
  engine::Session session(classifier_model("bert"), plain_options());
  const int64_t words = session.model().info().vocabulary;
  const train::FullWeights weights(session.open_weights(), {0, {7, 3}});
  const train::FullTensor& table = weights.tensors()[0];
  EXPECT_EQ(table.rows, words + 2);
  const MatView<const float> rows(weights.values().data(), table.rows, table.cols);
  EXPECT_TRUE(std::equal(rows.row(words), rows.row(words) + rows.cols, rows.row(7)));
  EXPECT_TRUE(std::equal(rows.row(words + 1), rows.row(words + 1) + rows.cols, rows.row(3)));
  const TemporaryFolder folder;
  weights.save(folder.path(), classifier_model("bert"));
  const engine::Session again(folder.path() / "model", plain_options());
  EXPECT_EQ(again.model().info().vocabulary, words + 2);
  const std::vector<int32_t> tokens{2, int32_t(words), 9, 3}, like{2, 7, 9, 3};
  EXPECT_TRUE(bit_equal(testing::run(again.model(), single(tokens, false)),
                        testing::run(again.model(), single(like, false))));
}

// Two kinds of numbers move at rates of their own.
TEST(ClassifierRates, AreTheGroups) {
  ClassifierRun run("bert", {}, {.rate = 20});
  const auto groups = run.trained->groups();
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[1].name, "classifier");
  EXPECT_EQ(train::count_of(groups[1]), run.form.size());
  const auto rates = train::rates_of(*run.trained, 1);
  ASSERT_EQ(rates.size(), 2u);
  EXPECT_EQ(rates[0].factor, 1);
  EXPECT_EQ(rates[1].factor, 20);
}

}  // namespace
}  // namespace relatum::testing
