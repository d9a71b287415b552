// The file of a head that was trained beside an adapter or a network: named tensors in f32.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "io/safetensors.h"
#include "tensor/weight.h"

namespace relatum::train {

class HeadFile {
 public:
  /// Opens it. `what`: what run and base ask for, "3 labels and 12 inputs", for a sentence.
  HeadFile(const std::filesystem::path& path, std::string what);
  /// The values of a tensor of F32. Throws Error naming file and tensor where there is none of this
  /// shape, or a value is not finite.
  std::vector<float> read(const char* name, const std::vector<int64_t>& shape) const;

 private:
  io::Safetensors file_;
  std::string what_;
};

/// Values of the flat array as a weight; they outlive it.
Weight view_of(const std::string& name, std::span<const float> values, int64_t rows);

}  // namespace relatum::train
