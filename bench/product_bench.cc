// Times products of one weight by each way that serves here, in turns, and checks them against
// sums in double: product_bench THREADS
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/parallel_for.h"
#include "base/rng.h"
#include "base/stopwatch.h"
#include "kernels/cpu.h"
#include "kernels/gemm.h"
#include "kernels/integers.h"
#include "tensor/buffer.h"

namespace relatum {
namespace {

constexpr int kRounds = 15;

void fill(Matrix<float>& values, uint64_t stream) {
  const Rng rng(1, stream);
  for (int64_t i = 0; i < values.rows() * values.cols(); ++i) {
    values.row(0)[i] = 2 * rng.uniform(uint64_t(i)) - 1;
  }
}

// The largest distance from sums in double on the diagonal, in share of the largest such sum.
double distance(const Matrix<float>& x, const Matrix<float>& w, const Matrix<float>& y) {
  double worst = 0, most = 0;
  for (int64_t i = 0; i < std::min(y.rows(), y.cols()); ++i) {
    double sum = 0;
    for (int64_t k = 0; k < x.cols(); ++k) sum += double(x.row(i)[k]) * double(w.row(i)[k]);
    worst = std::max(worst, std::abs(sum - double(y.row(i)[i])));
    most = std::max(most, std::abs(sum));
  }
  return worst / most;
}

// y (M x N) = x (M x K) W^T.
nlohmann::json line(int64_t m, int64_t n, int64_t k) {
  Matrix<float> x(m, k), w(n, k), turned(n, k), y(m, n);
  fill(x, 1);
  fill(w, 2);
  std::copy_n(w.row(0), n * k, turned.row(0));
  const kernels::PackedMatrix packed(ConstMat(w.view()), true);
  const kernels::IntegerWeights integers(turned.view());
  Arena arena;
  const std::map<std::string, std::function<void()>> ways = {
      {"f32_packed", [&] { kernels::gemm({.a = x.view(), .c = y.view(), .packed = &packed}); }},
      {"f32_plain",
       [&] { kernels::gemm({.a = x.view(), .b = w.view(), .c = y.view(), .transpose_b = true}); }},
      {"int8", [&] { integers.multiply(x.view(), y.view(), {}, {}, arena); }}};
  nlohmann::json result{{"rows", m}, {"outputs", n}, {"inputs", k}};
  for (const auto& [name, way] : ways) {
    way();
    const double off = distance(x, w, y);
    // Integers: half a step of 1 / 127 of a weight, spread over K products of either sign.
    if (off > (name == "int8" ? 0.02 : 1e-5)) fail("bench", name + " gives a wrong product.");
    result[name + "_distance"] = off;
  }
  std::map<std::string, double> best;
  for (int round = 0; round < kRounds; ++round) {
    for (const auto& [name, way] : ways) {
      const Stopwatch watch;
      way();
      const double rate = 2e-9 * double(m * n * k) / watch.seconds();
      best[name] = std::max(best[name], rate);
    }
  }
  for (const auto& [name, rate] : best) result[name + "_gops"] = std::round(rate * 10) / 10;
  return result;
}

void run(int threads) {
  set_thread_count(threads);
  nlohmann::json lines = nlohmann::json::array();
  const int64_t shapes[][3] = {{2048, 1536, 576}, {2048, 3072, 576}, {2048, 576, 1536},
                               {512, 960, 576},   {512, 2048, 2048}, {64, 3072, 576}};
  for (const auto& [m, n, k] : shapes) lines.push_back(line(m, n, k));
  fmt::print("{}\n", nlohmann::json{{"cpu", kernels::cpu_summary()},
                                    {"int8", kernels::int8_summary()},
                                    {"threads", threads},
                                    {"products", lines}}
                         .dump(2));
}

}  // namespace
}  // namespace relatum

int main(int count, char** words) {
  if (count != 2) {
    fmt::print(stderr, "product_bench THREADS\n");
    return 2;
  }
  try {
    relatum::run(std::max(1, std::atoi(words[1])));
  } catch (const std::exception& error) {
    fmt::print(stderr, "product_bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
