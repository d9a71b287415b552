// Branch and cut over one part of a packing.
#include "graph/packing_part.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "graph/packing_program.h"

namespace relatum::graph {
namespace {

constexpr double kWhole = 1e-6;            // nearer to 0 or 1 counts as there
constexpr int kMostRounds = 200;           // of cycles that are cut off at one node
constexpr int64_t kMostCells = 4'000'000;  // of a table: 32 MB
enum class Fixed : char { kFree, kTaken, kLeft };

class Search {
 public:
  Search(const Packing& packing, int64_t& work) : packing_(packing), work_(work) {
    const size_t items = packing.weights.size();
    order_.resize(items);
    std::iota(order_.begin(), order_.end(), size_t{0});
    std::stable_sort(order_.begin(), order_.end(),
                     [&](size_t a, size_t b) { return packing_.weights[a] > packing_.weights[b]; });
    for (const PackingGroup& group : packing.groups) rows_.push_back(group);
    add_short_cycles();
  }

  PackingResult run() {
    keep(order_);
    best_.bound = std::accumulate(packing_.weights.begin(), packing_.weights.end(), 0.0);
    std::vector<Fixed> fixed(packing_.weights.size(), Fixed::kFree);
    branch(fixed, true);
    if (best_.proven) best_.bound = best_.value;
    best_.bound = std::max(best_.bound, best_.value);
    return best_;
  }

 private:
  struct Relaxed {
    std::vector<double> taken;  // by item
    double value = 0;
  };

  // a → b and b → a, which most cycles are.
  void add_short_cycles() {
    for (const std::vector<Arrow>& arrows : packing_.acyclic) {
      for (size_t i = 0; i < arrows.size(); ++i) {
        for (size_t j = i + 1; j < arrows.size(); ++j) {
          if (arrows[i].from != arrows[j].to || arrows[i].to != arrows[j].from) continue;
          rows_.push_back({{arrows[i].item, arrows[j].item}, 1});
        }
      }
    }
  }

  // Keeps the set that grows in this order if it is the best so far.
  void keep(const std::vector<size_t>& order) {
    GrowingSet set(packing_);
    set.take_all(order);
    work_ -= int64_t(order.size());
    if (!best_.taken.empty() && !better(set.value())) return;
    best_.value = set.value();
    best_.taken = set.taken();
  }

  bool better(double value) const {
    return value > best_.value + 1e-9 * (1 + std::abs(best_.value));
  }

  // Items that no group has room for any more are left; false where groups hold too many already.
  bool settle(std::vector<Fixed>& fixed) const {
    for (bool changed = true; changed;) {
      changed = false;
      for (const PackingGroup& row : rows_) {
        int64_t left = row.capacity;
        for (const size_t member : row.members) left -= fixed[member] == Fixed::kTaken;
        if (left < 0) return false;
        for (const size_t member : row.members) {
          if (left > 0 || fixed[member] != Fixed::kFree) continue;
          fixed[member] = Fixed::kLeft;
          changed = true;
        }
      }
    }
    return true;
  }

  // The linear relaxation where some items are fixed; nothing where work or memory run out.
  std::optional<Relaxed> relax(const std::vector<Fixed>& fixed) {
    Relaxed result{std::vector<double>(fixed.size(), 0.0), 0};
    std::vector<size_t> columns, column_of(fixed.size());
    std::vector<double> weights;
    for (size_t i = 0; i < fixed.size(); ++i) {
      if (fixed[i] == Fixed::kLeft) continue;
      if (fixed[i] == Fixed::kTaken) {
        result.taken[i] = 1;
        result.value += packing_.weights[i];
        continue;
      }
      column_of[i] = columns.size();
      columns.push_back(i);
      weights.push_back(packing_.weights[i]);
    }
    std::vector<PackingProgram::Row> rows;
    for (const PackingGroup& row : rows_) {
      PackingProgram::Row reduced{{}, double(row.capacity)};
      for (const size_t member : row.members) {
        if (fixed[member] == Fixed::kFree) reduced.first.push_back(column_of[member]);
        reduced.second -= fixed[member] == Fixed::kTaken;
      }
      if (double(reduced.first.size()) > reduced.second) rows.push_back(std::move(reduced));
    }
    if (int64_t(rows.size()) * int64_t(columns.size()) > kMostCells) return std::nullopt;
    work_ -= int64_t(rows.size() * columns.size()) / 8;  // filling the table
    PackingProgram program(weights, rows);
    if (!program.solve(work_)) return std::nullopt;
    result.value += program.value();
    const std::vector<double> taken = program.taken();
    for (size_t j = 0; j < columns.size(); ++j) result.taken[columns[j]] = taken[j];
    return result;
  }

  // Adds the cycles that the solution breaks; whether there was one.
  bool cut(const std::vector<double>& taken) {
    const size_t before = rows_.size();
    for (const std::vector<Arrow>& arrows : packing_.acyclic) {
      work_ -= int64_t(arrows.size() * (node_count(arrows) + 1));
      for (std::vector<size_t>& cycle : broken_cycles(arrows, taken)) {
        const auto most = int64_t(cycle.size()) - 1;
        rows_.push_back({std::move(cycle), most});
      }
    }
    return rows_.size() > before;
  }

  // Sets that follow a solution: what it takes most of goes first.
  void keep_rounded(const std::vector<double>& taken) {
    const auto share = [&](size_t item) { return std::llround(taken[item] / kWhole); };
    std::vector<size_t> order = order_;
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return share(a) > share(b); });
    keep(order);
  }

  std::optional<size_t> least_whole(const std::vector<double>& taken) const {
    std::optional<size_t> found;
    double nearest = kWhole;
    for (const size_t item : order_) {
      const double distance = std::min(taken[item], 1 - taken[item]);
      if (distance <= nearest) continue;
      nearest = distance;
      found = item;
    }
    return found;
  }

  void branch(std::vector<Fixed> fixed, bool root = false) {
    ++best_.nodes;
    std::optional<Relaxed> relaxed;
    for (int round = 0; round < kMostRounds; ++round) {
      if (!settle(fixed)) return;
      relaxed = relax(fixed);
      if (!relaxed) {
        best_.proven = false;
        return;
      }
      if (root) best_.bound = std::min(best_.bound, relaxed->value);
      if (!better(relaxed->value)) return;
      if (!cut(relaxed->taken)) break;
    }
    keep_rounded(relaxed->taken);
    if (!better(relaxed->value)) return;
    const std::optional<size_t> item = least_whole(relaxed->taken);
    if (!item) {
      // Whole, and no cycle is broken: rounding has given this very set, or rounds ran out.
      best_.proven = best_.proven && !cut(relaxed->taken);
      return;
    }
    for (const Fixed each : {Fixed::kTaken, Fixed::kLeft}) {
      if (!best_.proven) return;
      fixed[*item] = each;
      branch(fixed);
    }
  }

  const Packing& packing_;
  int64_t& work_;
  std::vector<size_t> order_;       // heavy items first
  std::vector<PackingGroup> rows_;  // groups, and cycles as groups
  PackingResult best_;
};

}  // namespace

PackingResult solve_part(const Packing& packing, int64_t& work) {
  return Search(packing, work).run();
}

}  // namespace relatum::graph
