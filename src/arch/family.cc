// Finds the family of a file, converts stored weights, and hashes them.
#include "arch/family.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/hash.h"
#include "base/known_names.h"
#include "base/mapped_file.h"
#include "base/printable.h"
#include "quant/format.h"
#include "tensor/buffer.h"
#include "tensor/finite.h"

namespace relatum::arch {
namespace {

[[noreturn]] void fail_not_finite(const Weight& weight, int64_t row) {
  Matrix<float> values(1, weight.cols);
  quant::decode_rows(weight, row, values.view());
  const float* bad = std::find_if_not(values.row(0), values.row(0) + weight.cols,
                                      [](float value) { return std::isfinite(value); });
  fail("arch.load", fmt::format("tensor '{}': the value in row {}, column {} is {}, not a finite "
                                "number. Fetch the model again, or make it again.",
                                printable_start(weight.name), row, bad - values.row(0), *bad));
}

}  // namespace

const Family& family(const ModelFiles& files) {
  std::string known;
  for (const Family* entry : families()) {
    for (const std::string_view type : entry->model_types) {
      if (type == files.architecture()) return *entry;
      known += fmt::format("{}{}", known.empty() ? "" : ", ", type);
    }
  }
  fail("arch.load", fmt::format("{} is of architecture '{}', which Relatum does not run. It runs "
                                "{}.",
                                files.path().string(), files.architecture(), known));
}

std::unique_ptr<Model> load_model(const ModelFiles& files, const LoadOptions& options) {
  const Family& found = family(files);
  auto model = found.load(files, options);
  model->set_gguf_names(gguf_names(files, found));
  check_all_read(files, found.spare);
  Buffer scratch;
  for (nn::Linear* linear : model->mutable_linears()) {
    linear->prepare(options.compute, options.resident, &scratch);
  }
  return model;
}

std::string resolve_base(const ModelFiles& files, std::string_view base) {
  if (base == "keep" || base == "nf4" || base == "bf16" || base == "f32") return std::string(base);
  if (base != "auto") {
    fail("arch.load", unknown_name("base format", base, {"auto", "keep", "nf4", "bf16", "f32"}));
  }
  if (!files.gguf()) return files.quantised() ? "keep" : "nf4";
  for (const io::GgufTensor& tensor : files.gguf()->tensors()) {
    const quant::Format* format = quant::find_gguf_type(tensor.type);
    if (format && format->block > 1) return "keep";
  }
  return "nf4";
}

Weight to_base(const Weight& weight, std::string_view base) {
  if (base == "keep" || weight.format == base) return weight;
  const quant::Format& stored = quant::format(weight.format);
  const int64_t total = weight.rows * weight.cols;
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> bad = kNone;  // the place of the first value that is not finite
  const auto values = [&](int64_t begin, int64_t count, float* out) {
    stored.decode(weight.data, total, begin, count, out);
    if (all_finite({out, size_t(count)})) return;
    const float* first = std::find_if_not(out, out + count,
                                          [](float x) { return std::isfinite(x); });
    int64_t before = bad, place = begin + (first - out);
    while (place < before && !bad.compare_exchange_weak(before, place)) {
    }
  };
  if (weight.mapped) will_need(weight.data);
  Weight result = quant::encode(base, weight.name, weight.rows, weight.cols, values);
  if (bad != kNone) fail_not_finite(weight, bad / weight.cols);
  if (weight.mapped) drop_pages(weight.data);
  return result;
}

std::string weights_hash(const ModelFiles& files) {
  std::string joined;
  for (const auto& file : files.weight_files()) joined += sha256_file(file);
  if (joined.size() == 64) return joined;
  return sha256(std::as_bytes(std::span(joined)));
}

}  // namespace relatum::arch
