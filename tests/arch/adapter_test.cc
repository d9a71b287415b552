// Holds adapters to PEFT's logits, loss and gradients, in every shape of batch and tape.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/json.h"
#include "kernels/cpu.h"
#include "support/peft_fixture.h"
#include "support/shows.h"

namespace relatum::testing {
namespace {

using Gradients = std::map<std::string, Matrix<float>>;

// A batch, the places whose next token is to be learnt, and those tokens.
struct Lesson {
  nn::TokenBatch batch;
  std::vector<int64_t> places;
  std::vector<int32_t> targets;
};

struct Options {
  bool checkpoint = false;
  bool dropout = false;
  uint64_t salt = 0;
  DType compute = DType::kF32;
};

class Adapter : public ::testing::Test {
 protected:
  double bound(DType compute = DType::kF32) const { return gradient_bound(*model_, compute); }

  struct Row {
    std::vector<int32_t> tokens, places;
  };
  Row row(int index) const {
    const std::string prefix = "row" + std::to_string(index) + ".";
    return {read_ints(peft_.expected(), prefix + "input_ids"),
            read_ints(peft_.expected(), prefix + "target_positions")};
  }

  static void add_targets(Lesson& lesson, const Row& row, int64_t begin) {
    for (const int32_t place : row.places) {
      lesson.places.push_back(begin + place);
      lesson.targets.push_back(row.tokens[size_t(place) + 1]);
    }
  }

  Lesson both_rows() const {
    Lesson lesson;
    for (const int index : {0, 1}) {
      const Row r = row(index);
      const int segment = lesson.batch.append(lesson.batch.root(), r.tokens);
      add_targets(lesson, r, lesson.batch.begin(segment));
    }
    lesson.batch.finish();
    return lesson;
  }

  // Adds the lesson's gradients to what the adapter holds; returns the loss.
  nn::LossSum learn(const Lesson& lesson, const Options& options = {}) {
    return learn(*model_, peft_, lesson, options);
  }
  static nn::LossSum learn(const arch::Model& model, const PeftFixture& peft, const Lesson& lesson,
                           const Options& options) {
    Arena arena;
    nn::Graph graph(arena, options.compute, true);
    arch::ForwardOptions forward;
    forward.rows = lesson.places;
    forward.adapter = &peft.set();
    forward.checkpoint = options.checkpoint;
    forward.dropout = options.dropout;
    forward.dropout_salt = options.salt;
    const nn::Var states = model.forward(graph, lesson.batch, forward);
    const nn::LossSum loss = nn::head_cross_entropy(graph, *model.head(), states, lesson.targets);
    graph.backward();
    return loss;
  }

  Gradients gradients_of(const std::vector<Lesson>& lessons, const Options& options = {}) {
    peft_.zero_gradients();
    for (const Lesson& lesson : lessons) learn(lesson, options);
    return peft_.gradients();
  }

  static void expect_near(const Gradients& got, const Gradients& want, double bound) {
    ASSERT_EQ(got.size(), want.size());
    for (const auto& [name, gradient] : want) {
      EXPECT_LT(distance(got.at(name), gradient), bound) << name;
    }
  }
  static void expect_equal_bits(const Gradients& got, const Gradients& want) {
    ASSERT_EQ(got.size(), want.size());
    for (const auto& [name, gradient] : want) {
      EXPECT_TRUE(bit_equal(got.at(name), gradient)) << name;
    }
  }

  Matrix<float> logits(const nn::TokenBatch& batch, bool recording = false) const {
    arch::ForwardOptions options;
    options.adapter = &peft_.set();
    return run(*model_, batch, DType::kF32, recording, options);
  }

  std::unique_ptr<arch::Model> model_ = load(fixture("llama/tied"));
  PeftFixture peft_{*model_};
};

TEST_F(Adapter, LogitsAreThoseOfPeft) {
  for (const int index : {0, 1}) {
    const auto want = read_matrix(peft_.expected(), "row" + std::to_string(index) + ".logits");
    EXPECT_LT(distance(logits(single(row(index).tokens)), want), parity_bound(*model_));
  }
}

TEST_F(Adapter, LossAndEveryGradientAreThoseOfPeft) {
  shows("SmolLM2", {"gradients"});
  const Lesson lesson = both_rows();
  peft_.zero_gradients();
  const nn::LossSum loss = learn(lesson);
  const auto scalars = io::load_json(fixture("llama/lora/expected.json"));
  const double want = io::require_double(scalars, "loss", "expected.json");
  EXPECT_EQ(loss.count, 9);
  EXPECT_NEAR(loss.sum / 9, want, want * parity_bound(*model_));
  const Gradients got = peft_.gradients();
  ASSERT_EQ(got.size(), 28u);
  for (const auto& [name, gradient] : got) {
    Matrix<float> expected = read_matrix(peft_.expected(), "grad." + name);
    for (int64_t i = 0; i < expected.view().size(); ++i) expected.row(0)[i] *= 9;  // of the sum
    EXPECT_LT(distance(gradient, expected), bound()) << name;
  }
}

TEST_F(Adapter, GradientsInBf16AreNearThoseInF32) {
  if (!kernels::has_fast_bf16()) GTEST_SKIP() << "no bf16 products here";
  std::vector<Lesson> lessons;
  lessons.push_back(both_rows());
  const Gradients exact = gradients_of(lessons);
  const auto narrow = load(fixture("llama/tied"), {.compute = DType::kBF16});
  PeftFixture peft(*narrow, DType::kBF16);
  peft.zero_gradients();
  learn(*narrow, peft, lessons[0], {.compute = DType::kBF16});
  expect_near(peft.gradients(), exact, bound(DType::kBF16));
}

TEST_F(Adapter, CheckpointsChangeNoBitOfTheGradients) {
  std::vector<Lesson> lessons;
  lessons.push_back(both_rows());
  expect_equal_bits(gradients_of(lessons, {.checkpoint = true}), gradients_of(lessons));
}

TEST_F(Adapter, CheckpointsDrawTheSameDropout) {
  peft_.set_dropout(0.3f);
  std::vector<Lesson> lessons;
  lessons.push_back(both_rows());
  expect_equal_bits(gradients_of(lessons, {.checkpoint = true, .dropout = true, .salt = 5}),
                    gradients_of(lessons, {.dropout = true, .salt = 5}));
}

TEST_F(Adapter, TapeChangesNoBitOfTheLogits) {
  const nn::TokenBatch batch = single(row(1).tokens);
  EXPECT_TRUE(bit_equal(logits(batch), logits(batch, true)));
}

// Rows that share a beginning: separate, or as one tree whose beginning stands once.
class SharedPrefix : public Adapter {
 protected:
  void SetUp() override {
    const std::vector<int32_t> tokens = row(1).tokens;
    prefix_.assign(tokens.begin(), tokens.begin() + 9);
    tails_ = {{40, 121, 127}, {11, 40, 121, 5, 64}, {7}};
    deep_tails_ = {{90, 17}, {33}};  // behind the second tail
  }

  // All rows as separate lessons, in reverse order of the tree's.
  std::vector<Lesson> separate() const {
    std::vector<Lesson> lessons;
    for (size_t i = tails_.size(); i-- > 0;) {
      std::vector<int32_t> tokens = prefix_;
      tokens.insert(tokens.end(), tails_[i].begin(), tails_[i].end());
      lessons.push_back(lesson_of(tokens, int64_t(prefix_.size()) - 1));
      for (const auto& deep : deep_tails_) {
        if (i != 1) continue;
        std::vector<int32_t> longer = tokens;
        longer.insert(longer.end(), deep.begin(), deep.end());
        lessons.push_back(lesson_of(longer, int64_t(tokens.size()) - 1));
      }
    }
    return lessons;
  }

  // Learns tokens behind place `from` of a row.
  static Lesson lesson_of(const std::vector<int32_t>& tokens, int64_t from) {
    Lesson lesson;
    lesson.batch.append(lesson.batch.root(), tokens);
    lesson.batch.finish();
    for (int64_t i = from; i + 1 < int64_t(tokens.size()); ++i) {
      lesson.places.push_back(i);
      lesson.targets.push_back(tokens[size_t(i) + 1]);
    }
    return lesson;
  }

  // The tree without the first place of each tail: a place may be asked for only once, and the
  // tails share it.
  static void learn_inside(Lesson& lesson, int segment, std::span<const int32_t> tokens) {
    for (size_t i = 0; i + 1 < tokens.size(); ++i) {
      lesson.places.push_back(lesson.batch.begin(segment) + int64_t(i));
      lesson.targets.push_back(tokens[i + 1]);
    }
  }
  std::vector<Lesson> tree() const {
    std::vector<Lesson> lessons(1);
    Lesson& lesson = lessons[0];
    const int trunk = lesson.batch.append(lesson.batch.root(), prefix_);
    for (size_t i = 0; i < tails_.size(); ++i) {
      const int segment = lesson.batch.append(trunk, tails_[i]);
      learn_inside(lesson, segment, tails_[i]);
      for (const auto& deep : deep_tails_) {
        if (i == 1) learn_inside(lesson, lesson.batch.append(segment, deep), deep);
      }
    }
    lesson.batch.finish();
    return lessons;
  }
  // The separate rows with the same places left out.
  std::vector<Lesson> separate_inside() const {
    std::vector<Lesson> lessons = separate();
    for (Lesson& lesson : lessons) {
      lesson.places.erase(lesson.places.begin());
      lesson.targets.erase(lesson.targets.begin());
    }
    std::erase_if(lessons, [](const Lesson& lesson) { return lesson.places.empty(); });
    return lessons;
  }

  std::vector<int32_t> prefix_;
  std::vector<std::vector<int32_t>> tails_, deep_tails_;
};

TEST_F(SharedPrefix, LogitsAreThoseOfSeparateRows) {
  const std::vector<Lesson> lessons = tree();
  const Matrix<float> together = logits(lessons[0].batch);
  std::vector<int32_t> tokens = prefix_;
  tokens.insert(tokens.end(), tails_[1].begin(), tails_[1].end());
  tokens.insert(tokens.end(), deep_tails_[0].begin(), deep_tails_[0].end());
  const Matrix<float> alone = logits(single(tokens));
  // In the batch: prefix 9, first tail 3, second tail 5, its first deep tail 2.
  const auto deep = together.view().rows_from(9 + 3 + 5, 2);
  EXPECT_LT(distance(deep, alone.view().rows_from(14, 2)), parity_bound(*model_));
  const auto tail = together.view().rows_from(9 + 3, 5);
  EXPECT_LT(distance(tail, alone.view().rows_from(9, 5)), parity_bound(*model_));
}

TEST_F(SharedPrefix, GradientsAreThoseOfSeparateRows) {
  expect_near(gradients_of(tree()), gradients_of(separate_inside()), bound());
  expect_near(gradients_of(tree(), {.checkpoint = true}), gradients_of(separate_inside()), bound());
}

TEST_F(SharedPrefix, DropoutDependsOnContentAlone) {
  peft_.set_dropout(0.3f);
  const Gradients together = gradients_of(tree(), {.dropout = true, .salt = 3});
  expect_near(together, gradients_of(separate_inside(), {.dropout = true, .salt = 3}), bound());
  const Gradients other = gradients_of(tree(), {.dropout = true, .salt = 4});
  for (const auto& [name, gradient] : together) {
    EXPECT_GT(distance(other.at(name), gradient), bound()) << name;
  }
}

}  // namespace
}  // namespace relatum::testing
