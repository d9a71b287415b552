// The file of a head that was trained beside an adapter or a network: named tensors in f32.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "io/safetensors.h"
#include "nn/linear.h"
#include "tensor/weight.h"

namespace relatum::train {

class HeadFile {
 public:
  /// Opens it. `what`: what run and base ask for, "3 labels and 12 inputs", for a sentence.
  HeadFile(const std::filesystem::path& path, std::string what);
  /// The values of a tensor of F32. Throws Error naming file and tensor where there is none of this
  /// shape, or a value is not finite.
  std::vector<float> read(const char* name, const std::vector<int64_t>& shape) const;
  /// A linear of rows x cols, ready for passes; without a bias where none is named.
  nn::Linear linear(const char* weight, const char* bias, int64_t rows, int64_t cols,
                    DType compute) const;

 private:
  io::Safetensors file_;
  std::string what_;
};

/// Such a file as it is written, in one step.
class HeadOutput {
 public:
  void add(const char* name, std::vector<int64_t> shape, std::span<const float> values);
  void write(const std::filesystem::path& path);

 private:
  std::vector<io::SafetensorsOutput> tensors_;
};

/// Cuts the numbers of a head into its parts, one behind the other.
class NumberParts {
 public:
  explicit NumberParts(std::span<float> numbers) : rest_(numbers) {}
  std::span<float> take(int64_t count);

 private:
  std::span<float> rest_;
};

/// A linear whose weight, and bias unless that is empty, are values of the flat array, which
/// outlive it; refresh() brings it up to date with them.
nn::Linear trained_linear(const std::string& name, std::span<const float> weight, int64_t rows,
                          std::span<const float> bias, DType compute);

/// Values of the flat array as a weight; they outlive it.
Weight view_of(const std::string& name, std::span<const float> values, int64_t rows);

}  // namespace relatum::train
