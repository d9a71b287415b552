// A model on disk, GGUF file or Hugging Face folder, behind one way to ask for tensors.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "io/gguf.h"
#include "io/safetensors.h"
#include "tensor/weight.h"

namespace relatum::arch {

/// The names of one tensor in both worlds.
struct TensorName {
  std::string hugging_face;  ///< e.g. "model.layers.0.mlp.up_proj.weight"
  std::string gguf;          ///< e.g. "blk.0.ffn_up.weight"
};

/// A tensor that a network asked for.
struct AskedTensor {
  TensorName name;
  int64_t rows = 0, cols = 0;
  bool vector = false;
  int64_t rotary_heads = 0;  ///< llama.cpp stores the rows of so many heads in another order
};

/// What was asked of a model's files so far, by the names in the files; see check_all_read().
struct Asked {
  std::vector<AskedTensor> in_order;  ///< each tensor once
  std::set<std::string, std::less<>> tensors, keys;
  std::map<std::string, std::string> values;  ///< of config.json's settings, defaults included
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
  /// A folder whose linears bitsandbytes has quantised; see bitsandbytes.h.
  bool quantised() const { return quantised_; }
  /// The files that the weights are read from, for hashing; nothing else of a folder.
  std::vector<std::filesystem::path> weight_files() const;
  /// Where the settings stand, for messages: config.json, or the GGUF file.
  std::string settings_place() const;

  /// Names in a folder are compared by plain_name(), so wrappers' prefixes do not matter.
  bool has(const TensorName& name) const;
  /// The tensor, checked to be rows x cols; throws Error naming tensor, file and both shapes.
  Weight weight(const TensorName& name, int64_t rows, int64_t cols) const;
  /// A vector of `size` values as floats; throws Error where one is not finite.
  std::vector<float> vector(const TensorName& name, int64_t size) const;
  /// Says of a tensor that was asked for that a GGUF file has the rows of its heads in another
  /// order (see unpermute_rows()), for those who write one.
  void note_rotary(const TensorName& name, int64_t heads) const;

  /// An integer from config.json's `key` or GGUF's "<architecture>.<gguf_key>". A setting that
  /// the form of the file has not is named by an empty key and gives the fallback.
  int64_t get_int(std::string_view key, std::string_view gguf_key,
                  std::optional<int64_t> fallback = std::nullopt) const;
  /// As get_int(). Throws Error where the number is not finite.
  double get_double(std::string_view key, std::string_view gguf_key,
                    std::optional<double> fallback = std::nullopt) const;
  std::string get_string(std::string_view key, std::string_view gguf_key,
                         const std::string& fallback) const;
  /// From config.json alone; the fallback for a GGUF file.
  bool get_bool(std::string_view key, bool fallback) const;
  /// config.json's value itself; nullptr where it is absent or null, and for a GGUF file.
  const nlohmann::json* setting(std::string_view key) const;
  /// True where config.json has the key, be it null.
  bool mentions(std::string_view key) const;

  const Asked& asked() const { return *asked_; }
  /// The settings that the network was built with so far: what config.json says or leaves to a
  /// default, however it is written there. None for a GGUF file, which is one file with its
  /// weights.
  const std::map<std::string, std::string>& settings() const { return asked_->values; }
  /// Adds one that is worked out from several.
  void note_setting(std::string_view name, std::string value) const;

 private:
  void map_names();
  AskedTensor& asked_tensor(const TensorName& name) const;
  std::string tensor_name(const TensorName& name) const;
  std::string gguf_key(std::string_view key) const;
  std::filesystem::path path_;
  std::string architecture_;
  std::shared_ptr<const io::GgufFile> gguf_;
  std::shared_ptr<const nlohmann::json> config_;
  std::shared_ptr<const io::Safetensors> safetensors_;
  bool quantised_ = false;
  std::map<std::string, std::string> names_;  // of safetensors: plain to stored
  std::shared_ptr<Asked> asked_ = std::make_shared<Asked>();
};

/// Which of a folder's rows lies at `row` in a GGUF file, where `head` rows are a head.
int64_t unpermuted_row(int64_t row, int64_t head);
/// Undoes llama.cpp's reordering of rotary rows: in each of `heads` heads, row 2j + s becomes row
/// s * K/2 + j. Works on stored rows of any block format.
Weight unpermute_rows(const Weight& weight, int64_t heads);
/// The same for one value per row.
std::vector<float> unpermute_rows(const std::vector<float>& values, int64_t heads);

}  // namespace relatum::arch
