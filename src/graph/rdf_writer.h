// RDF statements as N-Triples or Turtle, by serd.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "graph/format.h"

namespace relatum::graph {

enum class RdfForm { kNTriples, kTurtle };

class RdfWriter {
 public:
  /// `base` begins all IRIs of the graph's own.
  RdfWriter(RdfForm form, const std::string& base, const Put& put);
  ~RdfWriter();
  RdfWriter(const RdfWriter&) = delete;
  RdfWriter& operator=(const RdfWriter&) = delete;

  /// The IRI of something of the graph: base, kind, and a name in which all but ASCII's letters,
  /// digits and - . _ ~ is percent-encoded.
  std::string iri(std::string_view kind, std::string_view name) const;

  /// One statement. Predicates and types may be rdf:…, rdfs:… or owl:… names.
  void link(const std::string& subject, const std::string& predicate, const std::string& object);
  void text(const std::string& subject, const std::string& predicate, const std::string& value);
  void integer(const std::string& subject, const std::string& predicate, int64_t value);
  void real(const std::string& subject, const std::string& predicate, double value);
  /// Ends the text.
  void finish();

 private:
  struct Serd;
  std::string base_;
  std::unique_ptr<Serd> serd_;
};

}  // namespace relatum::graph
