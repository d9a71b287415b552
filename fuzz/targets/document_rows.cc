// Tables and JSON lines of documents, and tables of names, which are looked for in the documents.
#include "graph/documents/document_rows.h"

#include <span>
#include <sstream>

#include "../texts.h"
#include "base/utf8.h"
#include "graph/gazetteer.h"
#include "graph/sentences.h"
#include "graph/windows.h"

namespace relatum::fuzz {
namespace {

void use_text(const std::string& text, const graph::Gazetteer& gazetteer) {
  graph::SentenceRules rules;
  rules.markdown = text.size() % 2 == 0;
  rules.most = 20;
  const auto sentences = graph::SentenceSplitter(rules).split(text);
  int64_t last = 0;
  for (const task::Piece& each : sentences) {
    require(last <= each.start && each.start < each.end && each.end - each.start <= rules.most,
            "sentences follow one another");
    last = each.end;
  }
  require(last <= utf8_length(text), "sentences lie in their text");
  std::vector<task::Piece> names;
  for (const graph::GazetteerMatch& match : gazetteer.find(text)) {
    require(utf8_slice(text, match.span.start, match.span.end) == match.text,
            "a match's span is its text");
    if (names.empty() || names.back() != match.span) names.push_back(match.span);
  }
  for (size_t i = 1; i < names.size(); ++i) {
    require(names[i - 1].end <= names[i].start, "matches do not overlap");
  }
  const graph::Windows windows(sentences, 2);
  windows.each(names, [&](size_t window, std::span<const graph::Windows::Held> held) {
    const task::Piece span = windows.span(window);
    for (const auto& [entity, before] : held) {
      require(span.start <= names[entity].start && names[entity].end <= span.end,
              "a window holds its entities");
    }
  });
}

graph::RowTaker taker(bool skip, std::vector<std::string>& texts) {
  graph::RowTaker rows;
  rows.take = [&texts](graph::DocumentRow&& row) {
    require_utf8(row.id);
    require_utf8(row.text);
    const CodePoints points(row.text);
    for (const graph::Mention& each : row.entities) {
      require(points.slice(each.span.start, each.span.end) == each.text,
              "an entity's text is its span's");
      require(!each.type.empty() && each.probability >= 0 && each.probability <= 1,
              "an entity has a type and a probability");
    }
    texts.push_back(std::move(row.text));
    return true;
  };
  rows.bad = [skip](int64_t, const std::string& sentence) {
    require_utf8(sentence);
    if (!skip) fail("fuzz", sentence);
  };
  return rows;
}

bool run(Bytes bytes) {
  const std::string_view all = text_of(bytes);
  graph::Gazetteer gazetteer({.ignore_case_above = 2, .fold_accents = true, .skip_bad_rows = true});
  accepts([&] { gazetteer.read_text(all, "names.csv"); });
  for (const std::string& sentence : gazetteer.bad_rows()) require_utf8(sentence);
  std::vector<std::string> texts;
  const auto table = [&](bool skip) {
    graph::RowTaker rows = taker(skip, texts);
    return accepts([&] { graph::read_table_documents(all, "a.csv", {"text", "name"}, rows); });
  };
  const auto lines = [&](bool skip) {
    graph::RowTaker rows = taker(skip, texts);
    std::istringstream stream{std::string(all)};
    return accepts([&] { graph::read_json_documents(stream, "a.jsonl", {}, rows); });
  };
  const bool taken = table(false) || lines(false);
  if (!taken) {
    table(true);
    lines(true);
  }
  if (utf8_valid(all)) texts.emplace_back(all);
  for (const std::string& text : texts) use_text(text, gazetteer);
  return taken;
}

}  // namespace

const Target& target_document_rows() {
  static const Target target{"document_rows", run};
  return target;
}

}  // namespace relatum::fuzz
