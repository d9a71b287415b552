// Norms of rows, from products that are as thin as the pairs.
#include "train/magnitudes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/parallel_for.h"
#include "kernels/gemm.h"
#include "nn/graph.h"
#include "quant/format.h"
#include "tensor/buffer.h"

namespace relatum::train {
namespace {

constexpr int64_t kColumns = 64;  // outputs that are summed at a time

void add_squares(const Weight& weight, double* squares) {
  constexpr int64_t kRows = 256;  // decoded at a time
  Matrix<float> values(std::min(kRows, weight.rows), weight.cols);
  for (int64_t begin = 0; begin < weight.rows; begin += kRows) {
    const int64_t rows = std::min(kRows, weight.rows - begin);
    quant::decode_rows(weight, begin, values.view().rows_from(0, rows));
    parallel_for(rows, 8, [&](int64_t first, int64_t last) {
      for (int64_t r = first; r < last; ++r) {
        const float* row = values.row(r);
        double sum = 0;
        for (int64_t k = 0; k < weight.cols; ++k) sum += double(row[k]) * double(row[k]);
        squares[begin + r] = sum;
      }
    });
  }
}

// Of one part, R x N each: B, W A^T and (A A^T) B.
struct PairProducts {
  double scale;
  MatView<const float> b, along, across;
};

// Adds 2 s <W A^T, B> + s^2 B^T (A A^T) B to the squares of outputs [begin, end) of a part.
void add_pair(const PairProducts& pair, int64_t begin, int64_t end, double* squares) {
  for (int64_t r = 0; r < pair.b.rows; ++r) {
    const float* b = pair.b.row(r);
    for (int64_t j = begin; j < end; ++j) {
      const double across = pair.scale * double(pair.across.row(r)[j]);
      squares[j - begin] += pair.scale * double(b[j]) * (2 * double(pair.along.row(r)[j]) + across);
    }
  }
}

}  // namespace

void Magnitudes::add(const nn::Linear& linear, nn::LoraGroup& group,
                     std::vector<MagnitudePart> parts) {
  auto adapted = std::make_unique<Adapted>();
  adapted->linear = &linear;
  adapted->group = &group;
  adapted->parts = std::move(parts);
  adapted->squares.resize(size_t(linear.out()));
  for (const nn::Linear::Part& part : linear.parts()) {
    add_squares(part.weight, adapted->squares.data() + part.begin);
  }
  // Outputs without a pair are left as they are.
  adapted->scale.assign(size_t(linear.out()), 1.0f);
  adapted->inverse.assign(size_t(linear.out()), 0.0f);
  group.column_scale = adapted->scale;
  group.inverse_norm = adapted->inverse;
  all_.push_back(std::move(adapted));
}

// use(adapted, part, output, norm) for each output with a pair.
template <class Use>
void Magnitudes::each_norm(const Use& use) {
  Arena brief;
  Arena& arena = arena_ ? *arena_ : brief;
  arena.reset();
  nn::Graph graph(arena, compute_, false);
  for (const auto& adapted : all_) {
    const Arena::Mark mark = arena.mark();
    const nn::LoraGroup& group = *adapted->group;
    const Mat along = graph.allocate(DType::kF32, group.a.rows, adapted->linear->out());
    adapted->linear->multiply_bare(graph, group.a, along);
    for (size_t p = 0; p < group.parts.size(); ++p) {
      part_norms(graph, *adapted, p, along, use);
    }
    arena.release(mark);
  }
}

template <class Use>
void Magnitudes::part_norms(nn::Graph& graph, Adapted& adapted, size_t p, Mat along,
                            const Use& use) {
  const nn::LoraPart& part = adapted.group->parts[p];
  const MatView<const float> b(adapted.parts[p].b, part.rank, part.out_count);
  const ConstMat a = adapted.group->a.rows_from(part.rank_begin, part.rank);
  const Mat gram = graph.allocate(DType::kF32, part.rank, part.rank);
  const Mat across = graph.allocate(DType::kF32, part.rank, part.out_count);
  kernels::gemm({.a = a, .b = a, .c = gram, .transpose_b = true});
  kernels::gemm({.a = gram, .b = b, .c = across});
  const Mat own = along.rows_from(part.rank_begin, part.rank);
  const PairProducts pair{double(part.scale), b,
                          own.cols_from(part.out_begin, part.out_count).as<float>(),
                          across.as<float>()};
  const int64_t blocks = (part.out_count + kColumns - 1) / kColumns;
  parallel_for(blocks, 1, [&](int64_t first, int64_t last) {
    for (int64_t begin = first * kColumns; begin < last * kColumns; begin += kColumns) {
      const int64_t end = std::min(begin + kColumns, part.out_count);
      double squares[kColumns];
      std::copy(adapted.squares.begin() + part.out_begin + begin,
                adapted.squares.begin() + part.out_begin + end, squares);
      add_pair(pair, begin, end, squares);
      for (int64_t j = begin; j < end; ++j) {
        use(adapted, p, j, float(std::sqrt(squares[j - begin])));
      }
    }
  });
}

void Magnitudes::initialise() {
  each_norm([](Adapted& adapted, size_t p, int64_t j, float norm) {
    const auto at = size_t(adapted.group->parts[p].out_begin + j);
    adapted.parts[p].magnitude[j] = norm;
    adapted.scale[at] = 1.0f;
    adapted.inverse[at] = 1.0f / norm;
  });
  for (const auto& adapted : all_) {
    for (size_t p = 0; p < adapted->parts.size(); ++p) {
      const nn::LoraPart& part = adapted->group->parts[p];
      const float* norms = adapted->parts[p].magnitude;
      const float* zero = std::find(norms, norms + part.out_count, 0.0f);
      if (zero == norms + part.out_count) continue;
      const auto named = std::find_if(
          adapted->linear->parts().begin(), adapted->linear->parts().end(),
          [&](const nn::Linear::Part& each) { return each.begin == part.out_begin; });
      fail("train.dora", fmt::format("'{}': all weights of output {} are zero, so it has no "
                                     "direction that DoRA could keep. Leave the linear out of the "
                                     "targets, or train without DoRA.",
                                     named->name, zero - norms));
    }
  }
}

void Magnitudes::update() {
  each_norm([](Adapted& adapted, size_t p, int64_t j, float norm) {
    const auto at = size_t(adapted.group->parts[p].out_begin + j);
    adapted.scale[at] = adapted.parts[p].magnitude[j] / norm;
    adapted.inverse[at] = 1.0f / norm;
  });
}

}  // namespace relatum::train
