// The tensors of PEFT's adapter_model.safetensors, held against what is adapted and the base.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "io/safetensors.h"
#include "train/adapter.h"

namespace relatum::train {

/// "base_model.model.": how PEFT's tensor names begin.
inline constexpr char kPeftPrefix[] = "base_model.model.";

/// What an adapter's file may hold beside pairs and magnitudes.
struct PeftOthers {
  std::span<const std::string> savable;  ///< names of modules that can be an adapter's own
  std::span<const std::string> listed;   ///< modules_to_save, each of which has to be there
  std::span<const std::string> tokens;   ///< savable modules of which some rows are
  std::filesystem::path base;            ///< the model's file or folder
};

class PeftFile {
 public:
  /// Throws Error naming the tensor where a name is not one of PEFT's. What torch.compile puts into
  /// names ("_orig_mod.") is left out.
  explicit PeftFile(const std::filesystem::path& path);

  /// Checks that both factors of each module, and its magnitudes where it has some, are there with
  /// the right shapes, before memory is asked for; throws Error naming the tensor.
  void check_pairs(std::span<const AdapterModule> modules) const;
  /// Checks all other tensors: a pair of zeros and what equals the base's own tensor changes
  /// nothing and passes; a module that can be an adapter's own passes, too, and those whose values
  /// are not the base's are given back. All else is an Error that names it.
  std::vector<std::string> check_others(std::span<const AdapterModule> modules,
                                        const PeftOthers& others) const;
  /// "lora_A.weight", "lora_B.weight" or "lora_magnitude_vector" of a module, out.rows x out.cols.
  /// Throws Error naming the tensor and the value that is not finite.
  void read(const AdapterModule& module, const char* part, MatView<float> out) const;
  /// A saved module's values, V x D; false where the file has none. Throws as above.
  bool read_saved(const std::string& module, MatView<float> out) const;
  /// The rows of a saved module that were trained alone, `tokens` of them, put into their places.
  void read_tokens(const std::string& module, std::span<const int64_t> tokens,
                   MatView<float> out) const;

 private:
  bool is_adapted(const std::string& name, const io::SafetensorsTensor& tensor,
                  std::span<const AdapterModule> modules) const;
  const io::SafetensorsTensor& part(const AdapterModule& module, const char* name) const;
  const io::SafetensorsTensor* saved(const std::string& module) const;

  io::Safetensors file_;
  std::map<std::string, const io::SafetensorsTensor*, std::less<>> tensors_;  // without the prefix
};

}  // namespace relatum::train
