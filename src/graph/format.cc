// Finding a form, and writing it whole.
#include "graph/format.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/known_names.h"
#include "base/printable.h"
#include "base/utf8.h"

namespace relatum::graph {
namespace {

bool is_absolute_iri(std::string_view iri) {
  const size_t colon = iri.find(':');
  if (colon == iri.npos || colon == 0 || !std::isalpha(static_cast<unsigned char>(iri[0]))) {
    return false;
  }
  const auto in_scheme = [](unsigned char c) {
    return std::isalnum(c) || c == '+' || c == '-' || c == '.';
  };
  if (!std::all_of(iri.begin(), iri.begin() + long(colon), in_scheme)) return false;
  const auto barred = [](unsigned char c) {
    return c <= ' ' || c == 0x7f ||
           std::string_view("<>\"{}|^`\\").find(char(c)) != std::string::npos;
  };
  return utf8_valid(iri) && std::none_of(iri.begin(), iri.end(), barred);
}

}  // namespace

const GraphFormat& find_graph_format(std::string_view name) {
  for (const GraphFormat* format : graph_formats()) {
    if (format->name == name) return *format;
  }
  fail("graph.format", unknown_name("graph format", name, names_of(graph_formats())));
}

void check_export(const GraphFormat& format, const ExportRules& rules) {
  if (!format.needs_base) return;
  if (rules.base_iri.empty()) {
    fail("graph.format", fmt::format("{} names entities by IRIs, and needs the one that they begin "
                                     "with: --base-iri https://example.org/graph/.",
                                     format.name));
  }
  const bool ends = std::string_view("/#:").find(rules.base_iri.back()) != std::string_view::npos;
  if (is_absolute_iri(rules.base_iri) && ends) return;
  fail("graph.format", fmt::format("--base-iri '{}' has to be an absolute IRI that ends in /, # or "
                                   ":, such as https://example.org/graph/.",
                                   printable_start(rules.base_iri)));
}

void export_graph(const GraphStore& store, const GraphFormat& format, const ExportRules& rules,
                  const std::filesystem::path& path) {
  RELATUM_CHECK(store.finished());
  check_export(format, rules);
  if (format.write) {
    format.write(store, rules, path);
    return;
  }
  AtomicFile file(path);
  format.stream(store, rules, [&](std::string_view text) { file.write(text); });
  file.commit();
}

}  // namespace relatum::graph
