// The number formats that weights are stored in; one file in quant/formats is one format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "tensor/dtype.h"
#include "tensor/mat.h"
#include "tensor/weight.h"

namespace relatum::quant {

/// Gives values [begin, begin + count) of a flattened tensor; called by several threads at once,
/// and `begin` is a multiple of 256.
using Values = std::function<void(int64_t begin, int64_t count, float* out)>;

/// One storage format. `total` is the tensor's whole value count: formats that keep their scales
/// behind the codes (nf4) need it to find them.
struct Format {
  std::string_view name;              ///< as in Weight::format, e.g. "q4_1"
  int gguf_type = -1;                 ///< ggml's type number, -1 where GGUF has none
  std::string_view safetensors_type;  ///< e.g. "BF16", empty where safetensors has none
  /// Row lengths, `begin` and `count` are multiples of it. nf4 takes any and says 1, though 64 of
  /// its values share a scale.
  int64_t block = 1;
  double bits = 32;  ///< stored bits per value, scales included (for messages and estimates)
  /// Bytes that `total` values take. Never overflows for total below 2^56.
  size_t (*bytes)(int64_t total) = nullptr;
  /// Decodes values [begin, begin + count) of the flattened tensor.
  void (*decode)(std::span<const std::byte> data, int64_t total, int64_t begin, int64_t count,
                 float* out) = nullptr;
  /// The same rounded to bf16, for formats that have a shorter way than through decode();
  /// nullptr: decode() and round.
  void (*decode_bf16)(std::span<const std::byte> data, int64_t total, int64_t begin, int64_t count,
                      bf16* out) = nullptr;
  /// Encodes a whole tensor of `total` values into bytes(total) bytes; nullptr: read only.
  void (*encode)(const float* in, int64_t total, std::byte* out) = nullptr;
  /// The same from values that are asked for in parts, for formats whose parts are not bytes one
  /// behind the other (nf4); nullptr: encode() is called for parts.
  void (*encode_parts)(const Values& values, int64_t total, std::byte* out) = nullptr;
};

/// All formats; generated from the folder.
std::span<const Format* const> formats();
/// By name; throws Error that lists the known ones.
const Format& format(std::string_view name);
/// nullptr where the number is unknown.
const Format* find_gguf_type(int type);
const Format* find_safetensors_type(std::string_view type);

/// Decodes rows [begin, begin + out.rows) of a weight, in parallel. out.cols = weight.cols. The
/// bf16 values are the float ones rounded to nearest even.
void decode_rows(const Weight& weight, int64_t begin, MatView<float> out);
void decode_rows(const Weight& weight, int64_t begin, MatView<bf16> out);
/// Encodes a rows x cols matrix into a weight of its own memory, in parallel. Throws Error where
/// the format cannot be written or the rows are no multiple of its block.
Weight encode(std::string_view format_name, const std::string& name, MatView<const float> values);
/// The same for a rows x cols tensor whose values are asked for in parts, so that they are never in
/// memory as a whole.
Weight encode(std::string_view format_name, const std::string& name, int64_t rows, int64_t cols,
              const Values& values);

}  // namespace relatum::quant
