// How unsure a model is of one answer.
#pragma once

#include <span>
#include <string_view>

namespace relatum::task {

/// Sampling by uncertainty as Settles describes it (Active Learning Literature Survey, 2009,
/// section 3.1): the margin of the two likeliest labels, the entropy, the least confident answer.
enum class Uncertainty { kMargin, kEntropy, kLeast };

/// "margin", "entropy", "least". Throws Error for any other.
Uncertainty parse_uncertainty(std::string_view name);

/// From 0, certain, to 1: 1 - (p1 - p2) of the two largest; -sum p ln p / ln L of L labels; or
/// (1 - p1) L / (L - 1). `probabilities`: of all labels, one at least; of a single label 0.
double uncertainty(std::span<const double> probabilities, Uncertainty by);

}  // namespace relatum::task
