// A model on disk, GGUF file or Hugging Face folder, behind one way to ask for tensors.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/gguf.h"
#include "io/safetensors.h"
#include "tensor/weight.h"

namespace relatum::arch {

/// The names of one tensor in both worlds.
struct TensorName {
  std::string hugging_face;   ///< e.g. "model.layers.0.mlp.up_proj.weight"
  std::string gguf;           ///< e.g. "blk.0.ffn_up.weight"
};

class ModelFiles {
 public:
  /// A GGUF file, or a folder with config.json and safetensors (or with one GGUF in it).
  static ModelFiles open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  /// GGUF's general.architecture, or config.json's model_type.
  const std::string& architecture() const { return architecture_; }
  /// One of the two is there.
  const io::GgufFile* gguf() const { return gguf_.get(); }
  const nlohmann::json* config() const { return config_.get(); }
  const io::Safetensors* safetensors() const { return safetensors_.get(); }
  /// The files that hold the weights, for hashing.
  std::vector<std::filesystem::path> weight_files() const;

  bool has(const TensorName& name) const;
  /// The tensor, checked to be rows x cols; throws Error naming tensor, file and both shapes.
  Weight weight(const TensorName& name, int64_t rows, int64_t cols) const;
  /// A vector of `size` values as floats.
  std::vector<float> vector(const TensorName& name, int64_t size) const;

  /// An integer from config.json's `key` or GGUF's "<architecture>.<gguf_key>".
  int64_t get_int(std::string_view key, std::string_view gguf_key,
                  std::optional<int64_t> fallback = std::nullopt) const;
  double get_double(std::string_view key, std::string_view gguf_key,
                    std::optional<double> fallback = std::nullopt) const;

 private:
  std::string tensor_name(const TensorName& name) const;
  std::filesystem::path path_;
  std::string architecture_;
  std::shared_ptr<const io::GgufFile> gguf_;
  std::shared_ptr<const nlohmann::json> config_;
  std::shared_ptr<const io::Safetensors> safetensors_;
};

/// Undoes llama.cpp's reordering of rotary rows: in each of `heads` heads, row 2j + s becomes row
/// s * K/2 + j. Works on stored rows of any block format.
Weight unpermute_rows(const Weight& weight, int64_t heads);

}  // namespace relatum::arch
