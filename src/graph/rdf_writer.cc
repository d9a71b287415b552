// serd's writer, its nodes, and a sink whose exceptions do not pass through C.
#include "graph/rdf_writer.h"

#include <fmt/format.h>
#include <serd/serd.h>

#include <exception>
#include <utility>

#include "base/error.h"

namespace relatum::graph {
namespace {

constexpr std::pair<const char*, const char*> kPrefixes[] = {
    {"rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"},
    {"rdfs", "http://www.w3.org/2000/01/rdf-schema#"},
    {"owl", "http://www.w3.org/2002/07/owl#"},
    {"xsd", "http://www.w3.org/2001/XMLSchema#"},
};
constexpr const char* kKinds[] = {"entity",  "type",     "relation",  "statement",
                                  "mention", "document", "vocabulary"};

SerdNode node_of(SerdType type, const std::string& text) {
  return serd_node_from_string(type, reinterpret_cast<const uint8_t*>(text.c_str()));
}

// rdf:type and the like in full; an IRI of the graph as it is.
std::string expanded(const std::string& name) {
  for (const auto& [prefix, iri] : kPrefixes) {
    const std::string start = std::string(prefix) + ':';
    if (name.starts_with(start)) return iri + name.substr(start.size());
  }
  return name;
}

}  // namespace

struct RdfWriter::Serd {
  explicit Serd(const Put& taker) : put(taker) {}
  ~Serd() {
    if (writer) serd_writer_free(writer);
    serd_env_free(environment);
  }
  Serd(const Serd&) = delete;
  Serd& operator=(const Serd&) = delete;

  const Put& put;
  std::exception_ptr problem;
  SerdEnv* environment = nullptr;
  SerdWriter* writer = nullptr;

  static size_t take(const void* bytes, size_t size, void* self) {
    Serd& serd = *static_cast<Serd*>(self);
    if (serd.problem) return 0;
    try {
      serd.put({static_cast<const char*>(bytes), size});
      return size;
    } catch (...) {
      serd.problem = std::current_exception();
      return 0;
    }
  }
  void check(SerdStatus status) const {
    if (problem) std::rethrow_exception(problem);
    if (status == SERD_SUCCESS) return;
    fail("graph.rdf", fmt::format("serd could not write a statement: {}.",
                                  reinterpret_cast<const char*>(serd_strerror(status))));
  }
  void write(const std::string& subject, const std::string& predicate, const SerdNode& object,
             const char* datatype) const {
    const std::string full = expanded(predicate);
    const SerdNode s = node_of(SERD_URI, subject), p = node_of(SERD_URI, full);
    const std::string type = datatype ? expanded(datatype) : "";
    const SerdNode d = node_of(SERD_URI, type);
    check(serd_writer_write_statement(writer, 0, nullptr, &s, &p, &object, datatype ? &d : nullptr,
                                      nullptr));
  }
};

RdfWriter::RdfWriter(RdfForm form, const std::string& base, const Put& put)
    : base_(base), serd_(std::make_unique<Serd>(put)) {
  const bool turtle = form == RdfForm::kTurtle;
  serd_->environment = serd_env_new(nullptr);
  const auto style = SerdStyle(turtle ? SERD_STYLE_ABBREVIATED | SERD_STYLE_CURIED | SERD_STYLE_BULK
                                      : SERD_STYLE_BULK);
  serd_->writer = serd_writer_new(turtle ? SERD_TURTLE : SERD_NTRIPLES, style, serd_->environment,
                                  nullptr, &Serd::take, serd_.get());
  RELATUM_CHECK(serd_->writer);
  if (!turtle) return;
  const auto prefix = [&](const std::string& name, const std::string& iri) {
    const SerdNode short_name = node_of(SERD_LITERAL, name), full = node_of(SERD_URI, iri);
    serd_->check(serd_writer_set_prefix(serd_->writer, &short_name, &full));
  };
  for (const auto& [name, iri] : kPrefixes) prefix(name, iri);
  for (const char* kind : kKinds) prefix(kind, iri(kind, ""));
}

RdfWriter::~RdfWriter() = default;

std::string RdfWriter::iri(std::string_view kind, std::string_view name) const {
  std::string result = fmt::format("{}{}/", base_, kind);
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte < 0x80 && std::isalnum(byte)) ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) result += c;
    else result += fmt::format("%{:02X}", byte);
  }
  return result;
}

void RdfWriter::link(const std::string& subject, const std::string& predicate,
                     const std::string& object) {
  const std::string full = expanded(object);
  serd_->write(subject, predicate, node_of(SERD_URI, full), nullptr);
}

void RdfWriter::text(const std::string& subject, const std::string& predicate,
                     const std::string& value) {
  serd_->write(subject, predicate, node_of(SERD_LITERAL, value), nullptr);
}

void RdfWriter::integer(const std::string& subject, const std::string& predicate, int64_t value) {
  const std::string digits = std::to_string(value);
  serd_->write(subject, predicate, node_of(SERD_LITERAL, digits), "xsd:integer");
}

void RdfWriter::real(const std::string& subject, const std::string& predicate, double value) {
  const std::string digits = fmt::format("{}", value);
  serd_->write(subject, predicate, node_of(SERD_LITERAL, digits), "xsd:double");
}

void RdfWriter::finish() {
  const SerdStatus status = serd_writer_finish(serd_->writer);
  // What the writer still holds comes with its end.
  serd_writer_free(std::exchange(serd_->writer, nullptr));
  serd_->check(status);
}

}  // namespace relatum::graph
