// An analysis as `analyse --json` prints it.
#include <nlohmann/json.hpp>

#include "task/analysis.h"

namespace relatum::task {
namespace {

using nlohmann::ordered_json;

template <class Value>
ordered_json or_null(const std::optional<Value>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

ordered_json span_json(const Span& span) {
  ordered_json object = {{"start", span.start}, {"end", span.end}};
  if (!span.type.empty()) object["type"] = span.type;
  return object;
}

ordered_json sentence_json(const TellingSentence& sentence) {
  const Example& example = sentence.example;
  ordered_json object = {{"id", example.id},
                         {"line", example.line},
                         {"text", example.text},
                         {"head", span_json(example.head)},
                         {"tail", span_json(example.tail)},
                         {"gold", sentence.gold},
                         {"predicted", sentence.predicted},
                         {"probability", or_null(sentence.probability)},
                         {"kind", sentence.kind}};
  object["nearest"] = ordered_json();
  if (sentence.nearest) {
    object["nearest"] = {
        {"id", sentence.nearest->id},
        {"similarity", sentence.nearest->similarity},
        {"label", or_null(sentence.nearest->label)},
        {"marked_text", sentence.nearest->example ? marked_text(*sentence.nearest->example) : ""}};
  }
  return object;
}

ordered_json group_json(const AnalysisGroup& group) {
  ordered_json object = {{"name", group.name},
                         {"examples", group.examples},
                         {"wrong", group.wrong},
                         {"error", double(group.wrong) / double(group.examples)},
                         {"low", group.error.low},
                         {"high", group.error.high},
                         {"sentences", ordered_json::array()}};
  for (const TellingSentence& each : group.sentences) {
    object["sentences"].push_back(sentence_json(each));
  }
  return object;
}

}  // namespace

std::string to_json(const Analysis& analysis) {
  ordered_json out = {{"examples", analysis.examples},
                      {"wrong", analysis.wrong},
                      {"level", 0.95},
                      {"looked_up", analysis.looked_up},
                      {"groupings", ordered_json::object()}};
  for (const Grouping& grouping : analysis.groupings) {
    ordered_json groups = ordered_json::array();
    for (const AnalysisGroup& group : grouping.groups) groups.push_back(group_json(group));
    out["groupings"][grouping.key] = {
        {"title", grouping.title}, {"rule", grouping.rule}, {"groups", groups}};
  }
  out["cues_from"] = analysis.cues_from;
  out["cues"] = analysis.cues;
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace relatum::task
