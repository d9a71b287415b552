// A classifier of spans above two networks: PyTorch's gradients and AdamW losses, dropout, files.
#include "train/span_training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "engine/find_spans.h"
#include "support/error_of.h"
#include "support/full.h"
#include "support/spans.h"
#include "support/temporary.h"
#include "train/estimate.h"
#include "train/pass_memory.h"

namespace relatum::testing {
namespace {

using ::testing::HasSubstr;
using train::TrainOptions;

class SpanClassifier : public ::testing::TestWithParam<std::string> {
 protected:
  // A key's bias adds the same to all scores of a query, so its gradient is zero but for rounding.
  static bool is_key_bias(const std::string& name) { return name.ends_with("self.key.bias"); }
  static double off(MatView<const float> got, const Matrix<float>& want, double size) {
    if (size == 0) return distance(got, want.view());
    double sum = 0;
    for (int64_t i = 0; i < got.size(); ++i) {
      sum += std::pow(double(got.data[i]) - double(want.view().data[i]), 2);
    }
    return std::sqrt(sum) / size;
  }
  static std::vector<engine::SpanText> texts_of(const std::vector<train::TrainRow>& rows) {
    std::vector<engine::SpanText> texts;
    for (const train::TrainRow& row : rows) texts.push_back({row.tokens, row.words});
    return texts;
  }
};

TEST_P(SpanClassifier, EveryGradientIsThatOfPyTorch) {
  SpanRun run(GetParam());
  nn::LossSum loss;
  std::vector<float> gradients = run.gradients(&loss);
  for (float& value : gradients) value /= float(loss.weight);
  EXPECT_EQ(loss.weight, 4 + 2 + 5) << "the loss is per word";
  EXPECT_EQ(loss.count, nn::count_spans(4, 3) + nn::count_spans(2, 3) + nn::count_spans(5, 3));
  const auto file = io::Safetensors::open(fixture("spans/gradients.safetensors"));
  const double bound = gradient_bound(run.session);
  double norm = 0;
  for (const float value : gradients) norm += double(value) * double(value);
  size_t read = 0;
  const auto compare = [&](const std::string& name, MatView<const float> got) {
    const std::string key = GetParam() + ":" + name;
    const double size = is_key_bias(name) ? std::sqrt(norm) : 0;
    if (got.rows == 1) {
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
  const train::SpanForm& form = run.form;
  const float* own = gradients.data() + int64_t(gradients.size()) - form.size();
  const auto take = [&](const std::string& name, int64_t rows, int64_t cols) {
    compare(name, {own, rows, cols});
    own += rows * cols;
  };
  take("project.weight", 2 * form.hidden, form.width);
  take("width.weight", form.lengths, form.hidden);
  take("output.weight", form.classes, form.hidden);
  take("output.bias", 1, form.classes);
  size_t there = 0;
  for (const auto& tensor : file.tensors()) there += tensor.name.starts_with(GetParam() + ":");
  EXPECT_EQ(read, there);
}

// As in classifier_test: a step's error moves the loss by at most its rate times the relative bound
// of the gradient's norm; the head moves at twice the rate.
TEST_P(SpanClassifier, AdamWLossesAreThoseOfTorch) {
  const auto facts = span_facts();
  const auto losses = facts.at(GetParam()).at("losses").get<std::vector<double>>();
  const auto norms = facts.at(GetParam()).at("gradient_norms").get<std::vector<double>>();
  const TrainOptions options = options_of(facts.at("optimiser"), norms.size());
  SpanRun run(GetParam(), options, {.dropout = 0, .own_dropout = 0, .rate = 2});
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
  EXPECT_NEAR(last.sum / last.weight, losses.back(), slack);
}

// Dropout's masks are a text's own, wherever it is computed, and others in the next step.
TEST_P(SpanClassifier, CutsAndCheckpointsGiveTheSameGradient) {
  const train::SpanForm dropping{.dropout = 0.2, .own_dropout = GetParam() == "bert" ? 0.3 : 0};
  SpanRun whole(GetParam(), {}, dropping);
  TrainOptions options;
  options.batch.micro_tokens = 1;
  SpanRun cut(GetParam(), options, dropping);
  const auto want = whole.gradients();
  EXPECT_EQ(want, whole.gradients());
  EXPECT_LT(distance(as_row(cut.gradients()), as_row(want)), gradient_bound(whole.session));
  EXPECT_GT(distance(as_row(whole.gradients(nullptr, 1)), as_row(want)), 0.1);
  SpanRun none(GetParam());
  EXPECT_GT(distance(as_row(none.gradients()), as_row(want)), 0.1);
  options.batch.micro_tokens = 2048;
  options.checkpoint = true;
  SpanRun again(GetParam(), options, dropping);
  EXPECT_EQ(again.gradients(), want);
}

// What answers is what was trained, whatever shares its pass.
TEST_P(SpanClassifier, ClassesHaveTheProbabilitiesThatTheLossSaw) {
  SpanRun run(GetParam());
  nn::LossSum loss;
  run.gradients(&loss);
  const auto texts = texts_of(run.rows);
  double sum = 0;
  int64_t count = 0;
  std::vector<std::vector<engine::ClassedWords>> best(texts.size());
  engine::each_span(run.worker, run.head(), texts,
                    [&](size_t text, nn::SpanPlace span, std::span<const double> classes) {
    size_t label = 0;
    for (const train::ClassedSpan& each : run.rows[text].spans) {
      if (each.first == span.first && each.last == span.last) label = size_t(each.label);
    }
    double all = 0;
    for (const double each : classes) all += std::exp(each);
    EXPECT_NEAR(all, 1, 1e-12);
    sum -= classes[label];
    ++count;
    const auto top = std::ranges::max_element(classes) - classes.begin();
    if (top == 0) return;
    best[text].push_back({span.first, span.last, int32_t(top), std::exp(classes[size_t(top)])});
  });
  EXPECT_EQ(count, loss.count);
  EXPECT_NEAR(sum, loss.sum, loss.sum * parity_bound(run.session.model()));
  std::vector<std::vector<engine::ClassedWords>> found;
  engine::find_spans(run.worker, run.head(), texts, {.batch_tokens = 4096},
                     [&](auto&& batch) { found.insert(found.end(), batch.begin(), batch.end()); },
                     {});
  EXPECT_EQ(found, best);
  EXPECT_GT(found[0].size() + found[1].size() + found[2].size(), 0u);
  found.clear();
  engine::find_spans(
      run.worker, run.head(), texts, {.batch_tokens = 1},
      [&](auto&& batch) {
    EXPECT_EQ(batch.size(), 1u);
    found.insert(found.end(), batch.begin(), batch.end());
      },
      {});
  ASSERT_EQ(found.size(), best.size());
  for (size_t i = 0; i < best.size(); ++i) EXPECT_EQ(found[i].size(), best[i].size());
}

TEST_P(SpanClassifier, ThePassTakesTheMemoryThatItIsSaidToTake) {
  SpanRun run(GetParam(), {}, {.dropout = 0.1, .own_dropout = GetParam() == "bert" ? 0.1 : 0});
  std::vector<train::TrainRow> rows;
  for (size_t i = 0; i < 60; ++i) rows.push_back(run.rows[i % 3]);
  train::StepRows all;
  for (size_t i = 0; i < rows.size(); ++i) all.push_back(int64_t(i));
  const bool causal = run.session.model().info().causal;
  const train::TrainBatch batch = train::build_batch(rows, all,
                                                     {.causal = causal, .widest = run.form.widest});
  const auto& info = run.session.model().info();
  train::PassSize size = train::size_of_pass(info, batch.batch, int64_t(batch.predicting.size()));
  size.spans = int64_t(batch.spans.size());
  const int64_t told = train::training_arena(run.session.model(), run.trained->adapter(),
                                             run.session.compute(), false, size);
  run.trainer->accumulate(batch, 0);
  const int64_t took = int64_t(run.worker.arena().peak());
  // As in classifier_memory_test, and the keys of words.
  const int64_t small = (info.layers + 1) * 24 * 3 * 128 + batch.batch.size() * 64 +
                        16 * info.heads * batch.batch.size();
  EXPECT_LE(took, told + small);
  EXPECT_GE(double(took) * 1.15, double(told)) << "more than is needed";
}

INSTANTIATE_TEST_SUITE_P(Networks, SpanClassifier, ::testing::Values("bert", "llama"),
                         [](const auto& test) { return test.param; });

// Below the head, pairs beside frozen weights move, and the head itself.
TEST(SpanPairs, AndTheHeadLearn) {
  TrainOptions options;
  options.epochs = 150;
  options.learning_rate = 1e-2;
  options.warmup = 0;
  SpanRun run("llama", options, {.dropout = 0, .own_dropout = 0}, true);
  const auto groups = run.trained->groups();
  EXPECT_EQ(groups.back().name, "spans");
  EXPECT_EQ(train::count_of(groups.back()), run.form.size());
  const auto before = run.gradients();
  EXPECT_TRUE(std::ranges::any_of(before, [](float each) { return each != 0; }));
  EXPECT_TRUE(run.trainer->run({}, {}).finished);
  std::vector<engine::SpanText> texts;
  for (const train::TrainRow& row : run.rows) texts.push_back({row.tokens, row.words});
  std::vector<std::vector<engine::ClassedWords>> found;
  engine::find_spans(run.worker, run.head(), texts, {.batch_tokens = 4096},
                     [&](auto&& batch) { found.insert(found.end(), batch.begin(), batch.end()); },
                     {});
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto& gold = run.rows[i].spans;
    ASSERT_EQ(found[i].size(), gold.size()) << i;
    for (size_t k = 0; k < gold.size(); ++k) {
      EXPECT_EQ(found[i][k].first, gold[k].first);
      EXPECT_EQ(found[i][k].last, gold[k].last);
      EXPECT_EQ(found[i][k].label, gold[k].label);
      EXPECT_GT(found[i][k].probability, 0.5);
    }
  }
}

// A step of texts and of prompts with answers: the mean over words and the mean over answers'
// tokens count alike.
TEST(JointRows, TheirGradientIsTheMeanOfBoth) {
  const engine::Session session(span_model("llama"), plain_options());
  std::vector<train::TrainRow> rows = span_texts("llama");
  for (const auto& row : random_rows(3)) rows.push_back(row);
  const auto facts = span_facts();
  train::SpanForm form{.dropout = 0, .own_dropout = 0, .joint = true};
  form.classes = facts.at("classes").get<int64_t>();
  form.widest = form.lengths = facts.at("widest").get<int64_t>();
  form.hidden = 6;
  form.width = session.model().info().width;
  train::SpanTraining trained(
      std::make_unique<train::Adapter>(session.model(), session.compute(),
                                       train::AdapterConfig{.dropout = 0}, 5, nullptr, form.size()),
      session.compute(), form, 1);
  for (float& value : trained.values()) value += 0.01f;
  trained.sync();
  engine::Worker worker(session, trained.adapter());
  train::Trainer trainer(worker, trained, rows, {});
  nn::LossSum loss;
  const auto gradient = [&](const train::StepRows& chosen) {
    trained.zero_grads();
    int64_t tokens = 0;
    loss = trainer.accumulate(chosen, 0, tokens);
    std::vector<float> mean(trained.grads().begin(), trained.grads().end());
    for (float& value : mean) value /= float(loss.weight);
    return mean;
  };
  const auto texts = gradient({0, 1, 2});
  const double of_texts = loss.sum / loss.weight;
  const auto answers = gradient({3, 4, 5});
  const double of_answers = loss.sum / loss.weight;
  const auto both = gradient({4, 0, 3, 2, 1, 5});
  EXPECT_NEAR(loss.sum / loss.weight, (of_texts + of_answers) / 2, 1e-5);
  std::vector<float> want(texts.size());
  for (size_t i = 0; i < want.size(); ++i) want[i] = (texts[i] + answers[i]) / 2;
  EXPECT_LT(distance(as_row(both), as_row(want)), gradient_bound(session));
  EXPECT_GT(distance(as_row(both), as_row(texts)), 0.1);
  EXPECT_GT(distance(as_row(both), as_row(answers)), 0.1);
}

// A network that knows nothing says what is usual.
TEST(SpanBias, BeginsAsTheLogarithmsOfTheShares) {
  const engine::Session session(span_model("llama"), plain_options());
  train::SpanForm form;
  form.classes = 3;
  form.width = session.model().info().width;
  form.widest = form.lengths = 2;
  form.hidden = 4;
  const auto bias = [&] {
    const train::SpanTraining made(
        std::make_unique<train::Adapter>(session.model(), session.compute(), train::AdapterConfig{},
                                         5, nullptr, form.size()),
        session.compute(), form, 1);
    const auto last = made.values().last(3);
    return std::vector<float>(last.begin(), last.end());
  };
  EXPECT_THAT(bias(), ::testing::Each(0.f));
  form.shares = {0.9, 0.06, 0.04};
  EXPECT_THAT(bias(), ::testing::Pointwise(::testing::FloatEq(),
                                           {std::log(0.9f), std::log(0.06f), std::log(0.04f)}));
}

TEST(SpanFile, HoldsTheHeadAgain) {
  SpanRun run("llama");
  const TemporaryFolder folder;
  run.trained->save(folder.path(), span_model("llama").string());
  const train::LoadedSpanHead again = train::load_span_head(folder.path(), run.form, DType::kF32);
  std::vector<engine::SpanText> texts;
  for (const train::TrainRow& row : run.rows) texts.push_back({row.tokens, row.words});
  const auto scores_of = [&](const nn::SpanHead& head) {
    std::vector<double> all;
    engine::each_span(run.worker, head, texts,
                      [&](size_t, nn::SpanPlace, std::span<const double> classes) {
      all.insert(all.end(), classes.begin(), classes.end());
    });
    return all;
  };
  const auto want = scores_of(run.head()), got = scores_of(again.head);
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(got[i], want[i], std::abs(want[i]) * parity_bound(run.session.model())) << i;
  }
  train::SpanForm wider = run.form;
  ++wider.lengths;
  EXPECT_THAT(error_of([&] { train::load_span_head(folder.path(), wider, DType::kF32); }),
              HasSubstr("for 4 classes, spans of 4 lengths"));
}

}  // namespace
}  // namespace relatum::testing
