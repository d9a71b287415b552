// An SQLite file that keeps what documents gave, and the graph that all of them make together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "graph/choose_edges.h"
#include "graph/graph_parts.h"
#include "graph/merge_names.h"
#include "graph/schema.h"

namespace relatum::graph {

class Database;

/// How sure an edge is that several sentences speak for.
enum class Combine {
  kMaximum,  ///< as sure as the surest of them
  kNoisyOr,  ///< 1 − Π (1 − p) over distinct sentences, as if they were independent
};

struct GraphRules {
  Schema schema{};
  MergeRules merge{};
  ChoiceOptions choice{};
  Combine combine = Combine::kMaximum;
};

/// What finish() came to.
struct GraphSummary {
  int64_t documents = 0, entities = 0, edges = 0;
  int64_t mentions = 0;          ///< of entities
  int64_t evidence = 0;          ///< places that speak for edges
  int64_t foreign_mentions = 0;  ///< of types that the schema lacks: left out
  int64_t foreign_edges = 0;     ///< candidates that the schema does not allow
  int64_t loops = 0;             ///< candidates from an entity to itself
  int64_t unlikely = 0;          ///< candidates that are not above the threshold, or lost to others
  int64_t unproven = 0;          ///< documents whose set of edges may not be the most probable one
  /// What similarity joined, where it was asked for (MergedNames::joined).
  std::optional<std::vector<JoinedNames>> joined{};
};

/// Results are put in transactions, so that a process that is killed loses the documents in hand
/// and no other. The graph is computed from all results by finish() alone, and
/// depends on them and the rules, not on their order or on what was there before. One process at a
/// time has the file.
class GraphStore {
 public:
  /// Opens or makes the file; "" is one that nobody sees, on disk where it is large. Throws Error
  /// for a file of another program, or of another version, and where it cannot be written.
  explicit GraphStore(const std::filesystem::path& path);
  ~GraphStore();
  GraphStore(const GraphStore&) = delete;
  GraphStore& operator=(const GraphStore&) = delete;

  /// Whether the result of this document is there, read from the same bytes in the same way.
  bool holds(const std::string& id, const std::string& sha256, const std::string& adapter,
             const std::string& settings) const;
  /// Keeps a result, in place of that of the same id. Throws Error for one that contradicts itself
  /// (problem_of), and where it cannot be written; the store is then as it was.
  void put(const DocumentResult& result) { put(std::span(&result, 1)); }
  /// The same for several in one transaction: all of them or none.
  void put(std::span<const DocumentResult> results);
  /// Forgets a document; false where it is not there.
  bool remove(const std::string& id);
  /// Forgets all other documents; gives how many.
  int64_t remove_others(const std::set<std::string>& kept);
  /// Of all documents, in order of bytes.
  std::vector<std::string> ids() const;

  /// Makes the graph, in one transaction. Throws Error where `context` stops it.
  GraphSummary finish(const GraphRules& rules, const Context& context = {});
  /// Whether the graph is that of all results.
  bool finished() const;

  // What finish() made, in order of bytes: documents and entities by id, edges by head, label,
  // tail.
  void for_documents(const std::function<void(const GraphDocument&)>& each) const;
  void for_entities(const std::function<void(const GraphEntity&)>& each) const;
  void for_edges(const std::function<void(const GraphEdge&)>& each) const;
  /// The sentences of a document, in its order, with their texts.
  void for_sentences(const std::string& document,
                     const std::function<void(const Stretch&, const std::string&)>& each) const;
  /// The schema that the graph was made by.
  Schema schema() const;

  /// All that the file holds, line by line in an order that no history changes: what two stores
  /// have to have in common to be equal. Numbers of rows, which are SQLite's own affair, are not in
  /// it.
  void dump(const std::function<void(const std::string&)>& line) const;
  /// Writes the same content as a new SQLite file that no history shows in: equal stores give equal
  /// bytes, with one build of SQLite.
  void copy_to(const std::filesystem::path& path) const;

 private:
  friend class GraphBuilder;
  void change();
  int64_t number_of(const std::string& id) const;
  void forget(int64_t document);

  std::unique_ptr<Database> database_;
  bool changed_ = false;  // this object has marked the graph as that of other results
};

}  // namespace relatum::graph
