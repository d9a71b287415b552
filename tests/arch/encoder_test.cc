// The encoders against Hugging Face's states: rows alone, in one batch, with the tape.
#include "arch/encoder.h"

#include <gtest/gtest.h>

#include <limits>

#include "arch/changed_model.h"
#include "support/models.h"
#include "support/shows.h"

namespace relatum::testing {
namespace {

struct Kind {
  const char* name;
  const char* row;  // of docs/models.md
  std::string fixture = std::string("encoders/") + name;
};

class EncoderKind : public ::testing::TestWithParam<Kind> {
 protected:
  struct Row {
    std::vector<int32_t> tokens;
    Matrix<float> states;
  };
  void SetUp() override {
    const auto file = io::Safetensors::open(path_ / "expected.safetensors");
    for (const std::string prefix : {"row0.", "row1.", "row2."}) {
      rows_.push_back(
          {read_ints(file, prefix + "input_ids"), read_matrix(file, prefix + "last_hidden_state")});
    }
  }
  std::filesystem::path path_ = fixture(GetParam().fixture);
  std::unique_ptr<arch::Model> model_ = load(path_);
  std::vector<Row> rows_;
};

// But for BERT's older fixture the last row is as long as the context: its last token reads the
// last row of the positions, and its distances all buckets of a relative bias.
TEST_P(EncoderKind, EachRowAlone) {
  shows(GetParam().row, {"logits", "safetensors"});
  if (GetParam().fixture != "bert") {
    EXPECT_EQ(int64_t(rows_[2].tokens.size()), model_->info().context);
  }
  for (const Row& row : rows_) {
    EXPECT_LT(distance(run(*model_, single(row.tokens, false)), row.states), parity_bound(*model_));
  }
}

TEST_P(EncoderKind, AllRowsInOneBatch) {
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

TEST_P(EncoderKind, TapeChangesNoBit) {
  shows(GetParam().row, {"tape"});
  const nn::TokenBatch batch = single(rows_[1].tokens, false);
  EXPECT_TRUE(bit_equal(run(*model_, batch), run(*model_, batch, DType::kF32, true)));
}

TEST_P(EncoderKind, RowLongerThanItsPositionsIsRefused) {
  const std::vector<int32_t> tokens(size_t(model_->info().context) + 1, 5);
  EXPECT_THROW(run(*model_, single(tokens, false)), Error);
}

INSTANTIATE_TEST_SUITE_P(All, EncoderKind,
                         ::testing::Values(Kind{"bert", "BERT", "bert"}, Kind{"mpnet", "MPNet"},
                                           Kind{"distilbert", "DistilBERT"},
                                           Kind{"roberta", "RoBERTa"},
                                           Kind{"xlm_roberta", "XLM-RoBERTa"}),
                         [](const auto& kind) { return std::string(kind.param.name); });

class ChangedEncoder : public ChangedModel {
 protected:
  fs::path changed(const std::string& kind, const json& settings,
                   const std::vector<Extra>& extras = {}) {
    return folder(settings, extras, "encoders/" + kind);
  }
};

TEST_F(ChangedEncoder, SettingsThatAreNotHonouredAreNamed) {
  expect_refused(changed("mpnet", {{"relative_attention_num_buckets", 16}}),
                 "relative_attention_num_buckets is 16");
  expect_refused(changed("xlm_roberta", {{"hidden_act", "selu"}}), "'selu'");
  expect_refused(changed("roberta", {{"position_embedding_type", "relative_key"}}), "relative_key");
  expect_refused(changed("roberta", {{"is_decoder", true}}), "is_decoder");
  expect_refused(changed("distilbert", {{"n_heads", 3}}), "3 heads");
  expect_refused(changed("distilbert", {}, {{"embeddings.token_type_embeddings.weight", {2, 16}}}),
                 "token_type_embeddings");
}

TEST_F(ChangedEncoder, PlacesThatThePaddingLeavesAreCounted) {
  expect_refused(changed("roberta", {{"max_position_embeddings", 2}}), "leaves none");
  expect_refused(changed("roberta", {{"pad_token_id", -5}}), "which is -5");
  expect_refused(changed("roberta", {{"pad_token_id", 0}}), "pad_token_id and bos_token_id");
  expect_refused(changed("roberta", {{"layer_norm_eps", -1e-5}}), "layer_norm_eps is -1e-05");
  expect_refused(changed("roberta", {{"pad_token_id", std::numeric_limits<int64_t>::max()}}),
                 "which is 9223372036854775807");
  EXPECT_EQ(load(changed("roberta", {{"pad_token_id", 3}}))->info().context, 58);
}

TEST_F(ChangedEncoder, HeadsAndBuffersAreNoPartOfTheStates) {
  // A pooler the fixtures have themselves.
  const std::vector<Extra> extras = {{"embeddings.position_ids", {1, 62}}, {"lm_head.bias", {5}}};
  for (const char* kind : {"mpnet", "roberta", "xlm_roberta"}) {
    EXPECT_NO_THROW(load(changed(kind, {{"tie_word_embeddings", false}}, extras))) << kind;
  }
  EXPECT_NO_THROW(
      load(changed("distilbert", {{"tie_weights_", true}},
                   {{"vocab_transform.weight", {16, 16}}, {"vocab_projector.bias", {9}}})));
}

}  // namespace
}  // namespace relatum::testing
