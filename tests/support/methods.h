// The cases of tests/fixtures/methods: a base, an adapter of PEFT's, and what PEFT computes of it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/decoder_options.h"
#include "support/sessions.h"
#include "support/t5.h"
#include "train/peft.h"
#include "train/trainer.h"

namespace relatum::testing {

inline const nlohmann::json& method_cases() {
  static const nlohmann::json all = io::load_json(fixture("methods/cases.json"));
  return all;
}

/// The names of those for which `wanted` says so.
template <class Wanted>
std::vector<std::string> method_names(const Wanted& wanted) {
  std::vector<std::string> names;
  for (const auto& [name, facts] : method_cases().items()) {
    if (wanted(name)) names.push_back(name);
  }
  return names;
}

inline bool begins_at_principal_part(const std::string& name) { return name.starts_with("pissa"); }

/// A case's base and rows.
class MethodCase {
 public:
  explicit MethodCase(const std::string& name)
      : facts_(method_cases().at(name)), folder_(fixture("methods/" + name)),
        expected_(io::Safetensors::open(folder_ / "expected.safetensors")) {
    const std::string base = facts_.at("base");
    if (base == "tied") {
      base_ = fixture("llama/tied");
    } else if (base == "untied") {  // which has no tokenizer of its own
      copy_.emplace();
      base_ = *copy_ / "model";
      std::filesystem::copy(fixture("llama/untied"), base_);
      for (const char* file : {"tokenizer.json", "tokenizer_config.json"}) {
        std::filesystem::copy(fixture("llama/tied") / file, base_ / file);
      }
    } else if (base.starts_with("t5:")) {
      t5_.emplace(t5_options().at(base.substr(3)));
      base_ = t5_->path();
    } else {
      option_.emplace(decoder_options().at(base));
      base_ = option_->path();
    }
  }

  const nlohmann::json& facts() const { return facts_; }
  const std::filesystem::path& folder() const { return folder_; }
  const std::filesystem::path& base() const { return base_; }
  const io::Safetensors& expected() const { return expected_; }
  /// Whether the base has a tokenizer, which a session needs.
  bool has_session() const { return !option_; }

  /// What is read and to be answered, as the trainer takes it.
  std::vector<train::TrainRow> rows() const {
    std::vector<train::TrainRow> rows;
    for (const char* number : {"0", "1"}) {
      const auto read = read_ints(expected_, "read." + std::string(number)),
                 answer = read_ints(expected_, "answer." + std::string(number));
      rows.push_back({joined(read, answer), int64_t(read.size())});
    }
    return rows;
  }

 private:
  nlohmann::json facts_;
  std::filesystem::path folder_, base_;
  io::Safetensors expected_;
  std::optional<TemporaryFolder> copy_;
  std::optional<T5Folder> t5_;
  std::optional<OptionFolder> option_;
};

/// Log-probabilities at the places of a row's answer. With `learn`, the adapter's gradients of the
/// answer's losses are added.
inline Matrix<float> answer_log_probabilities(const arch::Model& model, const nn::LoraSet& set,
                                              const train::TrainRow& row,
                                              const nn::WeightGradients* gradients = nullptr,
                                              bool learn = false) {
  const std::vector<train::TrainRow> rows{row};
  const train::TrainBatch batch = train::build_batch(rows, {0},
                                                     train::batches_of(model.info(), {}));
  Arena arena;
  nn::Graph graph(arena, DType::kF32, learn, gradients);
  arch::ForwardOptions options;
  options.rows = batch.predicting;
  options.adapter = &set;
  const nn::Linear& head = set.head ? *set.head : *model.head();
  const nn::Var states = model.forward(graph, batch.batch, options);
  Matrix<float> logits(int64_t(batch.targets.size()), head.out());
  nn::for_each_logits(graph, head, graph.value(states),
                      [&](int64_t first, MatView<const float> part) {
    for (int64_t i = 0; i < part.rows; ++i) {
      std::copy_n(part.row(i), part.cols, logits.row(first + i));
    }
  });
  if (learn) {
    nn::head_cross_entropy(graph, head, states, batch.targets);
    graph.backward();
  }
  return log_probabilities(logits);
}

/// An adapter's gradients over `count`, in PEFT's names and layout. Of embeddings of which some
/// rows are trained: those rows, under the name of PEFT's tensor, where `tokens` has the embedding.
inline std::map<std::string, Matrix<float>> peft_gradients(const train::Adapter& adapter,
                                                           int64_t count) {
  std::map<std::string, Matrix<float>> all;
  const auto grads = adapter.grads();
  const auto copy = [&](int64_t offset, int64_t rows, int64_t cols) {
    Matrix<float> values(rows, cols);
    for (int64_t i = 0; i < rows * cols; ++i) {
      values.row(0)[i] = grads[size_t(offset + i)] / float(count);
    }
    return values;
  };
  for (const train::AdapterModule& m : adapter.modules()) {
    const std::string name = "base_model.model." + m.name;
    all.emplace(name + ".lora_A.weight", copy(m.a_offset, m.rank, m.in));
    all.emplace(name + ".lora_B.weight", [&] {
      const Matrix<float> b = copy(m.b_offset, m.rank, m.out);
      Matrix<float> turned(m.out, m.rank);
      for (int64_t r = 0; r < m.rank; ++r) {
        for (int64_t n = 0; n < m.out; ++n) turned.row(n)[r] = b.row(r)[n];
      }
      return turned;
    }());
    if (m.m_offset >= 0) all.emplace(name + ".lora_magnitude_vector", copy(m.m_offset, 1, m.out));
  }
  for (const train::SavedModule& m : adapter.saved()) {
    all.emplace("base_model.model." + m.name + ".weight", copy(m.offset, m.rows, m.cols));
  }
  return all;
}

}  // namespace relatum::testing
