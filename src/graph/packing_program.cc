// Pivots of a condensed table, with variables that may stand at their upper limit.
#include "graph/packing_program.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace relatum::graph {
namespace {

// Coefficients are 0 and 1 at first and weights below 30, so rounding stays far below this.
constexpr double kTiny = 1e-9;
constexpr int kPatience = 60;  // pivots without gain before the rule that cannot go round
constexpr size_t kNone = std::numeric_limits<size_t>::max();

}  // namespace

PackingProgram::PackingProgram(const std::vector<double>& weights, const std::vector<Row>& rows)
    : columns_(weights.size()), rows_(rows.size()), table_(columns_ * rows_), level_(rows_),
      gain_(weights), of_row_(rows_), of_column_(columns_), flipped_(columns_ + rows_) {
  for (size_t j = 0; j < columns_; ++j) of_column_[j] = j;
  for (size_t i = 0; i < rows_; ++i) {
    of_row_[i] = columns_ + i;
    level_[i] = rows[i].second;
    for (const size_t member : rows[i].first) at(i, member) = 1;
  }
}

size_t PackingProgram::entering(bool bland) const {
  size_t best = kNone;
  for (size_t j = 0; j < columns_; ++j) {
    if (gain_[j] <= kTiny) continue;
    const bool better = best == kNone ||
                        (bland ? of_column_[j] < of_column_[best] : gain_[j] > gain_[best]);
    if (better) best = j;
  }
  return best;
}

void PackingProgram::flip_column(size_t column) {
  for (size_t i = 0; i < rows_; ++i) {
    level_[i] -= at(i, column);
    at(i, column) = -at(i, column);
  }
  value_ += gain_[column];
  gain_[column] = -gain_[column];
  flipped_[of_column_[column]] = !flipped_[of_column_[column]];
}

void PackingProgram::turn_row(size_t row) {
  level_[row] = 1 - level_[row];
  for (size_t j = 0; j < columns_; ++j) at(row, j) = -at(row, j);
  flipped_[of_row_[row]] = !flipped_[of_row_[row]];
}

void PackingProgram::pivot(size_t row, size_t column, int64_t& work) {
  const double inverse = 1 / at(row, column);
  std::vector<size_t> filled;
  for (size_t j = 0; j < columns_; ++j) {
    if (j == column || at(row, j) == 0) continue;
    at(row, j) *= inverse;
    filled.push_back(j);
  }
  at(row, column) = inverse;
  level_[row] *= inverse;
  for (size_t i = 0; i < rows_; ++i) {
    const double factor = at(i, column);
    if (i == row || factor == 0) continue;
    for (const size_t j : filled) at(i, j) -= factor * at(row, j);
    at(i, column) = -factor * inverse;
    level_[i] = std::max(0.0, level_[i] - factor * level_[row]);
    work -= int64_t(filled.size());
  }
  const double factor = gain_[column];
  for (const size_t j : filled) gain_[j] -= factor * at(row, j);
  gain_[column] = -factor * inverse;
  value_ += factor * level_[row];
  std::swap(of_row_[row], of_column_[column]);
  work -= int64_t(rows_ + columns_);
}

bool PackingProgram::solve(int64_t& work) {
  int idle = 0;
  for (size_t column; (column = entering(idle > kPatience)) != kNone;) {
    if (work <= 0) return false;
    double step = has_limit(of_column_[column]) ? 1 : std::numeric_limits<double>::infinity();
    size_t row = kNone;
    bool at_limit = false;
    for (size_t i = 0; i < rows_; ++i) {
      const double slope = at(i, column);
      const bool falls = slope > kTiny;
      if (!falls && !(slope < -kTiny && has_limit(of_row_[i]))) continue;
      const double room = falls ? level_[i] / slope : std::max(0.0, 1 - level_[i]) / -slope;
      // Of equal steps the lowest variable leaves, as Bland's rule asks.
      const bool earlier = row != kNone && room == step && of_row_[i] < of_row_[row];
      if (room < step || earlier) {
        step = room;
        row = i;
        at_limit = !falls;
      }
    }
    work -= int64_t(rows_ + columns_);
    idle = step > kTiny ? 0 : idle + 1;
    if (row == kNone) {
      RELATUM_CHECK(has_limit(of_column_[column]));  // else the program had no bound
      flip_column(column);
      continue;
    }
    if (at_limit) turn_row(row);
    pivot(row, column, work);
  }
  return true;
}

std::vector<double> PackingProgram::taken() const {
  std::vector<double> result(columns_, 0.0);
  for (size_t i = 0; i < rows_; ++i) {
    if (of_row_[i] < columns_) result[of_row_[i]] = std::clamp(level_[i], 0.0, 1.0);
  }
  for (size_t j = 0; j < columns_; ++j) {
    if (flipped_[j]) result[j] = 1 - result[j];
  }
  return result;
}

}  // namespace relatum::graph
