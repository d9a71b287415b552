// Checks shapes, then values.
#include "train/head_file.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "base/error.h"
#include "tensor/finite.h"
#include "tensor/values.h"

namespace relatum::train {

HeadFile::HeadFile(const std::filesystem::path& path, std::string what)
    : file_(io::Safetensors::open(path)), what_(std::move(what)) {}

std::vector<float> HeadFile::read(const char* name, const std::vector<int64_t>& shape) const {
  const io::SafetensorsTensor* found = file_.find(name);
  if (!found || found->dtype != "F32" || found->shape != shape) {
    fail("train.classifier",
         fmt::format("{}: expected a tensor '{}' of F32 for {}, as the run and its base ask for. "
                     "Restore the file that the run wrote.",
                     file_.path().string(), name, what_));
  }
  std::vector<float> values(found->bytes.size() / sizeof(float));
  std::memcpy(values.data(), found->bytes.data(), found->bytes.size());
  if (!all_finite(values)) {
    fail("train.classifier", fmt::format("{}: '{}' holds numbers that are not finite. Train it "
                                         "again, with a smaller --lr.",
                                         file_.path().string(), name));
  }
  return values;
}

nn::Linear HeadFile::linear(const char* weight, const char* bias, int64_t rows, int64_t cols,
                            DType compute) const {
  nn::Linear made({{weight, weight_of(weight, read(weight, {rows, cols}), rows)}},
                  bias ? read(bias, {rows}) : std::vector<float>{});
  made.prepare(compute, true);
  return made;
}

void HeadOutput::add(const char* name, std::vector<int64_t> shape, std::span<const float> values) {
  tensors_.push_back({name, "F32", std::move(shape), std::as_bytes(values)});
}

void HeadOutput::write(const std::filesystem::path& path) {
  io::write_safetensors(path, std::move(tensors_), {{"format", "pt"}});
}

std::span<float> NumberParts::take(int64_t count) {
  const std::span<float> part = rest_.first(size_t(count));
  rest_ = rest_.subspan(size_t(count));
  return part;
}

nn::Linear trained_linear(const std::string& name, std::span<const float> weight, int64_t rows,
                          std::span<const float> bias, DType compute) {
  nn::Linear linear({{name, view_of(name, weight, rows)}}, {bias.begin(), bias.end()});
  if (!bias.empty()) linear.mutable_biases()[0] = view_of(name + ".bias", bias, 1);
  linear.prepare(compute, false);
  linear.prepare_trained();
  return linear;
}

Weight view_of(const std::string& name, std::span<const float> values, int64_t rows) {
  return {name, "f32", rows, int64_t(values.size()) / rows, std::as_bytes(values), nullptr, false};
}

}  // namespace relatum::train
