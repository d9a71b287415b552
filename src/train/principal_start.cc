// Weights are decoded one at a time, and their principal parts become pairs.
#include "train/principal_start.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "kernels/rows.h"
#include "quant/format.h"
#include "train/adapter.h"
#include "train/principal.h"

namespace relatum::train {
namespace {

// The matrix whose principal part the pair becomes: the weight, or what the source has beyond it.
Matrix<float> matrix_of(const Weight& weight, const Weight* source) {
  Matrix<float> values(weight.rows, weight.cols);
  quant::decode_rows(weight, 0, values.view());
  if (!source) return values;
  RELATUM_CHECK(source->rows == weight.rows && source->cols == weight.cols);
  Matrix<float> whole(weight.rows, weight.cols);
  quant::decode_rows(*source, 0, whole.view());
  for (int64_t i = 0; i < whole.view().size(); ++i) whole.row(0)[i] -= values.row(0)[i];
  return whole;
}

void check_module(const AdapterModule& module) {
  if (module.rank > std::min(module.in, module.out)) {
    fail("train.adapter",
         fmt::format("'{}' has {} x {} weights, whose principal part has a rank of at most {}, and "
                     "--rank is {}. Use a smaller one, or --init default.",
                     module.name, module.out, module.in, std::min(module.in, module.out),
                     module.rank));
  }
  if (!(module.scale > 0)) {
    fail("train.adapter", "pairs that begin at principal parts need an --alpha above zero.");
  }
}

}  // namespace

void PrincipalStart::begin(const arch::Model& model, const arch::Model* source,
                           const AdapterConfig& config, std::span<const AdapterModule> modules,
                           float* values) {
  RELATUM_CHECK((config.start == Start::kLoftq) == (source != nullptr));
  for (const AdapterModule& module : modules) check_module(module);
  const auto linears = model.linears();
  const auto sources = source ? source->linears() : linears;
  bool any = false;
  size_t next = 0;
  for (size_t l = 0; l < linears.size(); ++l) {
    for (size_t p = 0; p < linears[l]->parts().size(); ++p) {
      const Weight& weight = linears[l]->parts()[p].weight;
      if (next == modules.size() || modules[next].name != linears[l]->parts()[p].name) continue;
      const AdapterModule& module = modules[next++];
      const Matrix<float> matrix = matrix_of(weight,
                                             source ? &sources[l]->parts()[p].weight : nullptr);
      const PrincipalPart part = principal_part(matrix.view(), module.rank, next);
      const float share = 1 / std::sqrt(module.scale);
      for (int64_t i = 0; i < module.rank * module.in; ++i) {
        const float value = share * part.right.row(0)[i];
        values[module.a_offset + i] = value;
        any = any || value != 0;
      }
      for (int64_t i = 0; i < module.rank * module.out; ++i) {
        values[module.b_offset + i] = share * part.left.row(0)[i];
      }
    }
  }
  if (!any) {
    fail("train.adapter",
         "LoftQ begins with what rounding took from the base's weights, and these were not "
         "rounded. Leave --init out.");
  }
  if (config.start == Start::kPissa) {
    const AdapterModule& last = modules.back();
    int64_t size = 0;
    for (const AdapterModule& m : modules) size = std::max(size, m.b_offset + m.rank * m.out);
    RELATUM_CHECK(size == last.b_offset + last.rank * last.out);
    keep({values, size_t(size)});
  }
}

void PrincipalStart::keep(std::span<const float> values) {
  removed_ = Buffer(values.size_bytes());
  std::copy(values.begin(), values.end(), removed_.as<float>());
  if (compute_ == DType::kF32) return;
  const auto n = int64_t(values.size());
  copies_ = Buffer(values.size() * size_of(compute_));
  kernels::convert(Mat(removed_.data(), DType::kF32, 1, n), Mat(copies_.data(), compute_, 1, n));
}

ConstMat PrincipalStart::view(int64_t offset, int64_t rows, int64_t cols) const {
  const std::byte* base = compute_ == DType::kF32 ? removed_.data() : copies_.data();
  return {base + size_t(offset) * size_of(compute_), compute_, rows, cols};
}

const nn::LoraGroup* PrincipalStart::frozen(const nn::LoraGroup& group,
                                            std::span<const AdapterModule> modules) {
  if (removed_.size() == 0) return nullptr;
  auto twin = std::make_unique<nn::LoraGroup>();
  twin->a = view(modules[0].a_offset, group.a.rows, group.a.cols);
  for (size_t p = 0; p < group.parts.size(); ++p) {
    nn::LoraPart part = group.parts[p];
    part.b = view(modules[p].b_offset, part.rank, part.out_count);
    part.b_grad = {};
    part.scale = -part.scale;
    twin->parts.push_back(part);
  }
  groups_.push_back(std::move(twin));
  return groups_.back().get();
}

}  // namespace relatum::train
