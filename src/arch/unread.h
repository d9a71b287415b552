// Nothing of a model file may go unread: what the network did not ask for is harmless or refused.
#pragma once

#include <span>
#include <string_view>

#include "arch/model_files.h"

namespace relatum::arch {

/// A setting that a network does without only as long as it has this value (true counts as 1).
struct NeutralSetting {
  std::string_view key;
  double value = 0;
};

/// What a family's files may hold without a change to what the network computes. '*' in a name
/// stands for any letters. Tensors go by plain_name() or GGUF's name, keys by config.json's name
/// or GGUF's behind the architecture's.
struct Spare {
  std::span<const std::string_view> tensors, keys;
  std::span<const NeutralSetting> neutral;
};

/// Compares what files hold with what was asked of them while the network was put together. Every
/// other tensor must be a spare one. Every other setting must be off (null, false, 0, empty) or
/// neutral where `spare.neutral` names it, or a spare one. Of the rest: in a GGUF file, all of
/// the architecture's own keys are refused; in config.json, which also holds names, notes and
/// options of training, those whose name speaks of a part of a network ("bias", "scale", "rope"
/// …). Throws Error that names them.
void check_all_read(const ModelFiles& files, const Spare& spare);

}  // namespace relatum::arch
