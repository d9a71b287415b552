// The registry of the forms in which a graph is written.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "graph/store.h"

namespace relatum::graph {

struct ExportRules {
  /// What the names of entities, relations and types in RDF begin with: an absolute IRI that ends
  /// in /, # or :.
  std::string base_iri{};
  /// What a page says that the graph was made of: its documents in a few words, and the run that
  /// was asked; "" where that is not known.
  std::string documents{}, run{};
};

/// Takes the next stretch of a text.
using Put = std::function<void(std::string_view)>;

struct GraphFormat {
  std::string_view name;    ///< as --format names it
  std::string_view ending;  ///< of its file, with the dot; "": it is a folder
  std::string_view what;    ///< a few words
  bool needs_base = false;  ///< base_iri has to be given
  /// Writes the graph as one text; nullptr where it is no text, or several.
  void (*stream)(const GraphStore& store, const ExportRules& rules, const Put& put) = nullptr;
  /// Writes it as files, whole or not at all; nullptr where it is one text.
  void (*write)(const GraphStore& store, const ExportRules& rules,
                const std::filesystem::path& path) = nullptr;
};

/// Every file in graph/formats, sorted by name.
std::span<const GraphFormat* const> graph_formats();
/// Throws Error with the names that there are.
const GraphFormat& find_graph_format(std::string_view name);
/// Throws Error for rules that the format cannot be written by: to be called before any work.
void check_export(const GraphFormat& format, const ExportRules& rules);
/// Writes the graph of a finished store to a file, or a folder, that appears whole or not at all
/// and takes the place of what was there.
void export_graph(const GraphStore& store, const GraphFormat& format, const ExportRules& rules,
                  const std::filesystem::path& path);

}  // namespace relatum::graph
