// Logits that transformers gave for prompts to a published model, and how far ours are from them.
#pragma once

#include <string>
#include <vector>

#include "support/models.h"

namespace relatum::testing {

/// Logits at some places of a row and ids of the vocabulary.
struct LogitSample {
  std::vector<int32_t> places, ids;
  Matrix<float> logits;
};

/// Relative distance of a row's logits, V wide, at those places and ids.
inline double distance_at(const Matrix<float>& logits, const LogitSample& sample) {
  Matrix<float> got(int64_t(sample.places.size()), int64_t(sample.ids.size()));
  for (int64_t r = 0; r < got.rows(); ++r) {
    for (int64_t c = 0; c < got.cols(); ++c) {
      got.row(r)[c] = logits.row(sample.places[size_t(r)])[sample.ids[size_t(c)]];
    }
  }
  return distance(got, sample.logits);
}

/// A fixture of tools/fixtures/parity_real.py.
class PublishedLogits {
 public:
  static constexpr int kPrompts = 3;
  /// What is accepted of f32, and in bf16 as a multiple of transformers' own distance.
  static constexpr double kInF32 = 1e-4, kInBf16 = 1.5;

  explicit PublishedLogits(const std::filesystem::path& path)
      : file_(io::Safetensors::open(path)) {}

  const io::Safetensors& file() const { return file_; }
  std::vector<int32_t> tokens(int index) const { return read_ints(file_, of(index, "input_ids")); }
  /// Many ids at few places.
  LogitSample narrow(int index) const {
    return {read_ints(file_, of(index, "positions")), read_ints(file_, of(index, "vocabulary_ids")),
            read_matrix(file_, of(index, "logits"))};
  }
  /// Few ids at all places.
  LogitSample wide(int index) const {
    LogitSample sample{{},
                       read_ints(file_, of(index, "wide_vocabulary_ids")),
                       read_matrix(file_, of(index, "wide_logits"))};
    for (int32_t i = 0; i < int32_t(sample.logits.rows()); ++i) sample.places.push_back(i);
    return sample;
  }
  /// transformers' bf16 from its f32, at the wide sample.
  double theirs_in_bf16(int index) const {
    return double(read_scalar(file_, of(index, "bf16_relative_wide")));
  }

 private:
  static std::string of(int index, const std::string& name) {
    return "prompt" + std::to_string(index) + "." + name;
  }
  io::Safetensors file_;
};

}  // namespace relatum::testing
