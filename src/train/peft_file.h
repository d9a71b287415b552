// The tensors of PEFT's adapter_model.safetensors, held against what is adapted and the base.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "io/safetensors.h"
#include "train/adapter.h"

namespace relatum::train {

/// "base_model.model.": how PEFT's tensor names begin.
inline constexpr char kPeftPrefix[] = "base_model.model.";

class PeftFile {
 public:
  /// Throws Error naming the tensor where a name is not one of PEFT's. What torch.compile puts into
  /// names ("_orig_mod.") is left out.
  explicit PeftFile(const std::filesystem::path& path);

  /// Checks that both factors of each module are there with the right shapes, before memory is
  /// asked for; throws Error naming the tensor.
  void check_pairs(std::span<const AdapterModule> modules) const;
  /// Checks all other tensors: a pair of zeros and what equals the base's own tensor changes
  /// nothing and passes, all else is an Error that names it. `saved`: modules_to_save, each of
  /// which has to be there. `base`: the model's file or folder.
  void check_others(std::span<const AdapterModule> modules, std::span<const std::string> saved,
                    const std::filesystem::path& base) const;
  /// "lora_A" or "lora_B" of a module, out.rows x out.cols. Throws Error naming the tensor and the
  /// value that is not finite.
  void read(const AdapterModule& module, const char* factor, MatView<float> out) const;

 private:
  const io::SafetensorsTensor& factor(const AdapterModule& module, const char* name) const;

  io::Safetensors file_;
  std::map<std::string, const io::SafetensorsTensor*, std::less<>> tensors_;  // without the prefix
};

}  // namespace relatum::train
