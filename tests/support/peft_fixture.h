// The PEFT fixture's adapter for the tiny Llama, and its expected gradients.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "nn/lora.h"
#include "support/models.h"

namespace relatum::testing {

/// Rank-4 pairs on all linears of llama/tied, alpha 8; factors and gradients live here.
class PeftFixture {
 public:
  explicit PeftFixture(const arch::Model& model, DType compute = DType::kF32)
      : expected_(io::Safetensors::open(fixture("llama/lora/expected.safetensors"))),
        adapter_(io::Safetensors::open(fixture("llama/lora/adapter_model.safetensors"))) {
    uint64_t salt = 1;
    for (const nn::Linear* linear : model.linears()) {
      linears_.push_back(std::make_unique<Pairs>());
      fill(*linears_.back(), *linear, salt++, compute);
    }
  }
  PeftFixture(const PeftFixture&) = delete;
  PeftFixture& operator=(const PeftFixture&) = delete;

  const io::Safetensors& expected() const { return expected_; }
  const nn::LoraSet& set() const { return set_; }

  void set_dropout(float p) {
    for (const auto& pairs : linears_) pairs->group.dropout = p;
  }
  void zero_gradients() {
    for (const auto& pairs : linears_) {
      pairs->a_grad.zero();
      for (Factor& b : pairs->b) b.grad.zero();
    }
  }

  /// Gradients by PEFT's names ("base_model.model.….lora_A.weight"), in PEFT's layout.
  std::map<std::string, Matrix<float>> gradients() const {
    std::map<std::string, Matrix<float>> all;
    for (const auto& pairs : linears_) {
      for (size_t p = 0; p < pairs->names.size(); ++p) {
        const nn::LoraPart& part = pairs->group.parts[p];
        Matrix<float> a(part.rank, pairs->a_grad.cols());
        std::memcpy(a.row(0), pairs->a_grad.row(part.rank_begin),
                    size_t(part.rank * a.cols()) * sizeof(float));
        all.emplace(pairs->names[p] + ".lora_A.weight", std::move(a));
        all.emplace(pairs->names[p] + ".lora_B.weight", transposed(part.b_grad));
      }
    }
    return all;
  }

 private:
  static constexpr int64_t kRank = 4;
  static constexpr float kScale = 2.0f;  // alpha / rank

  struct Factor {
    Buffer values;
    Matrix<float> grad;
  };
  struct Pairs {
    std::vector<std::string> names;
    Buffer a;
    Matrix<float> a_grad;
    std::vector<Factor> b;
    nn::LoraGroup group;
  };

  static Matrix<float> transposed(MatView<const float> x) {
    Matrix<float> y(x.cols, x.rows);
    for (int64_t r = 0; r < x.rows; ++r) {
      for (int64_t c = 0; c < x.cols; ++c) y.row(c)[r] = x.row(r)[c];
    }
    return y;
  }

  // The values in the compute type, in memory of their own.
  static Buffer stored(const Matrix<float>& values, DType type) {
    Buffer buffer(size_t(values.view().size()) * size_of(type));
    kernels::convert(values.view(), {buffer.data(), type, values.rows(), values.cols()});
    return buffer;
  }

  void fill(Pairs& pairs, const nn::Linear& linear, uint64_t salt, DType compute) {
    const int64_t ranks = kRank * int64_t(linear.parts().size());
    Matrix<float> a(ranks, linear.in());
    pairs.a_grad = Matrix<float>(ranks, linear.in());
    for (const nn::Linear::Part& part : linear.parts()) {
      const std::string name = "base_model.model." + part.name;
      const int64_t begin = kRank * int64_t(pairs.names.size());
      const Matrix<float> own = read_matrix(adapter_, name + ".lora_A.weight");
      std::memcpy(a.row(begin), own.row(0), size_t(kRank * linear.in()) * sizeof(float));
      const Matrix<float> b = read_matrix(adapter_, name + ".lora_B.weight");
      pairs.b.push_back(
          {stored(transposed(b.view()), compute), Matrix<float>(kRank, part.weight.rows)});
      pairs.group.parts.push_back({part.begin, part.weight.rows, begin, kRank, kScale,
                                   Mat(pairs.b.back().values.data(), compute, kRank, b.rows()),
                                   pairs.b.back().grad.view()});
      pairs.names.push_back(name);
    }
    pairs.a = stored(a, compute);
    pairs.group.a = {pairs.a.data(), compute, ranks, linear.in()};
    pairs.group.a_grad = pairs.a_grad.view();
    pairs.group.salt = salt;
    set_.add(linear, &pairs.group);
  }

  io::Safetensors expected_, adapter_;
  std::vector<std::unique_ptr<Pairs>> linears_;
  nn::LoraSet set_;
};

}  // namespace relatum::testing
