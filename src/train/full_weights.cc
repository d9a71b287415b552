// One array for all tensors of a network.
#include "train/full_weights.h"

#include <map>

#include "base/mapped_file.h"
#include "quant/format.h"
#include "train/full_folder.h"

namespace relatum::train {

FullWeights::FullWeights(arch::Model& model) : linears_(model.mutable_linears()) {
  const std::vector<arch::NamedWeight> all = model.open_weights();
  std::map<const std::byte*, int64_t> places;  // of tensors by where they lay
  for (const auto& [name, weight] : all) {
    const auto offset = int64_t(size_);
    if (!places.emplace(weight->data.data(), offset).second) continue;
    tensors_.push_back({name, weight->rows, weight->cols, offset});
    size_ += size_t(weight->size());
  }
  values_ = std::make_shared<Buffer>(size_ * sizeof(float));
  size_t next = 0;
  for (const auto& [name, weight] : all) {
    const int64_t offset = places.at(weight->data.data());
    const MatView<float> to(values_->as<float>() + offset, weight->rows, weight->cols);
    if (next < tensors_.size() && tensors_[next].offset == offset) {
      quant::decode_rows(*weight, 0, to);
      if (weight->mapped) drop_pages(weight->data);
      ++next;
    }
    const std::span<const float> values(to.data, size_t(to.size()));
    *weight = {weight->name, "f32", to.rows, to.cols, std::as_bytes(values), values_, false};
  }
  for (nn::Linear* linear : linears_) linear->prepare_trained();
}

void FullWeights::enable_training() {
  grads_ = Buffer(size_ * sizeof(float));
  grads_.zero();
  gradients_.emplace(values(), grads());
}

void FullWeights::sync() {
  for (nn::Linear* linear : linears_) linear->refresh();
}

void FullWeights::describe(std::vector<NamedValue>& options) const {
  options.push_back({"--method", "full"});
}

void FullWeights::save(const std::filesystem::path& run, const std::string& base) const {
  save_full(run, *this, base);
}

}  // namespace relatum::train
