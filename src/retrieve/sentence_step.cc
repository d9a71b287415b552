// Reads and applies what stands behind the pooling.
#include "retrieve/sentence_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "io/to_weight.h"
#include "quant/format.h"
#include "retrieve/module_keys.h"

namespace relatum::retrieve {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int64_t kLargest = 1 << 20;  // values of a sentence's vector

Matrix<float> read_values(const io::Safetensors& file, const std::string& name, int64_t rows,
                          int64_t cols) {
  const Weight stored = io::to_weight(file.tensor(name));
  if (stored.rows != rows || stored.cols != cols) {
    fail("retrieve.embedder",
         fmt::format("tensor '{}' of {}: expected {} x {} values from the "
                     "module's settings, got {} x {}. Settings and weights do "
                     "not agree.",
                     name, file.path().string(), rows, cols, stored.rows, stored.cols));
  }
  Matrix<float> values(rows, cols);
  quant::decode_rows(stored, 0, values.view());
  return values;
}

bool read_activation(const json& config, const std::string& place) {
  const std::string name = io::get_string(config, "activation_function",
                                          "torch.nn.modules.activation.Tanh", place);
  if (name == "torch.nn.modules.activation.Tanh") return true;
  if (name == "torch.nn.modules.linear.Identity") return false;
  fail("retrieve.embedder", fmt::format("{}: the activation_function '{}' is not known. Known are "
                                        "torch.nn.modules.activation.Tanh and "
                                        "torch.nn.modules.linear.Identity.",
                                        place, printable_start(name)));
}

}  // namespace

void normalise(std::vector<double>& values) {
  double square = 0;
  for (const double value : values) square += value * value;
  const double length = std::max(std::sqrt(square), 1e-12);
  for (double& value : values) value /= length;
}

void apply(const SentenceStep& step, std::vector<double>& values) {
  if (!step.dense) return normalise(values);
  const Dense& dense = *step.dense;
  std::vector<double> result(size_t(dense.weight.rows()), 0.0);
  for (int64_t i = 0; i < dense.weight.rows(); ++i) {
    const float* row = dense.weight.row(i);
    double sum = dense.bias.empty() ? 0.0 : double(dense.bias[size_t(i)]);
    for (size_t j = 0; j < values.size(); ++j) sum += double(row[j]) * values[j];
    result[size_t(i)] = dense.tanh ? std::tanh(sum) : sum;
  }
  values = std::move(result);
}

Dense read_dense(const fs::path& folder, int64_t in) {
  const fs::path file = folder / "config.json";
  const json config = io::load_json(file);
  const std::string place = file.string();
  const int64_t size = io::require_int(config, "in_features", place);
  const int64_t out = io::require_int(config, "out_features", place);
  if (size != in || out < 1 || out > kLargest) {
    fail("retrieve.embedder", fmt::format("{}: a layer from {} to {} values does not fit behind a "
                                          "vector of {}. The files do not belong together.",
                                          place, size, out, in));
  }
  check_keys(config,
             {"in_features", "out_features", "bias", "activation_function",
              "module_input_name=sentence_embedding", "module_output_name=sentence_embedding"},
             place);
  if (!fs::exists(folder / "model.safetensors")) {
    fail("retrieve.embedder", fmt::format("{} has no model.safetensors; weights in other forms "
                                          "(pytorch_model.bin) are not read. Save the embedder "
                                          "again with sentence-transformers.",
                                          folder.string()));
  }
  const auto weights = io::Safetensors::open(folder / "model.safetensors");
  Dense dense{read_values(weights, "linear.weight", out, in), {}, read_activation(config, place)};
  if (io::get_bool(config, "bias", true, place)) {
    const Matrix<float> bias = read_values(weights, "linear.bias", 1, out);
    dense.bias.assign(bias.row(0), bias.row(0) + out);
  }
  return dense;
}

}  // namespace relatum::retrieve
