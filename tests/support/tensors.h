// Reads fixture tensors as plain matrices and says how far two matrices lie apart.
#pragma once

#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/safetensors.h"
#include "tensor/buffer.h"

namespace relatum::testing {

inline std::filesystem::path fixture(const std::string& relative) {
  return std::filesystem::path(RELATUM_FIXTURES) / relative;
}

/// An F32 tensor of one or two dimensions; a vector is one row.
inline Matrix<float> read_matrix(const io::Safetensors& file, const std::string& name) {
  const io::SafetensorsTensor& tensor = file.tensor(name);
  RELATUM_CHECK(tensor.dtype == "F32" && tensor.shape.size() <= 2 && !tensor.shape.empty());
  const int64_t cols = tensor.shape.back();
  Matrix<float> result(tensor.shape.size() == 2 ? tensor.shape[0] : 1, cols);
  std::memcpy(result.row(0), tensor.bytes.data(), tensor.bytes.size());
  return result;
}

inline float read_scalar(const io::Safetensors& file, const std::string& name) {
  return read_matrix(file, name).row(0)[0];
}

/// A vector of I32 or I64.
inline std::vector<int32_t> read_ints(const io::Safetensors& file, const std::string& name) {
  const io::SafetensorsTensor& tensor = file.tensor(name);
  RELATUM_CHECK(tensor.shape.size() == 1 && (tensor.dtype == "I64" || tensor.dtype == "I32"));
  std::vector<int32_t> values(size_t(tensor.shape[0]));
  const size_t width = tensor.dtype == "I64" ? 8 : 4;
  for (size_t i = 0; i < values.size(); ++i) {  // little-endian; ids are small and positive
    std::memcpy(&values[i], tensor.bytes.data() + i * width, sizeof(int32_t));
  }
  return values;
}

/// The norm of the difference over the norm of `want` (Frobenius).
inline double distance(MatView<const float> got, MatView<const float> want) {
  RELATUM_CHECK(got.rows == want.rows && got.cols == want.cols);
  double difference = 0, norm = 0;
  for (int64_t r = 0; r < got.rows; ++r) {
    for (int64_t c = 0; c < got.cols; ++c) {
      const double d = double(got.row(r)[c]) - double(want.row(r)[c]);
      difference += d * d;
      norm += double(want.row(r)[c]) * double(want.row(r)[c]);
    }
  }
  return std::sqrt(difference / norm);
}
inline double distance(const Matrix<float>& got, const Matrix<float>& want) {
  return distance(got.view(), want.view());
}

inline bool bit_equal(MatView<const float> a, MatView<const float> b) {
  if (a.rows != b.rows || a.cols != b.cols) return false;
  for (int64_t r = 0; r < a.rows; ++r) {
    if (std::memcmp(a.row(r), b.row(r), size_t(a.cols) * sizeof(float)) != 0) return false;
  }
  return true;
}
inline bool bit_equal(const Matrix<float>& a, const Matrix<float>& b) {
  return bit_equal(a.view(), b.view());
}

}  // namespace relatum::testing
