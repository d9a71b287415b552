// Turns a file's tensor into a Weight: named number format, rows x cols, shared bytes.
#pragma once

#include "io/gguf.h"
#include "io/safetensors.h"
#include "tensor/weight.h"

namespace relatum::io {

/// A matrix [K, N] in ggml's order (N x K) gives rows N, cols K; a vector one row; leading
/// dimensions of length 1 are dropped. Throws Error naming the tensor, its type and the types
/// that can be read where the type has no format, or for more than two dimensions.
Weight to_weight(const GgufTensor& tensor);
/// The same from safetensors, whose shape is (N, K).
Weight to_weight(const SafetensorsTensor& tensor);

}  // namespace relatum::io
