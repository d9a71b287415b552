// DoRA's magnitudes: the norms of adapted weights, and the scales that outputs get from them.
#pragma once

#include <memory>
#include <vector>

#include "base/arena.h"
#include "nn/graph.h"
#include "nn/linear.h"
#include "nn/lora.h"

namespace relatum::train {

/// The trained numbers of one pair, f32; `b` is R x N.
struct MagnitudePart {
  const float* b = nullptr;
  float* magnitude = nullptr;  ///< N
};

/// Keeps the scales of an adapter's linears, magnitude / ||W + s B A|| for each output, up to date.
/// The norm comes from ||W||^2 + 2 s <W A^T, B> + s^2 B^T (A A^T) B: its first term is computed
/// once, the second is a product of R rows with the weight as passes read it, so no weight is
/// decoded again for it where decoded ones are kept.
class Magnitudes {
 public:
  explicit Magnitudes(DType compute) : compute_(compute) {}

  /// Another linear, and its group's parts in their order; all outlive it. Decodes the weight.
  void add(const nn::Linear& linear, nn::LoraGroup& group, std::vector<MagnitudePart> parts);
  /// Keeps the memory that update() works in, for one after each step.
  void keep_memory() { arena_ = std::make_unique<Arena>(); }
  /// Sets all magnitudes to the norms, so that the scales are one. Throws Error that names an
  /// output whose weights are all zero: it has no direction.
  void initialise();
  /// Called once pairs or magnitudes changed.
  void update();

 private:
  struct Adapted {
    const nn::Linear* linear;
    const nn::LoraGroup* group;
    std::vector<MagnitudePart> parts;
    std::vector<double> squares;  // ||W||^2 of each of the linear's outputs
    std::vector<float> scale, inverse;
  };
  template <class Use>
  void each_norm(const Use& use);
  template <class Use>
  void part_norms(nn::Graph& graph, Adapted& adapted, size_t p, Mat along, const Use& use);

  DType compute_;
  std::vector<std::unique_ptr<Adapted>> all_;
  std::unique_ptr<Arena> arena_;
};

}  // namespace relatum::train
