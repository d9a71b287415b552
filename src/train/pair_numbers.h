// The numbers of a classifier of pairs: where they lie, how they begin, and their file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "base/rng.h"
#include "nn/pair_features.h"

namespace relatum::train {

struct PairForm {
  int64_t labels = 0;            ///< L; 0: there is no such classifier
  int64_t types = 0;             ///< of entities, with that of none that is known, which is 0
  int64_t width = 0;             ///< D of the network
  int64_t hidden = 256;          ///< H
  std::vector<double> shares{};  ///< of the labels among the training pairs, as SpanForm has them
  /// Numbers that it is of what is trained: 5H x D, R x H, L x H and L.
  int64_t size() const {
    if (labels == 0) return 0;
    return 5 * hidden * width + nn::PairHead::table_rows(types) * hidden + labels * (hidden + 1);
  }
};

/// Gives the numbers their first values, as SpanTraining's classifier has them; the rows of no
/// known type are zeros.
void begin_pair_numbers(std::span<float> numbers, const PairForm& form, const Rng& rng);
/// The head that has these numbers, for passes of that compute type; refresh_pair_head() brings it
/// up to date with them.
nn::PairHead pair_head_of(std::span<float> numbers, const PairForm& form, DType compute);
void refresh_pair_head(nn::PairHead& head);

/// Of one pass.
struct PairSizes {
  int64_t words = 0, pairs = 0;
  bool training = false;  ///< backward, too
};
/// Bytes of the arena that nn/pair_features.h takes beside the pass that gives the words' states,
/// and in training their gradients.
int64_t pair_arena(const nn::PairHead& head, DType compute, const PairSizes& sizes);

/// Where a run keeps them, in f32: project.weight 5H x D, table.weight R x H, output.weight L x H
/// and output.bias L.
std::filesystem::path pair_file(const std::filesystem::path& run);
void save_pair_numbers(const std::filesystem::path& run, std::span<float> numbers,
                       const PairForm& form);

/// The head of a run, ready for passes.
struct LoadedPairHead {
  nn::PairHead head;
  std::vector<float> table;  ///< that of the head
};
/// Throws Error naming the file where it holds no head of these sizes.
LoadedPairHead load_pair_head(const std::filesystem::path& run, const PairForm& form,
                              DType compute);

}  // namespace relatum::train
