// Holds the BERT encoder to Hugging Face's last hidden states.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_of.h"
#include "support/gguf_writer.h"
#include "support/models.h"
#include "support/shows.h"
#include "support/temporary.h"

namespace relatum::testing {
namespace {

struct Row {
  std::vector<int32_t> tokens;
  Matrix<float> states;
};

class Bert : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto file = io::Safetensors::open(fixture("bert/expected.safetensors"));
    for (const std::string prefix : {"row0.", "row1.", "row2."}) {
      rows_.push_back(
          {read_ints(file, prefix + "input_ids"), read_matrix(file, prefix + "last_hidden_state")});
    }
  }
  std::unique_ptr<arch::Model> model_ = load(fixture("bert"));
  std::vector<Row> rows_;
};

TEST_F(Bert, EachRowAlone) {
  shows("BERT", {"logits", "safetensors"});
  for (const Row& row : rows_) {
    EXPECT_LT(distance(run(*model_, single(row.tokens, false)), row.states), parity_bound(*model_));
  }
}

TEST_F(Bert, AllRowsInOneBatch) {
  nn::TokenBatch batch(false);
  for (const Row& row : rows_) batch.append(batch.root(), row.tokens);
  batch.finish();
  const Matrix<float> states = run(*model_, batch);
  int64_t begin = 0;
  for (const Row& row : rows_) {
    const int64_t count = row.states.rows();
    EXPECT_LT(distance(states.view().rows_from(begin, count), row.states.view()),
              parity_bound(*model_));
    begin += count;
  }
}

TEST_F(Bert, TapeChangesNoBit) {
  shows("BERT", {"tape"});
  const nn::TokenBatch batch = single(rows_[1].tokens, false);
  EXPECT_TRUE(bit_equal(run(*model_, batch), run(*model_, batch, DType::kF32, true)));
}

TEST_F(Bert, RowLongerThanItsPositionsIsRefused) {
  const std::vector<int32_t> tokens(size_t(model_->info().context) + 1, 5);
  EXPECT_THROW(run(*model_, single(tokens, false)), Error);
}

TEST(BertGguf, IsRefused) {
  const TemporaryFolder folder;
  GgufWriter writer;
  writer.set_string("general.architecture", "bert");
  writer.write(folder / "model.gguf");
  EXPECT_THAT(error_of([&] { load(folder / "model.gguf"); }),
              ::testing::HasSubstr("a BERT in GGUF form is not read"));
}

}  // namespace
}  // namespace relatum::testing
