// Makes the graph of a store's results: entities, then each document's edges, then all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/context.h"
#include "graph/store.h"

namespace relatum::graph {

/// Fills the tables entity, relation and evidence, which are empty, within an open transaction.
class GraphBuilder {
 public:
  GraphBuilder(Database& database, const GraphRules& rules, const Context& context)
      : database_(database), rules_(rules), context_(context) {}
  GraphSummary run();

 private:
  struct Names {
    std::vector<Name> names;
    std::vector<int64_t> numbers;  // of their rows
  };
  Names read_names();
  void count_texts(Names& found);
  void merge();
  void choose();
  void choose_one(int64_t document);
  void join();
  void keep_rules();

  Database& database_;
  const GraphRules& rules_;
  const Context& context_;
  GraphSummary summary_;
  std::vector<int64_t> entity_of_;  // by number of a name; 0: none
  std::vector<std::string> types_;  // by number of an entity
};

}  // namespace relatum::graph
