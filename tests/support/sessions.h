// The tiny Llama as a session, token rows for it, and what plain forward passes say of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/rng.h"
#include "engine/worker.h"
#include "support/models.h"
#include "support/threads.h"

namespace relatum::testing {

using Rows = std::vector<std::vector<int32_t>>;

inline engine::SessionOptions plain_options(DType compute = DType::kF32) {
  return {.compute = std::string(name_of(compute)), .base = "f32"};
}

/// Random tokens of the tiny vocabulary, none of them special.
inline std::vector<int32_t> random_tokens(int64_t count, uint64_t stream) {
  const Rng rng(11, stream);
  std::vector<int32_t> tokens;
  for (int64_t i = 0; i < count; ++i) tokens.push_back(3 + int32_t(rng.below(uint64_t(i), 125)));
  return tokens;
}

inline std::vector<int32_t> joined(std::vector<int32_t> a, const std::vector<int32_t>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Logits behind the last token of a row, and how far another way of computing them may be off.
struct LastLogits {
  std::vector<double> values;
  double slack = 0;

  double log_probability(int32_t token) const {
    const double top = *std::max_element(values.begin(), values.end());
    double sum = 0;
    for (const double value : values) sum += std::exp(value - top);
    return values[size_t(token)] - top - std::log(sum);
  }
};

inline LastLogits last_logits(const engine::Session& session, const std::vector<int32_t>& tokens) {
  const Matrix<float> all = run(session.model(), single(tokens), session.compute());
  LastLogits result;
  const float* row = all.row(all.rows() - 1);
  result.values.assign(row, row + all.cols());
  double squares = 0;
  for (const double value : result.values) squares += value * value;
  // The bound is on the norm of a row's error, so on each of its logits. Both sides have one.
  result.slack = 2 * std::sqrt(squares) * parity_bound(session.model(), session.compute());
  return result;
}

/// Sets of prompts that differ in what their beginnings share.
struct PromptSet {
  std::string name;
  Rows rows;
};

inline std::vector<PromptSet> prompt_sets() {
  const auto trunk = random_tokens(20, 100), left = random_tokens(24, 101),
             right = random_tokens(18, 102);
  const auto tail = [](int64_t count, uint64_t stream) { return random_tokens(count, stream); };
  const Rows apart{tail(7, 1), tail(3, 2), tail(12, 3), tail(5, 4)};
  const Rows one_trunk{joined(trunk, tail(4, 5)), joined(trunk, tail(9, 6)),
                       joined(trunk, tail(1, 7))};
  const Rows two_trunks{joined(left, tail(4, 8)), joined(right, tail(2, 9)),
                        joined(left, tail(3, 10)), joined(right, tail(6, 11)), tail(6, 12)};
  const Rows deep{joined(joined(trunk, left), tail(2, 13)), joined(trunk, tail(3, 14)),
                  joined(joined(trunk, left), tail(5, 15)), joined(trunk, right)};
  const Rows nested{trunk, joined(trunk, left), joined(trunk, {5})};
  return {{"apart", apart},           {"one_trunk", one_trunk},
          {"two_trunks", two_trunks}, {"deep", deep},
          {"nested", nested},         {"equal", {left, left, left}},
          {"single", {trunk}},        {"one_token", {{5}, {9}, {5}}}};
}

}  // namespace relatum::testing
