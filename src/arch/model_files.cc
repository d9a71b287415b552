// Opening, shape checks and the two naming worlds of model files.
#include "arch/model_files.h"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/mapped_file.h"
#include "io/json.h"
#include "io/to_weight.h"
#include "quant/format.h"
#include "tensor/buffer.h"

namespace relatum::arch {
namespace {

namespace fs = std::filesystem;

// The single GGUF file of a folder that has no config.json.
std::optional<fs::path> lone_gguf(const fs::path& folder) {
  std::optional<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".gguf") continue;
    if (found) {
      fail("arch.open", fmt::format("{} holds several GGUF files. Name the one you mean.",
                                    folder.string()));
    }
    found = entry.path();
  }
  return found;
}

}  // namespace

ModelFiles ModelFiles::open(const fs::path& path) {
  ModelFiles files;
  files.path_ = path;
  if (!fs::exists(path)) {
    fail("arch.open", fmt::format("there is no model at {}. `relatum models` lists the names "
                                  "that are known.", path.string()));
  }
  fs::path file = path;
  if (fs::is_directory(path) && !fs::exists(path / "config.json")) {
    const auto lone = lone_gguf(path);
    if (!lone) {
      fail("arch.open", fmt::format("{} holds neither config.json nor a GGUF file. Name a GGUF "
                                    "file or a Hugging Face folder.", path.string()));
    }
    file = *lone;
  }
  if (!fs::is_directory(file)) {
    files.path_ = file;
    files.gguf_ = std::make_shared<io::GgufFile>(io::GgufFile::open(file));
    files.architecture_ = files.gguf_->get_string("general.architecture");
    return files;
  }
  files.config_ = std::make_shared<nlohmann::json>(io::load_json(path / "config.json"));
  files.architecture_ =
      io::require_string(*files.config_, "model_type", (path / "config.json").string());
  files.safetensors_ = std::make_shared<io::Safetensors>(io::Safetensors::open_folder(path));
  return files;
}

std::vector<fs::path> ModelFiles::weight_files() const {
  if (gguf_) return {gguf_->path()};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path_)) {
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string ModelFiles::tensor_name(const TensorName& name) const {
  if (gguf_) return name.gguf;
  if (safetensors_->find(name.hugging_face)) return name.hugging_face;
  const size_t dot = name.hugging_face.find('.');  // a base model lacks the leading "model."
  return name.hugging_face.substr(dot + 1);
}

bool ModelFiles::has(const TensorName& name) const {
  const std::string stored = tensor_name(name);
  return gguf_ ? gguf_->find_tensor(stored) != nullptr : safetensors_->find(stored) != nullptr;
}

Weight ModelFiles::weight(const TensorName& name, int64_t rows, int64_t cols) const {
  const std::string stored = has(name) ? tensor_name(name) : gguf_ ? name.gguf : name.hugging_face;
  Weight weight = gguf_ ? io::to_weight(gguf_->tensor(stored))
                        : io::to_weight(safetensors_->tensor(stored));
  if (weight.rows != rows || weight.cols != cols) {
    fail("arch.open", fmt::format("tensor '{}' of {}: expected {} x {} values from the model's "
                                  "settings, got {} x {}. The file is damaged or of another "
                                  "kind.", stored, path_.string(), rows, cols, weight.rows,
                                  weight.cols));
  }
  return weight;
}

std::vector<float> ModelFiles::vector(const TensorName& name, int64_t size) const {
  const Weight stored = weight(name, 1, size);
  std::vector<float> values(static_cast<size_t>(size));
  quant::decode_rows(stored, 0, MatView<float>(values.data(), 1, size));
  return values;
}

int64_t ModelFiles::get_int(std::string_view key, std::string_view gguf_key,
                            std::optional<int64_t> fallback) const {
  if (gguf_) return gguf_->get_int(fmt::format("{}.{}", architecture_, gguf_key), fallback);
  const std::string place = (path_ / "config.json").string();
  const nlohmann::json* value = io::find(*config_, key);
  if (fallback && (!value || value->is_null())) return *fallback;
  return io::require_int(*config_, key, place);
}

double ModelFiles::get_double(std::string_view key, std::string_view gguf_key,
                              std::optional<double> fallback) const {
  if (gguf_) return gguf_->get_double(fmt::format("{}.{}", architecture_, gguf_key), fallback);
  const std::string place = (path_ / "config.json").string();
  const nlohmann::json* value = io::find(*config_, key);
  if (fallback && (!value || value->is_null())) return *fallback;
  return io::require_double(*config_, key, place);
}

Weight unpermute_rows(const Weight& weight, int64_t heads) {
  const int64_t head = weight.rows / heads, half = head / 2;
  const size_t row_bytes = quant::format(weight.format).bytes(weight.cols);
  auto buffer = std::make_shared<Buffer>(row_bytes * size_t(weight.rows));
  for (int64_t row = 0; row < weight.rows; ++row) {
    const int64_t in_head = row % head;
    const int64_t target = row - in_head + (in_head % 2) * half + in_head / 2;
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
