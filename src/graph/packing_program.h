// The linear program of a packing: maximise w·x with groups' sums up to capacities, 0 ≤ x ≤ 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace relatum::graph {

/// A dense simplex of bounded variables (Dantzig's rule, Bland's after a stretch without gain, so
/// that it ends). It begins with nothing taken, which every packing allows. A product of thousands
/// of rows and columns is not for it: the caller bounds that.
class PackingProgram {
 public:
  /// N items with weights; each of M rows is (members, capacity of 0 or more).
  using Row = std::pair<std::vector<size_t>, double>;
  PackingProgram(const std::vector<double>& weights, const std::vector<Row>& rows);

  /// False where `work` ran out, from which what is done is taken.
  bool solve(int64_t& work);
  double value() const { return value_; }
  /// How much of each item is taken, 0 to 1.
  std::vector<double> taken() const;

 private:
  double& at(size_t row, size_t column) { return table_[row * columns_ + column]; }
  double at(size_t row, size_t column) const { return table_[row * columns_ + column]; }
  bool has_limit(size_t variable) const { return variable < columns_; }
  size_t entering(bool bland) const;
  void flip_column(size_t column);
  void turn_row(size_t row);
  void pivot(size_t row, size_t column, int64_t& work);

  size_t columns_, rows_;
  // Row i says: its variable = level_[i] − Σ_j table_[i, j] · (variable of column j).
  std::vector<double> table_, level_, gain_;
  std::vector<size_t> of_row_, of_column_;  // variables: items, then the rows' slacks
  std::vector<bool> flipped_;               // the variable stands for 1 − x
  double value_ = 0;
};

}  // namespace relatum::graph
