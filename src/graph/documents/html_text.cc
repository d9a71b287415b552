// libxml2's HTML parser tells of elements one by one; no tree is built.
#include "graph/documents/html_text.h"

#include <fmt/format.h>
#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>

#include <limits>
#include <memory>

#include "base/error.h"
#include "graph/documents/page_text.h"

namespace relatum::graph {
namespace {

// The parser looks through all open elements for the one that an end closes.
constexpr size_t kMostDepth = 2000;

struct Reading {
  PageText page;
  htmlParserCtxtPtr parser = nullptr;
  bool too_deep = false;
  /// What a callback threw; nothing may pass through libxml2's C code.
  std::exception_ptr failed;
};

std::string_view view(const xmlChar* text) {
  return text ? reinterpret_cast<const char*>(text) : "";
}

template <class Work>
void guarded(void* data, const Work& work) {
  auto& reading = *static_cast<Reading*>(data);
  if (reading.failed) return;
  try {
    work(reading);
  } catch (...) {
    reading.failed = std::current_exception();
    xmlStopParser(reading.parser);
  }
}

void on_start(void* data, const xmlChar* name, const xmlChar** attributes) {
  guarded(data, [&](Reading& reading) {
    ElementMarks marks;
    for (; attributes && attributes[0]; attributes += 2) {
      const std::string_view key = view(attributes[0]), value = view(attributes[1]);
      if (key == "role") marks.role = value;
      if (key == "class") marks.classes = value;
      if (key == "id") marks.id = value;
      if (key == "style") marks.style = value;
      if (key == "hidden" && value != "until-found") marks.hidden = true;
      if (key == "aria-hidden" && value == "true") marks.hidden = true;
    }
    reading.page.start(view(name), marks);
    if (reading.page.depth() > kMostDepth) {
      reading.too_deep = true;
      xmlStopParser(reading.parser);
    }
  });
}

void on_end(void* data, const xmlChar* name) {
  guarded(data, [&](Reading& reading) { reading.page.end(view(name)); });
}

void on_text(void* data, const xmlChar* text, int bytes) {
  guarded(data, [&](Reading& reading) {
    reading.page.text({reinterpret_cast<const char*>(text), size_t(bytes)});
  });
}

struct FreeParser {
  void operator()(htmlParserCtxtPtr parser) const {
    if (parser->myDoc) xmlFreeDoc(parser->myDoc);
    htmlFreeParserCtxt(parser);
  }
};

}  // namespace

std::string html_text(std::string_view page, const std::string& name) {
  static const bool ready = (xmlInitParser(), true);  // libxml2 wants it before threads use it
  RELATUM_CHECK(ready && page.size() <= size_t(std::numeric_limits<int>::max()));
  if (page.empty()) return "";
  Reading reading;
  const std::unique_ptr<htmlParserCtxt, FreeParser> parser(htmlNewParserCtxt());
  RELATUM_CHECK(parser != nullptr);
  htmlSAXHandler handler{};
  handler.startElement = on_start;
  handler.endElement = on_end;
  handler.characters = handler.ignorableWhitespace = on_text;
  *parser->sax = handler;
  parser->userData = &reading;
  reading.parser = parser.get();
  constexpr int kOptions = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                           HTML_PARSE_NONET | HTML_PARSE_NODEFDTD | HTML_PARSE_IGNORE_ENC;
  htmlCtxtReadMemory(parser.get(), page.data(), int(page.size()), nullptr, "UTF-8", kOptions);
  if (reading.failed) std::rethrow_exception(reading.failed);
  if (reading.too_deep) {
    fail("graph.html", fmt::format("{} nests more than {} elements in one another. Save its text "
                                   "as .txt.",
                                   name, kMostDepth));
  }
  if (parser->disableSAX) {
    const xmlError* error = xmlCtxtGetLastError(parser.get());
    fail("graph.html", fmt::format("{} is not read to its end, as line {} stops the HTML parser "
                                   "(its error {}). Save its text as .txt.",
                                   name, error ? error->line : 0, error ? error->code : 0));
  }
  return reading.page.take();
}

}  // namespace relatum::graph
