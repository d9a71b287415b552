// What GGUF files call a network and its linears.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace relatum::arch {

class ModelFiles;
struct Family;

/// A linear's weight there.
struct GgufLinear {
  std::string tensor;        ///< e.g. "blk.0.attn_q.weight"
  int64_t rotary_heads = 0;  ///< rows of so many heads in another order, see unpermute_rows()
};

struct GgufNames {
  std::string architecture;                   ///< general.architecture
  std::map<std::string, GgufLinear> linears;  ///< by the names of nn::Linear's parts
};

/// Of the tensors that a network asked for, whatever its files are.
GgufNames gguf_names(const ModelFiles& files, const Family& family);

}  // namespace relatum::arch
