// Token embeddings, decoded row by row from whatever format they are stored in.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/mat.h"
#include "tensor/weight.h"

namespace relatum::arch {

/// out[i] = row tokens[i] of the table. table: V x D; out: T x D. Error for an id outside V.
void embed_tokens(const Weight& table, std::span<const int32_t> tokens, MatView<float> out);

}  // namespace relatum::arch
