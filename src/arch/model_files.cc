// Opening, shape checks and the two naming worlds of model files.
#include "arch/model_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "arch/bitsandbytes.h"
#include "arch/model_folder.h"
#include "arch/tensor_names.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "base/printable.h"
#include "io/json.h"
#include "io/to_weight.h"
#include "quant/format.h"
#include "tensor/buffer.h"

namespace relatum::arch {

namespace fs = std::filesystem;

ModelFiles ModelFiles::open(const fs::path& path) {
  ModelFiles files;
  files.path_ = model_place(path);
  if (!fs::is_directory(files.path_)) {
    files.gguf_ = std::make_shared<io::GgufFile>(io::GgufFile::open(files.path_));
    if (files.gguf_->get_string("general.type", "model") == "adapter") {
      fail("arch.open", fmt::format("{} is an adapter, not a model. Name it after --adapter, and "
                                    "its base after --model.",
                                    files.path_.string()));
    }
    files.architecture_ = files.gguf_->get_string("general.architecture");
    return files;
  }
  files.config_ = std::make_shared<nlohmann::json>(io::load_json(path / "config.json"));
  files.architecture_ = io::require_string(*files.config_, "model_type", files.settings_place());
  if (has_bitsandbytes(*files.config_, files.settings_place())) {
    files.asked_->keys.insert("quantization_config");
    files.quantised_ = true;
  }
  files.safetensors_ = std::make_shared<io::Safetensors>(io::Safetensors::open_folder(path));
  files.map_names();
  return files;
}

// Two tensors of one plain name are one where their values are equal; otherwise nobody can tell
// which is meant.
void ModelFiles::map_names() {
  for (const io::SafetensorsTensor& tensor : safetensors_->tensors()) {
    const auto [entry, fresh] = names_.emplace(plain_name(tensor.name), tensor.name);
    if (fresh) continue;
    const io::SafetensorsTensor& other = safetensors_->tensor(entry->second);
    if (other.dtype != tensor.dtype || other.shape != tensor.shape ||
        !std::ranges::equal(other.bytes, tensor.bytes)) {
      fail("arch.open",
           fmt::format("{}: '{}' and '{}' are two names of one tensor, with different "
                       "values. Keep the one that is meant.",
                       path_.string(), printable_start(other.name), printable_start(tensor.name)));
    }
    asked_->tensors.insert(tensor.name);
  }
}

std::vector<fs::path> ModelFiles::weight_files() const {
  if (gguf_) return gguf_->files();
  std::vector<fs::path> files = safetensors_->files();
  std::sort(files.begin(), files.end());
  return files;
}

std::string ModelFiles::settings_place() const {
  return gguf_ ? path_.string() : (path_ / "config.json").string();
}

std::string ModelFiles::tensor_name(const TensorName& name) const {
  if (gguf_) return name.gguf;
  const auto found = names_.find(plain_name(name.hugging_face));
  return found == names_.end() ? name.hugging_face : found->second;
}

bool ModelFiles::has(const TensorName& name) const {
  const std::string stored = tensor_name(name);
  return gguf_ ? gguf_->find_tensor(stored) != nullptr : safetensors_->find(stored) != nullptr;
}

AskedTensor& ModelFiles::asked_tensor(const TensorName& name) const {
  auto& all = asked_->in_order;
  const auto found = std::find_if(all.rbegin(), all.rend(), [&](const AskedTensor& asked) {
    return asked.name.gguf == name.gguf && asked.name.hugging_face == name.hugging_face;
  });
  return found == all.rend() ? all.emplace_back(AskedTensor{.name = name}) : *found;
}

void ModelFiles::note_rotary(const TensorName& name, int64_t heads) const {
  asked_tensor(name).rotary_heads = heads;
}

Weight ModelFiles::weight(const TensorName& name, int64_t rows, int64_t cols) const {
  const std::string stored = tensor_name(name);
  Weight weight = gguf_ ? io::to_weight(gguf_->tensor(stored))
                  : is_bitsandbytes(*safetensors_, stored)
                      ? bitsandbytes_weight(*safetensors_, stored, asked_->tensors)
                      : io::to_weight(safetensors_->tensor(stored));
  asked_->tensors.insert(stored);
  if (weight.rows != rows || weight.cols != cols) {
    fail("arch.open", fmt::format("tensor '{}' of {}: expected {} x {} values from the model's "
                                  "settings, got {} x {}. Settings and weights do not agree.",
                                  printable_start(stored), path_.string(), rows, cols, weight.rows,
                                  weight.cols));
  }
  AskedTensor& asked = asked_tensor(name);
  asked.rows = rows;
  asked.cols = cols;
  return weight;
}

std::vector<float> ModelFiles::vector(const TensorName& name, int64_t size) const {
  const Weight stored = weight(name, 1, size);
  asked_tensor(name).vector = true;
  std::vector<float> values(static_cast<size_t>(size));
  quant::decode_rows(stored, 0, MatView<float>(values.data(), 1, size));
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    fail("arch.open", fmt::format("tensor '{}' of {}: value {} is {}, not a finite number. Fetch "
                                  "the model again, or make it again.",
                                  printable_start(stored.name), path_.string(), i, values[i]));
  }
  return values;
}

std::string ModelFiles::gguf_key(std::string_view key) const {
  const std::string whole = fmt::format("{}.{}", architecture_, key);
  asked_->keys.insert(whole);
  return whole;
}

const nlohmann::json* ModelFiles::setting(std::string_view key) const {
  if (gguf_) return nullptr;
  asked_->keys.insert(std::string(key));
  return io::find(*config_, key);
}

void ModelFiles::note_setting(std::string_view name, std::string value) const {
  // How long a row may be, and what the rotary frequencies and the layers' windows say better.
  static const std::set<std::string_view> kNoPart = {"max_position_embeddings", "rope_theta",
                                                     "rope_local_base_freq", "max_window_layers",
                                                     "sliding_window_pattern"};
  if (gguf_ || name.empty() || kNoPart.contains(name)) return;
  asked_->values[std::string(name)] = std::move(value);
}

bool ModelFiles::mentions(std::string_view key) const {
  return config_ && config_->is_object() && config_->contains(key);
}

int64_t ModelFiles::get_int(std::string_view key, std::string_view gguf_key,
                            std::optional<int64_t> fallback) const {
  if (fallback && (gguf_ ? gguf_key : key).empty()) return *fallback;
  if (gguf_) return gguf_->get_int(this->gguf_key(gguf_key), fallback);
  const int64_t value = !setting(key) && fallback
                            ? *fallback
                            : io::require_int(*config_, key, settings_place());
  note_setting(key, std::to_string(value));
  return value;
}

double ModelFiles::get_double(std::string_view key, std::string_view gguf_key,
                              std::optional<double> fallback) const {
  if (fallback && (gguf_ ? gguf_key : key).empty()) return *fallback;
  double value = 0;
  if (gguf_) {
    value = gguf_->get_double(this->gguf_key(gguf_key), fallback);
  } else {
    value = !setting(key) && fallback ? *fallback
                                      : io::require_double(*config_, key, settings_place());
    note_setting(key, fmt::format("{}", value));
  }
  if (!std::isfinite(value)) {
    fail("arch.open", fmt::format("{}: the setting '{}' is {}, not a finite number. Fetch the "
                                  "model's settings again.",
                                  settings_place(), gguf_ ? gguf_key : key, value));
  }
  return value;
}

std::string ModelFiles::get_string(std::string_view key, std::string_view gguf_key,
                                   const std::string& fallback) const {
  if ((gguf_ ? gguf_key : key).empty()) return fallback;
  if (gguf_) return gguf_->get_string(this->gguf_key(gguf_key), fallback);
  const std::string value = setting(key) ? io::require_string(*config_, key, settings_place())
                                         : fallback;
  note_setting(key, value);
  return value;
}

bool ModelFiles::get_bool(std::string_view key, bool fallback) const {
  const bool value = setting(key) ? io::require_bool(*config_, key, settings_place()) : fallback;
  if (!gguf_) note_setting(key, value ? "true" : "false");
  return value;
}

int64_t unpermuted_row(int64_t row, int64_t head) {
  const int64_t in_head = row % head;
  return row - in_head + (in_head % 2) * (head / 2) + in_head / 2;
}

std::vector<float> unpermute_rows(const std::vector<float>& values, int64_t heads) {
  std::vector<float> result(values.size());
  const int64_t head = int64_t(values.size()) / heads;
  for (size_t row = 0; row < values.size(); ++row) {
    result[size_t(unpermuted_row(int64_t(row), head))] = values[row];
  }
  return result;
}

Weight unpermute_rows(const Weight& weight, int64_t heads) {
  const int64_t head = weight.rows / heads;
  const size_t row_bytes = quant::format(weight.format).bytes(weight.cols);
  auto buffer = std::make_shared<Buffer>(row_bytes * size_t(weight.rows));
  for (int64_t row = 0; row < weight.rows; ++row) {
    const int64_t target = unpermuted_row(row, head);
    std::memcpy(buffer->data() + size_t(target) * row_bytes,
                weight.data.data() + size_t(row) * row_bytes, row_bytes);
  }
  Weight result = weight;
  result.data = {buffer->data(), buffer->size()};
  result.owner = buffer;
  result.mapped = false;
  if (weight.mapped) drop_pages(weight.data);
  return result;
}

}  // namespace relatum::arch
