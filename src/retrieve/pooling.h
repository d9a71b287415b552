// Token states to one vector: the ways that sentence-transformers knows.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tensor/mat.h"

namespace relatum::retrieve {

/// In the order in which several are put side by side.
enum class Pooling { kCls, kMax, kMean, kMeanSqrtLength, kWeightedMean, kLastToken };

/// By sentence-transformers' name, of today ("mean") or as older files have it ("mean_tokens").
std::optional<Pooling> find_pooling(std::string_view name);
/// Today's name.
std::string_view name_of(Pooling pooling);
/// "cls, max, …", for messages.
std::string pooling_names();

/// states: T x D, special tokens among them, T >= 1; out: D values. The first or last token's
/// state; the largest value of each column; their sum over T, over the root of T, or with weights
/// 1 … T over the weights' sum.
void pool(Pooling pooling, MatView<const float> states, std::span<double> out);

}  // namespace relatum::retrieve
