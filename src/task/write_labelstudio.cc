// One task a line.
#include "task/write_labelstudio.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/code_points.h"
#include "base/counted.h"
#include "base/error.h"
#include "base/utf8.h"
#include "task/json_document.h"
#include "task/labelstudio_form.h"

namespace relatum::task {
namespace {

using nlohmann::ordered_json;

std::string label_of(const Entity& entity) {
  return entity.span.type.empty() ? kStudioUntyped : entity.span.type;
}

ordered_json regions_of(const Document& document) {
  const CodePoints points(document.text);
  ordered_json regions = ordered_json::array();
  for (size_t i = 0; i < document.entities.size(); ++i) {
    const Span& span = document.entities[i].span;
    const std::string quoted(points.slice(span.start, span.end));
    regions.push_back({{"id", studio_region(i)},
                       {"from_name", "label"},
                       {"to_name", "text"},
                       {"type", "labels"},
                       {"value",
                        {{"start", span.start},
                         {"end", span.end},
                         {"text", quoted},
                         {"labels", {label_of(document.entities[i])}}}}});
  }
  return regions;
}

/// Relations by their ends, in the order of the first ones.
std::vector<ordered_json> relations_of(const Document& document) {
  std::map<std::string, std::string> regions;
  for (size_t i = 0; i < document.entities.size(); ++i) {
    regions[document.entities[i].id] = studio_region(i);
  }
  std::vector<ordered_json> relations;
  std::map<std::pair<std::string, std::string>, size_t> places;
  for (const Relation& relation : document.relations) {
    const auto [known, fresh] = places.try_emplace({relation.head, relation.tail},
                                                   relations.size());
    if (fresh) {
      relations.push_back({{"type", "relation"},
                           {"from_id", regions.at(relation.head)},
                           {"to_id", regions.at(relation.tail)},
                           {"direction", "right"},
                           {"labels", ordered_json::array()}});
    }
    relations[known->second]["labels"].push_back(relation.label);
  }
  return relations;
}

/// As the value of an XML attribute. XML has no place for other control characters.
std::string attribute(std::string_view text) {
  std::string escaped;
  for_code_points(text, [&](int32_t code, std::string_view bytes) {
    switch (code) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\t':
      case '\n':
      case '\r': escaped += fmt::format("&#{};", code); break;
      default: {
        const bool none = code < 0x20 || code == 0xfffe || code == 0xffff;
        escaped += none ? std::string_view("\xef\xbf\xbd") : bytes;
      }
    }
  });
  return escaped;
}

/// `first` in its order, then what else there is.
std::vector<std::string> joined(const std::vector<std::string>& first,
                                const std::set<std::string>& more) {
  std::vector<std::string> all;
  std::set<std::string> known;
  for (const std::string& name : first) {
    if (known.insert(name).second) all.push_back(name);
  }
  for (const std::string& name : more) {
    if (known.insert(name).second) all.push_back(name);
  }
  return all;
}

}  // namespace

LabelStudioWriter::LabelStudioWriter(Put put) : put_(std::move(put)) {}

void LabelStudioWriter::put_task(const Document& document, const char* key,
                                 std::string_view version, double score) {
  ordered_json task = {{"id", ++tasks_},
                       {"data", {{"text", document.text}, {kStudioKept, studio_kept(document)}}}};
  ordered_json result = regions_of(document);
  for (ordered_json& relation : relations_of(document)) {
    several_ = several_ || relation["labels"].size() > 1;
    result.push_back(std::move(relation));
  }
  ordered_json block = ordered_json::object();
  if (!version.empty()) block = {{"model_version", version}, {"score", score}};
  block["result"] = std::move(result);
  task[key] = ordered_json::array({std::move(block)});
  for (const Entity& entity : document.entities) {
    types_.insert(label_of(entity));
    if (!entity.pieces.empty()) ++with_gaps_;
  }
  for (const Relation& relation : document.relations) labels_.insert(relation.label);
  std::string line = json_line(task);
  line.pop_back();
  put_((tasks_ == 1 ? "[" : ",\n ") + line);
}

void LabelStudioWriter::add(const Document& document) {
  put_task(document, document.unlabelled ? "predictions" : "annotations", "", 0);
}

void LabelStudioWriter::add_predicted(const Document& document, const StudioModel& model) {
  put_task(document, "predictions", model.version, model.score);
}

void LabelStudioWriter::finish() { put_(tasks_ == 0 ? "[]\n" : "]\n"); }

std::vector<std::string> LabelStudioWriter::remarks() const {
  if (with_gaps_ == 0) return {};
  return {
      fmt::format("{} with gaps: Label Studio shows the whole stretch from the first piece to "
                  "the last.",
                  counted(with_gaps_, "entity", "entities"))};
}

std::string LabelStudioWriter::configuration(const std::vector<std::string>& types,
                                             const std::vector<std::string>& labels) const {
  // Without pre-wrap Label Studio shortens runs of blanks in what it quotes.
  std::string text = "<View>\n  <Style>.htx-text { white-space: pre-wrap; }</Style>\n";
  text += several_ ? "  <Relations choice=\"multiple\">\n" : "  <Relations>\n";
  for (const std::string& label : joined(labels, labels_)) {
    text += fmt::format("    <Relation value=\"{}\"/>\n", attribute(label));
  }
  text += "  </Relations>\n  <Labels name=\"label\" toName=\"text\">\n";
  std::vector<std::string> all = joined(types, types_);
  if (all.empty()) all = {kStudioUntyped};
  for (const std::string& type : all) {
    text += fmt::format("    <Label value=\"{}\"/>\n", attribute(type));
  }
  return text + "  </Labels>\n  <Text name=\"text\" value=\"$text\"/>\n</View>\n";
}

std::filesystem::path studio_configuration(const std::filesystem::path& tasks) {
  std::filesystem::path path = tasks;
  path.replace_extension(".xml");
  if (path == tasks) {
    fail("task.labelstudio", fmt::format("{}: the labelling configuration gets this name. Let the "
                                         "tasks end with .json.",
                                         tasks.string()));
  }
  return path;
}

}  // namespace relatum::task
