// Groups of entities that name one thing, from statements that may share members.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace relatum::task {

class Clusters {
 public:
  explicit Clusters(size_t entities);
  /// Makes one cluster of these entities and of all that earlier statements put together with any
  /// of them. Where several have names, the one that was given first stays.
  void unite(const std::vector<size_t>& members, const std::string& name);
  /// The name of an entity's cluster; "" where it is in none.
  const std::string& name_of(size_t entity);

 private:
  size_t root(size_t entity);
  std::vector<size_t> parent_, name_;
  std::vector<std::string> names_;  // name 0 is that of entities in no cluster
};

}  // namespace relatum::task
