// Reads and writes two-dimensional float32 arrays in NumPy's .npy format.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "tensor/buffer.h"
#include "tensor/mat.h"

namespace relatum::io {

/// Reads a C-ordered little-endian float32 array ('<f4', format versions 1 and 2); a vector gives
/// one row. Throws Error naming the file for anything else, or where the sizes disagree.
Matrix<float> read_npy(const std::filesystem::path& path);
/// Format version 1, piece by piece.
void write_npy(MatView<const float> values, const std::function<void(std::string_view)>& write);

}  // namespace relatum::io
