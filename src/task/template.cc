// Parses a template into a tree and fills it.
#include "task/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "task/marked.h"

namespace relatum::task {
namespace {

enum class Field {
  kText,
  kMarked,
  kBracketed,
  kStarred,
  kHead,
  kTail,
  kHeadType,
  kTailType,
  kLabels,
  kLabel
};
enum class Kind { kLiteral, kValue, kIfValue, kEachExample, kIfExamples };

struct Known {
  std::string_view name;
  Field field;
  bool of_example;
};

constexpr std::array<Known, 18> kKnown = {{
    {"text", Field::kText, false},
    {"marked_text", Field::kMarked, false},
    {"bracketed_text", Field::kBracketed, false},
    {"starred_text", Field::kStarred, false},
    {"head", Field::kHead, false},
    {"tail", Field::kTail, false},
    {"head_type", Field::kHeadType, false},
    {"tail_type", Field::kTailType, false},
    {"labels", Field::kLabels, false},
    {"example_text", Field::kText, true},
    {"example_marked_text", Field::kMarked, true},
    {"example_bracketed_text", Field::kBracketed, true},
    {"example_starred_text", Field::kStarred, true},
    {"example_head", Field::kHead, true},
    {"example_tail", Field::kTail, true},
    {"example_head_type", Field::kHeadType, true},
    {"example_tail_type", Field::kTailType, true},
    {"example_label", Field::kLabel, true},
}};

std::optional<Markers> markers_of(Field field) {
  switch (field) {
    case Field::kMarked: return Markers::kTags;
    case Field::kBracketed: return Markers::kBrackets;
    case Field::kStarred: return Markers::kStars;
    default: return std::nullopt;
  }
}

std::string known_names() {
  std::string names;
  for (const Known& known : kKnown) names += fmt::format(" {{{{{}}}}}", known.name);
  return names;
}

}  // namespace

struct Template::Node {
  Kind kind = Kind::kLiteral;
  Field field = Field::kText;
  bool of_example = false;
  bool inverted = false;  // sections: stands in the other case
  std::string literal;
  std::vector<Node> children;
};

namespace {

using Nodes = std::vector<Template::Node>;

/// Reads the tags of a template one after the other.
class Parser {
 public:
  Parser(std::string_view text, std::string_view place) : text_(text), place_(place) {}

  /// Nodes up to the closing tag of `section` ("": up to the end).
  Nodes parse(std::string_view section, size_t opened_at) {
    Nodes nodes;
    while (true) {
      const size_t open = std::min(text_.find("{{", at_), text_.size());
      if (open > at_) nodes.push_back(literal(text_.substr(at_, open - at_)));
      if (open == text_.size()) break;
      const size_t close = text_.find("}}", open);
      if (close == text_.npos) error(open, "{{ is never closed with }}");
      const std::string_view tag = text_.substr(open + 2, close - open - 2);
      at_ = close + 2;
      if (!section.empty() && tag == fmt::format("/{}", section)) return nodes;
      nodes.push_back(node(tag, open));
    }
    if (!section.empty()) {
      error(opened_at, fmt::format("section '{0}' is never closed with {{{{/{0}}}}}", section));
    }
    return nodes;
  }

 private:
  [[noreturn]] void error(size_t at, const std::string& sentence) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + long(at), '\n');
    fail("task.template", fmt::format("{}:{}: {}.", place_, line, sentence));
  }

  static Template::Node literal(std::string_view text) {
    Template::Node node;
    node.literal = text;
    return node;
  }

  Template::Node node(std::string_view tag, size_t at) {
    const bool section = tag.starts_with('#') || tag.starts_with('^');
    const std::string_view name = section ? tag.substr(1) : tag;
    Template::Node node;
    node.inverted = tag.starts_with('^');
    if (section && name == "example") {
      node.kind = Kind::kEachExample;
    } else if (section && name == "examples") {
      node.kind = Kind::kIfExamples;
    } else {
      const auto known = std::find_if(kKnown.begin(), kKnown.end(),
                                      [&](const Known& k) { return k.name == name; });
      if (known == kKnown.end()) {
        error(at,
              fmt::format("placeholder {{{{{}}}}} is unknown. Known ones:{}", tag, known_names()));
      }
      node.kind = section ? Kind::kIfValue : Kind::kValue;
      node.field = known->field;
      node.of_example = known->of_example;
    }
    if (!section) return node;
    if (++depth_ > kDeepest) error(at, "sections are nested too deep");
    node.children = parse(name, at);
    --depth_;
    return node;
  }

  static constexpr int kDeepest = 16;
  std::string_view text_, place_;
  size_t at_ = 0;
  int depth_ = 0;
};

/// Fills a tree; `neighbour` is the retrieved example that example_… means at this place.
class Filler {
 public:
  Filler(const TemplateValues& values, std::string_view place, std::vector<text::DataRange>* data)
      : values_(values), place_(place), data_(data) {}

  void fill(const Nodes& nodes, size_t neighbour, std::string& out) const {
    for (const Template::Node& node : nodes) fill(node, neighbour, out);
  }

 private:
  void fill(const Template::Node& node, size_t neighbour, std::string& out) const {
    const size_t count = values_.neighbours.size();
    switch (node.kind) {
      case Kind::kLiteral: out += node.literal; break;
      case Kind::kValue: put(value(node, neighbour), out); break;
      case Kind::kIfValue: {
        const bool filled = !(node.of_example && neighbour >= count) &&
                            !value(node, neighbour).text.empty();
        if (filled != node.inverted) fill(node.children, neighbour, out);
        break;
      }
      case Kind::kIfExamples:
        if ((count > 0) != node.inverted) fill(node.children, neighbour, out);
        break;
      case Kind::kEachExample:
        if (node.inverted && count == 0) fill(node.children, neighbour, out);
        for (size_t i = 0; i < count && !node.inverted; ++i) fill(node.children, i, out);
        break;
    }
  }

  void put(const Marked& value, std::string& out) const {
    for (const text::DataRange& range : value.data) {
      if (data_) data_->push_back({out.size() + range.begin, out.size() + range.end});
    }
    out += value.text;
  }

  /// A value that is data from end to end.
  static Marked plain(std::string_view text) {
    Marked value{std::string(text), {}};
    if (!text.empty()) value.data = {{0, text.size()}};
    return value;
  }

  Marked value(const Template::Node& node, size_t neighbour) const {
    if (node.field == Field::kLabels) return plain(values_.labels);
    if (node.of_example && neighbour >= values_.neighbours.size()) {
      fail("task.template", fmt::format("{}: the template shows a retrieved example, and row '{}' "
                                        "has none. Name an --index, or take a template without.",
                                        place_, values_.query->id));
    }
    const Example& example = node.of_example ? *values_.neighbours[neighbour] : *values_.query;
    switch (node.field) {
      case Field::kText: return plain(example.text);
      case Field::kMarked:
      case Field::kBracketed:
      case Field::kStarred: return mark_entities(example, *markers_of(node.field));
      case Field::kHead: return plain(head_text(example));
      case Field::kTail: return plain(tail_text(example));
      case Field::kHeadType: return plain(example.head.type);
      case Field::kTailType: return plain(example.tail.type);
      case Field::kLabel: return plain(values_.neighbour_answers[neighbour]);
      case Field::kLabels: break;
    }
    return {};
  }

  const TemplateValues& values_;
  std::string_view place_;
  std::vector<text::DataRange>* data_;
};

/// What a tree makes use of; `inside`: within a section that stands only where there are examples.
struct Uses {
  bool labels = false, example = false, needs_example = false, example_label = false;

  void look(const Nodes& nodes, bool inside) {
    for (const Template::Node& node : nodes) {
      const bool value = node.kind == Kind::kValue || node.kind == Kind::kIfValue;
      labels |= value && node.field == Field::kLabels;
      example |= (value && node.of_example) || node.kind == Kind::kEachExample ||
                 node.kind == Kind::kIfExamples;
      example_label |= value && node.field == Field::kLabel;
      needs_example |= node.kind == Kind::kValue && node.of_example && !inside;
      const bool opens = (node.kind == Kind::kEachExample || node.kind == Kind::kIfExamples ||
                          (node.kind == Kind::kIfValue && node.of_example)) &&
                         !node.inverted;
      look(node.children, inside || opens);
    }
  }
};

void add_own_texts(const Nodes& nodes, std::vector<std::string>& texts) {
  for (const Template::Node& node : nodes) {
    if (node.kind == Kind::kLiteral) texts.push_back(node.literal);
    const auto markers = node.kind == Kind::kValue ? markers_of(node.field) : std::nullopt;
    if (markers) {
      const MarkerTexts own = marker_texts(*markers);
      for (const auto text : {own.head_open, own.head_close, own.tail_open, own.tail_close}) {
        texts.emplace_back(text);
      }
    }
    add_own_texts(node.children, texts);
  }
}

}  // namespace

Template Template::parse(std::string_view text, std::string_view place) {
  Template parsed;
  parsed.place_ = place;
  parsed.source_ = text;
  auto nodes = std::make_shared<Nodes>(Parser(text, place).parse("", 0));
  Uses uses;
  uses.look(*nodes, false);
  parsed.uses_labels_ = uses.labels;
  parsed.uses_example_ = uses.example;
  parsed.needs_example_ = uses.needs_example;
  parsed.uses_example_label_ = uses.example_label;
  parsed.nodes_ = std::move(nodes);
  return parsed;
}

std::string Template::render(const TemplateValues& values,
                             std::vector<text::DataRange>* data) const {
  std::string out;
  if (nodes_) Filler(values, place_, data).fill(*nodes_, 0, out);
  return out;
}

std::vector<std::string> Template::own_texts() const {
  std::vector<std::string> texts;
  if (nodes_) add_own_texts(*nodes_, texts);
  return texts;
}

std::string Template::shared_prefix(std::string_view labels) const {
  std::string prefix;
  if (!nodes_) return prefix;
  for (const Node& node : *nodes_) {
    if (node.kind == Kind::kLiteral) {
      prefix += node.literal;
    } else if (node.kind == Kind::kValue && node.field == Field::kLabels) {
      prefix += labels;
    } else break;
  }
  return prefix;
}

}  // namespace relatum::task
