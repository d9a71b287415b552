// Training all weights of the tiny models: session, rows, weights and trainer, made anew for each.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "support/t5.h"
#include "support/temporary.h"
#include "support/training.h"
#include "train/full_weights.h"

namespace relatum::testing {

/// A tiny model of the fixture by the name that tools/fixtures/full_fixture.py gives it.
class FullModel {
 public:
  explicit FullModel(const std::string& name) : encoded_(name.starts_with("t5")) {
    if (encoded_) {
      nlohmann::json config = t5_options().at(name.substr(3));
      if (name == "t5.untied") config["feed_forward_proj"] = "gated-gelu";
      t5_ = std::make_unique<T5Folder>(config);
      return;
    }
    const auto from = fixture("llama/" + name.substr(6));
    for (const char* file : {"config.json", "model.safetensors"}) {
      std::filesystem::copy_file(from / file, folder_.path() / file);
    }
    for (const char* file : {"tokenizer.json", "tokenizer_config.json"}) {
      std::filesystem::copy_file(fixture("llama/tied") / file, folder_.path() / file);
    }
  }
  std::filesystem::path path() const { return encoded_ ? t5_->path() : folder_.path(); }
  std::vector<train::TrainRow> rows() const {
    if (!encoded_) return peft_rows();
    std::vector<train::TrainRow> rows;
    for (const T5Row& row : t5_rows()) {
      rows.push_back({joined(row.source, row.target), int64_t(row.source.size())});
    }
    return rows;
  }

 private:
  bool encoded_;
  TemporaryFolder folder_;
  std::unique_ptr<T5Folder> t5_;
};

/// The fixtures' vectors, which matrices' gradients are multiplied with.
inline double direction(int64_t i) { return std::cos(1.7 * double(i) + 0.3); }

/// A gradient times them: from the right, or from the left.
inline Matrix<float> projected(MatView<const float> x, bool right) {
  Matrix<float> result(1, right ? x.rows : x.cols);
  for (int64_t i = 0; i < result.cols(); ++i) {
    double sum = 0;
    for (int64_t j = 0; j < (right ? x.cols : x.rows); ++j) {
      sum += direction(j) * double(right ? x.row(i)[j] : x.row(j)[i]);
    }
    result.row(0)[i] = float(sum);
  }
  return result;
}

/// Everything one run needs; owns what the trainer refers to.
struct FullRun {
  FullRun(const FullModel& model, const train::TrainOptions& options,
          const engine::SessionOptions& how = plain_options())
      : session(model.path(), how), rows(model.rows()), weights(session.open_weights()),
        worker(session), trainer(worker, weights, rows, options) {}

  std::vector<float> gradients(nn::LossSum* loss = nullptr) {
    weights.zero_grads();
    train::StepRows all;
    for (size_t i = 0; i < rows.size(); ++i) all.push_back(int64_t(i));
    int64_t tokens = 0;
    const nn::LossSum sum = trainer.accumulate(all, 0, tokens);
    if (loss) *loss = sum;
    return {weights.grads().begin(), weights.grads().end()};
  }
  MatView<const float> of(const train::FullTensor& tensor, std::span<const float> values) const {
    return {values.data() + tensor.offset, tensor.rows, tensor.cols};
  }

  engine::Session session;
  std::vector<train::TrainRow> rows;
  train::FullWeights weights;
  engine::Worker worker;
  train::Trainer trainer;
};

}  // namespace relatum::testing
