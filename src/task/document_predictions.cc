// Reads rows one by one; spans are held to the gold's text once both are there.
#include "task/document_predictions.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "base/code_points.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "io/text_file.h"
#include "task/fields.h"
#include "task/join.h"
#include "task/json_array.h"
#include "task/json_document.h"
#include "task/row_sink.h"

namespace relatum::task {
namespace {

using nlohmann::json;

Document parse_prediction(const json& row) {
  const std::string place = "the row";
  need(row, "id", place);
  Document document;
  document.id = id_of(row, "id", place);
  if (!io::find(row, "entities")) {
    fail("task.row",
         "the row has no \"entities\". Give an empty list where nothing was found; answers for "
         "pairs are scored without --task");
  }
  document.text = io::get_string(row, "text", "", place);
  const CodePoints text(document.text);
  for (const json& each : io::require_array(row, "entities", place)) {
    const std::string name = fmt::format("entity {}", document.entities.size() + 1);
    document.entities.push_back(parse_entity(each, name, text));
  }
  document.unlabelled = !io::find(row, "relations");
  if (document.unlabelled) return document;
  for (const json& each : io::require_array(row, "relations", place)) {
    const std::string name = fmt::format("relation {}", document.relations.size() + 1);
    document.relations.push_back(parse_relation(each, name));
    parse_probability(each, name);  // checked alone
  }
  return document;
}

/// Takes a file's rows in either form.
class Reader {
 public:
  explicit Reader(std::string file) : file_(std::move(file)) {}

  std::vector<Document> read(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\n");
    if (first == text.npos) return {};
    if (text[first] == '[') {
      const JsonFault fault = walk_json_array(
          text, [&](const JsonElement& element) { add(element.text, element.line); });
      if (fault) {
        fail("task.prediction", fmt::format("{}:{}: {}.", file_, fault.line, fault.sentence));
      }
      return std::move(documents_);
    }
    io::for_lines(text, [&](std::string_view line, int64_t number) {
      if (line.find_first_not_of(" \t") != line.npos) add(line, number);
    });
    return std::move(documents_);
  }

 private:
  void add(std::string_view text, int64_t line) {
    const std::string place = fmt::format("{}:{}", file_, line);
    const json row = io::parse_json(text, place);
    try {
      documents_.push_back(parse_prediction(row));
    } catch (const Error& error) {
      fail("task.prediction", fmt::format("{}: {}", place, full_sentence(bare_sentence(error))));
    }
    documents_.back().line = line;
  }

  std::string file_;
  std::vector<Document> documents_;
};

/// Puts the prediction on the gold's text and checks it there.
void settle_on(const Document& gold, const std::string& file, Document& prediction) {
  const auto refuse = [&](const std::string& problem) {
    fail("task.prediction", fmt::format("{}:{}: document '{}': {}", file, prediction.line,
                                        printable_start(gold.id), full_sentence(problem)));
  };
  if (!prediction.text.empty() && prediction.text != gold.text) {
    refuse("its text is not that of the data, whose places its entities have to name");
  }
  prediction.text = gold.text;
  if (const std::string problem = settle(prediction); !problem.empty()) refuse(problem);
  prediction.text.clear();  // of all documents at once it would be the data a second time
}

}  // namespace

std::vector<Document> read_document_predictions(const std::filesystem::path& path,
                                                bool may_be_empty) {
  std::vector<Document> documents = Reader(path.string()).read(io::read_text(path));
  if (documents.empty() && !may_be_empty) {
    fail("task.prediction",
         fmt::format("{} holds no predictions. Give one row per document, with an empty list of "
                     "entities where nothing was found, or let missing ones count with --missing "
                     "wrong.",
                     path.string()));
  }
  return documents;
}

std::vector<Document> join_documents(const GoldDocuments& gold, std::vector<Document> predictions,
                                     const std::string& file, bool missing_is_wrong) {
  std::vector<std::string_view> ids, answered;
  for (const Document& document : gold.documents) ids.push_back(document.id);
  for (const Document& prediction : predictions) answered.push_back(prediction.id);
  const JoinNames names = {.data = gold.name,
                           .one = "document",
                           .many = "documents",
                           .advice =
                               "A document in which nothing was found has a row with empty "
                               "lists; with --missing wrong those without a row count as "
                               "such."};
  std::vector<Document> joined;
  for (const std::optional<size_t>& at : join_ids(ids, answered, names, missing_is_wrong)) {
    joined.push_back(at ? std::move(predictions[*at]) : Document{});
    if (at) settle_on(gold.documents[joined.size() - 1], file, joined.back());
  }
  return joined;
}

}  // namespace relatum::task
