// One array for all tensors of a network.
#include "train/full_weights.h"

#include <algorithm>
#include <map>

#include "base/mapped_file.h"
#include "quant/format.h"
#include "train/full_folder.h"

namespace relatum::train {

// The first tensor is the table of words, whose copy may have more rows than what is read.
FullWeights::FullWeights(arch::Model& model, const FullExtras& extras)
    : linears_(model.mutable_linears()), extras_(size_t(extras.values)),
      added_words_(int64_t(extras.words_like.size())) {
  const std::vector<arch::NamedWeight> all = model.open_weights();
  std::map<const std::byte*, size_t> places;  // of tensors by where they lay
  for (const auto& [name, weight, table] : all) {
    if (!places.emplace(weight->data.data(), tensors_.size()).second) continue;
    const int64_t rows = weight->rows + (tensors_.empty() ? added_words_ : 0);
    tensors_.push_back({name, rows, weight->cols, int64_t(size_), rows == 1 && !table});
    size_ += size_t(rows * weight->cols);
  }
  size_ += extras_;
  values_ = std::make_shared<Buffer>(size_ * sizeof(float));
  std::ranges::fill(this->extras(), 0.0f);
  size_t next = 0;
  for (const auto& [name, weight, table] : all) {
    const size_t index = places.at(weight->data.data());
    const FullTensor& tensor = tensors_[index];
    const MatView<float> to(values_->as<float>() + tensor.offset, tensor.rows, tensor.cols);
    if (next == index) {
      quant::decode_rows(*weight, 0, to.rows_from(0, weight->rows));
      for (int64_t i = 0; i < tensor.rows - weight->rows; ++i) {
        std::copy_n(to.row(extras.words_like[size_t(i)]), to.cols, to.row(weight->rows + i));
      }
      if (weight->mapped) drop_pages(weight->data);
      ++next;
    }
    const std::span<const float> values(to.data, size_t(to.size()));
    *weight = {weight->name, "f32", to.rows, to.cols, std::as_bytes(values), values_, false};
  }
  for (nn::Linear* linear : linears_) linear->prepare_trained();
}

std::vector<ValueGroup> FullWeights::groups() const {
  if (!extras_) return Trainable::groups();
  const auto own = int64_t(size_ - extras_);
  return {{"base", {{0, own}}}, {kExtras, {{own, int64_t(extras_)}}}};
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
