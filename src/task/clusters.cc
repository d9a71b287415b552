// Disjoint sets whose paths are halved as they are walked.
#include "task/clusters.h"

#include <algorithm>
#include <numeric>

namespace relatum::task {

Clusters::Clusters(size_t entities) : parent_(entities), name_(entities, 0), names_(1) {
  std::iota(parent_.begin(), parent_.end(), size_t{0});
}

size_t Clusters::root(size_t entity) {
  while (parent_[entity] != entity) entity = parent_[entity] = parent_[parent_[entity]];
  return entity;
}

void Clusters::unite(const std::vector<size_t>& members, const std::string& name) {
  if (members.empty()) return;
  size_t chosen = names_.size();
  names_.push_back(name);
  const size_t first = root(members[0]);
  for (const size_t member : members) {
    const size_t other = root(member);
    if (name_[other] != 0) chosen = std::min(chosen, name_[other]);
    parent_[other] = first;
  }
  name_[first] = chosen;
}

const std::string& Clusters::name_of(size_t entity) { return names_[name_[root(entity)]]; }

}  // namespace relatum::task
