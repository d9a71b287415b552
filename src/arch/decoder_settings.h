// What families of decoders read alike from their model's files.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "arch/decoder.h"
#include "arch/model_files.h"
#include "arch/unread.h"

namespace relatum::arch {

/// What the files leave to the architecture where they do not say it (transformers' defaults).
struct UnsaidSizes {
  int64_t context = 2048;
  std::optional<int64_t> heads;
  std::optional<int64_t> kv_heads;   ///< nothing, or null in the files: as many as heads
  std::optional<int64_t> head_size;  ///< nothing: width / heads
  double epsilon = 1e-6;
};

/// Sizes, the norms' epsilon and attention's scale, 1 / sqrt(K). Throws Error for sizes that
/// cannot be, or that this network does not have (rotary positions over a part of a head).
DecoderSettings read_decoder(const ModelFiles& files, std::string_view family,
                             const UnsaidSizes& unsaid);

/// Throws Error: a setting of the files that this network does not have.
[[noreturn]] void refuse_setting(const ModelFiles& files, std::string_view family,
                                 std::string_view what);

/// Throws Error where config.json names another activation than `name`, or one that is the same by
/// another name.
void check_activation(const ModelFiles& files, std::string_view family, std::string_view key,
                      std::string_view name);

/// For each layer whether config.json's layer_types call it "sliding_attention" (or else
/// "full_attention"); nothing where it has none. Throws Error for another type or number.
std::optional<std::vector<bool>> sliding_layers(const ModelFiles& files, std::string_view family,
                                                int64_t layers);

/// Gives the layers their windows: `window` where they slide, all before the query elsewhere and
/// where a row cannot be longer. Notes them among the files' settings.
void set_windows(const ModelFiles& files, int64_t window, const std::vector<bool>& sliding,
                 DecoderSettings& settings);

/// Adds the rotation that `keys` speak of, which may end the context.
void set_rope(const ModelFiles& files, const RopeKeys& keys, DecoderSettings& settings);

/// What the files of all these families may hold without a change to what is computed.
const Spare& decoder_spare();

}  // namespace relatum::arch
