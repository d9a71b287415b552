// Which instruction set serves: found at start-up, or forced by the user.
#pragma once

#include <string>
#include <string_view>

#include "tensor/dtype.h"

namespace relatum::kernels {

enum class Isa { kAvx2, kAvx512 };

/// The set in use. Found once from the CPU; Error where the CPU lacks AVX2.
Isa isa();
/// Limits our kernels and oneDNN alike: "auto", "avx2" or "avx512". To be called before any
/// product is computed (oneDNN reads it once), or again with the same; Error where it cannot be.
void set_isa(std::string_view name);
/// True where products of bf16 run on instructions made for them (AVX512_BF16), isa() permitting.
bool has_fast_bf16();
/// True where products of 8-bit integers do: AVX512_VNNI or, with AVX2's registers, AVX-VNNI;
/// limiting the set to AVX2 leaves out both.
bool has_vnni();
/// "auto", "bf16", "f32" or "int8" (whose products alone are of integers: bf16 or f32) to the type
/// that activations are computed in.
DType compute_type(std::string_view name);
/// e.g. "avx512 with bf16", for run records.
std::string cpu_summary();
/// What multiplies integers with --compute int8, for people.
std::string int8_summary();

}  // namespace relatum::kernels
