// Scalar twin of attention: one head, any pattern of which query sees which key.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/ref/softmax.h"

namespace relatum::kernels::ref {

/// Rows of one head; query i sees key j where sees[i][j] is set (at least one for each i).
template <class S>
struct Head {
  std::vector<std::vector<S>> q, k, v;
  std::vector<std::vector<bool>> sees;
  double scale = 1.0;
  std::vector<std::vector<S>> bias;  ///< added to the scaled scores; empty: nothing
};

template <class S>
struct HeadResult {
  std::vector<std::vector<S>> out;
  std::vector<S> lse;  ///< log-sum-exp of each query's scores
};

template <class S>
struct HeadGradient {
  std::vector<std::vector<S>> q, k, v;
};

/// Scores of the keys that query i sees, and their places.
template <class S>
std::vector<S> scores(const Head<S>& h, size_t i, std::vector<size_t>& places) {
  std::vector<S> result;
  for (size_t j = 0; j < h.k.size(); ++j) {
    if (!h.sees[i][j]) continue;
    result.push_back(dot(h.q[i], h.k[j]) * S(h.scale));
    if (!h.bias.empty()) result.back() = result.back() + h.bias[i][j];
    places.push_back(j);
  }
  return result;
}

/// out = softmax(scale * q·k^T + bias) · v.
template <class S>
HeadResult<S> attention(const Head<S>& h) {
  HeadResult<S> result;
  for (size_t i = 0; i < h.q.size(); ++i) {
    std::vector<size_t> places;
    const std::vector<S> s = scores(h, i, places), p = softmax(s);
    std::vector<Sum<S>> sums(h.q[i].size());
    for (size_t j = 0; j < places.size(); ++j) {
      for (size_t d = 0; d < sums.size(); ++d) sums[d].add(p[j] * h.v[places[j]][d]);
    }
    result.out.emplace_back();
    for (const Sum<S>& sum : sums) result.out.back().push_back(sum.total());
    result.lse.push_back(log_sum_exp(s));
  }
  return result;
}

/// dv_j = sum_i p_ij dout_i; dscore_ij = p_ij (dout_i·v_j - dout_i·out_i); p_ij comes from the
/// saved lse. `stored` says what p_ij and dscore_ij are when the products read them.
template <class S, class Stored = std::identity>
HeadGradient<S> attention_backward(const Head<S>& h, const HeadResult<S>& saved,
                                   const std::vector<std::vector<S>>& dout,
                                   const Stored& stored = {}) {
  using std::exp;
  const size_t width = h.q.empty() ? 0 : h.q[0].size();
  const std::vector<Sum<S>> zeros(width);
  std::vector<std::vector<Sum<S>>> dq(h.q.size(), zeros), dk(h.k.size(), zeros),
      dv(h.k.size(), zeros);
  for (size_t i = 0; i < h.q.size(); ++i) {
    std::vector<size_t> places;
    const std::vector<S> s = scores(h, i, places);
    const S delta = dot(dout[i], saved.out[i]);
    for (size_t j = 0; j < places.size(); ++j) {
      const size_t key = places[j];
      const S weight = exp(s[j] - saved.lse[i]);
      const S ds = stored(weight * (dot(dout[i], h.v[key]) - delta) * S(h.scale));
      const S p = stored(weight);
      for (size_t d = 0; d < width; ++d) {
        dv[key][d].add(p * dout[i][d]);
        dk[key][d].add(ds * h.q[i][d]);
        dq[i][d].add(ds * h.k[key][d]);
      }
    }
  }
  const auto totals = [](const std::vector<std::vector<Sum<S>>>& sums) {
    std::vector<std::vector<S>> result;
    for (const auto& row : sums) {
      result.emplace_back();
      for (const Sum<S>& sum : row) result.back().push_back(sum.total());
    }
    return result;
  };
  return {totals(dq), totals(dk), totals(dv)};
}

}  // namespace relatum::kernels::ref
