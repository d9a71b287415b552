// Weights that bitsandbytes quantised to four bits, as transformers saves them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>

#include "io/safetensors.h"
#include "tensor/weight.h"

namespace relatum::arch {

/// Whether a folder's weights are such ones, by config.json's quantization_config (NF4 or FP4).
/// Throws Error naming the method where it is another, and for bitsandbytes' 8 bits.
bool has_bitsandbytes(const nlohmann::json& config, const std::string& place);

/// Whether the tensor `name` was quantised: its state lies beside it. A quantised model has others,
/// too (llm_int8_skip_modules, the head, norms), which are read as they are.
bool is_bitsandbytes(const io::Safetensors& files, const std::string& name);

/// The weight X whose codes are the tensor `name`; of it are X.absmax, X.quant_map and
/// X.quant_state.bitsandbytes__nf4 (or __fp4), and with double quantisation X.nested_absmax and
/// X.nested_quant_map, which are put into `read`. Its values are those of bitsandbytes'
/// dequantize_4bit in f32, before they are rounded to the type that the model was loaded in: nf4
/// where that format holds them (blocks of 64, double quantisation), map4 otherwise. Throws Error
/// where the parts do not fit together.
Weight bitsandbytes_weight(const io::Safetensors& files, const std::string& name,
                           std::set<std::string, std::less<>>& read);

}  // namespace relatum::arch
