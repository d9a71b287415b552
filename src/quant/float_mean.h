// The mean of floats, added up as torch does it.
#pragma once

#include <span>

namespace relatum::quant {

/// The mean in f32, 0 of nothing, with the bits of torch's mean() on one thread of an x86 CPU
/// (facts: ATen's SumKernel.cpp of torch 2): eight lanes of four rows each, whose sums are added up
/// in four levels. Of 32,768 values and fewer, torch adds so on any number of threads.
float float_mean(std::span<const float> values);

}  // namespace relatum::quant
