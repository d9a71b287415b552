// Holds the Llama family to Hugging Face's logits, whatever shape the batch has.
#include <gtest/gtest.h>

#include "support/models.h"
#include "support/shows.h"

namespace relatum::testing {
namespace {

struct Row {
  std::vector<int32_t> tokens;
  Matrix<float> logits;
};

std::vector<Row> rows_of(const std::string& folder) {
  const auto file = io::Safetensors::open(fixture(folder + "/expected.safetensors"));
  std::vector<Row> rows;
  for (const std::string prefix : {"row0.", "row1."}) {
    rows.push_back({read_ints(file, prefix + "input_ids"), read_matrix(file, prefix + "logits")});
  }
  return rows;
}

// A model and where its expected logits lie.
struct Case {
  const char *model, *expected;
  const char *row, *form;  // of docs/models.md
};

class LlamaParity : public ::testing::TestWithParam<Case> {
 protected:
  std::unique_ptr<arch::Model> model_ = load(fixture(GetParam().model));
  std::vector<Row> rows_ = rows_of(GetParam().expected);
};

TEST_P(LlamaParity, EachRowAlone) {
  shows(GetParam().row, {"logits", GetParam().form});
  for (const Row& row : rows_) {
    EXPECT_LT(distance(run(*model_, single(row.tokens)), row.logits), parity_bound(*model_));
  }
}

TEST_P(LlamaParity, BothRowsInOneBatch) {
  nn::TokenBatch batch;
  const int first = batch.append(batch.root(), rows_[0].tokens);
  const int second = batch.append(batch.root(), rows_[1].tokens);
  batch.finish();
  const Matrix<float> logits = run(*model_, batch);
  for (const auto& [segment, row] : {std::pair{first, 0}, std::pair{second, 1}}) {
    const auto part = logits.view().rows_from(batch.begin(segment),
                                              batch.end(segment) - batch.begin(segment));
    EXPECT_LT(distance(part, rows_[size_t(row)].logits.view()), parity_bound(*model_));
  }
}

TEST_P(LlamaParity, RowCutIntoSegments) {
  const std::span<const int32_t> tokens = rows_[1].tokens;
  nn::TokenBatch batch;
  int segment = batch.root();
  for (const auto& [begin, end] : {std::pair{0, 7}, {7, 7}, {7, 8}, {8, 18}}) {
    segment = batch.append(segment, tokens.subspan(size_t(begin), size_t(end - begin)));
  }
  batch.finish();
  EXPECT_LT(distance(run(*model_, batch), rows_[1].logits), parity_bound(*model_));
}

TEST_P(LlamaParity, OnlySomePlacesAskedFor) {
  const std::vector<int64_t> places{17, 0, 9};
  arch::ForwardOptions options;
  options.rows = places;
  const Matrix<float> logits = run(*model_, single(rows_[1].tokens), DType::kF32, false, options);
  ASSERT_EQ(logits.rows(), 3);
  for (size_t i = 0; i < places.size(); ++i) {
    EXPECT_LT(distance(logits.view().rows_from(int64_t(i), 1),
                       rows_[1].logits.view().rows_from(places[i], 1)),
              parity_bound(*model_));
  }
}

TEST_P(LlamaParity, TapeChangesNoBit) {
  shows(GetParam().row, {"tape"});
  const nn::TokenBatch batch = single(rows_[1].tokens);
  arch::ForwardOptions checkpoint;
  checkpoint.checkpoint = true;
  const Matrix<float> plain = run(*model_, batch);
  EXPECT_TRUE(bit_equal(plain, run(*model_, batch, DType::kF32, true)));
  EXPECT_TRUE(bit_equal(plain, run(*model_, batch, DType::kF32, true, checkpoint)));
}

TEST_P(LlamaParity, DecodingForEachUseChangesNoBit) {
  arch::LoadOptions options;
  options.resident = false;
  const auto lean = load(fixture(GetParam().model), options);
  const nn::TokenBatch batch = single(rows_[1].tokens);
  EXPECT_TRUE(bit_equal(run(*model_, batch), run(*lean, batch)));
}

INSTANTIATE_TEST_SUITE_P(
    Fixtures, LlamaParity,
    ::testing::Values(Case{"llama/tied", "llama/tied", "SmolLM2", "safetensors"},
                      Case{"llama/untied", "llama/untied", "Llama 3", "safetensors"},
                      Case{"llama/tiny.gguf", "llama/tied", "SmolLM2", "GGUF"}),
    [](const auto& test) {
  const std::string path = test.param.model;
  return path.substr(6, path.find('.', 6) - 6);
    });

}  // namespace
}  // namespace relatum::testing
