// schema.toml: each key held to what there is, then relations held to one another.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <toml++/toml.h>
#include <algorithm>

#include "base/error.h"
#include "base/known_names.h"
#include "base/printable.h"
#include "graph/relation_rules.h"
#include "graph/schema.h"
#include "io/text_file.h"
#include "io/toml_keys.h"
#include "task/forms.h"

namespace relatum::graph {
namespace {

const std::vector<std::string> kKeys = {"description", "head",       "tail",
                                        "types",       "inverse",    "symmetric",
                                        "acyclic",     "functional", "max_per_head"};

[[noreturn]] void refuse(const std::string& place, const std::string& sentence) {
  fail("graph.schema", fmt::format("{}: {}", place, sentence));
}

class Reader {
 public:
  Reader(const std::string& file, std::map<std::string, std::string>& entities)
      : file_(file), entities_(entities) {}

  void read(const toml::table& top);
  std::vector<PlacedRelation> relations;

 private:
  template <class Part>
  std::string place(const Part& part) const {
    return fmt::format("{}:{}", file_, part.source().begin.line);
  }
  void check_name(const std::string& name, const std::string& place, std::string_view what) const;
  std::string text_of(const toml::node& node, std::string_view key) const;
  bool flag_of(const toml::node& node, std::string_view key) const;
  std::string type_of(const toml::node& node, std::string_view key) const;
  std::vector<std::string> types_of(const toml::node& node, std::string_view key) const;
  std::set<TypePair> pairs_of(const toml::node& node) const;
  void read_entities(const toml::table& table);
  void read_relations(const toml::table& table);
  PlacedRelation read_relation(const std::string& name, const toml::table& table) const;
  void read_types(const toml::table& table, PlacedRelation& relation) const;
  void read_limits(const toml::table& table, PlacedRelation& relation) const;

  const std::string& file_;
  std::map<std::string, std::string>& entities_;
};

void Reader::check_name(const std::string& name, const std::string& where,
                        std::string_view what) const {
  const std::string seen = task::seen_form(name);
  if (name.empty()) refuse(where, fmt::format("{} without a name. Give it one.", what));
  if (name.find('\0') != name.npos) {
    refuse(where, fmt::format("{} whose name holds the character U+0000. Leave it out.", what));
  }
  if (seen == name) return;
  refuse(where, fmt::format("the name '{}' has blanks at an end or characters that are not seen, "
                            "which labels never have. Write '{}'.",
                            printable_start(name), printable_start(seen)));
}

std::string Reader::text_of(const toml::node& node, std::string_view key) const {
  const auto text = node.value_exact<std::string>();
  if (!text || text->empty()) {
    refuse(place(node), fmt::format("'{}' must be a string that is not empty.", key));
  }
  return *text;
}

bool Reader::flag_of(const toml::node& node, std::string_view key) const {
  const auto flag = node.value_exact<bool>();
  if (!flag) refuse(place(node), fmt::format("'{}' must be true or false, without quotes.", key));
  return *flag;
}

std::string Reader::type_of(const toml::node& node, std::string_view key) const {
  std::string type = text_of(node, key);
  if (entities_.contains(type)) return type;
  std::vector<std::string> known;
  for (const auto& [name, description] : entities_) known.push_back(name);
  refuse(place(node), fmt::format("'{}' is no entity type of [entities].{} Add it there, or name "
                                  "one that is.",
                                  printable_start(type), did_you_mean(type, known)));
}

std::vector<std::string> Reader::types_of(const toml::node& node, std::string_view key) const {
  const toml::array* list = node.as_array();
  if (!list) return {type_of(node, key)};
  std::vector<std::string> types;
  for (const toml::node& each : *list) types.push_back(type_of(each, key));
  if (types.empty()) {
    refuse(place(node), fmt::format("'{}' allows no type at all. Name one, or leave the key out to "
                                    "allow any.",
                                    key));
  }
  return types;
}

std::set<TypePair> Reader::pairs_of(const toml::node& node) const {
  const toml::array* list = node.as_array();
  std::set<TypePair> pairs;
  for (size_t i = 0; list && i < list->size(); ++i) {
    const toml::array* pair = list->get(i)->as_array();
    if (!pair || pair->size() != 2) {
      refuse(place(*list->get(i)), "each of 'types' is a pair: [\"HEAD\", \"TAIL\"].");
    }
    pairs.emplace(type_of(*pair->get(0), "types"), type_of(*pair->get(1), "types"));
  }
  if (pairs.empty()) {
    refuse(place(node),
           "'types' must be a list of pairs, such as [[\"PERSON\", \"ORG\"]]; leave it "
           "out to allow any.");
  }
  return pairs;
}

void Reader::read_entities(const toml::table& table) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    check_name(name, place(key), "an entity type");
    if (!node.is_string()) {
      refuse(place(key), fmt::format("entity type '{}' must be given a sentence that describes it: "
                                     "{} = \"…\".",
                                     printable_start(name), printable_start(name)));
    }
    entities_[name] = node.value_or(std::string());
  }
}

void Reader::read_types(const toml::table& table, PlacedRelation& relation) const {
  const toml::node* heads = table.get("head");
  const toml::node* tails = table.get("tail");
  const toml::node* pairs = table.get("types");
  if (pairs && (heads || tails)) {
    refuse(place(*pairs),
           "'types' names the pairs themselves, so 'head' and 'tail' have no place "
           "beside it. Keep one way.");
  }
  if (pairs) relation.type.types = pairs_of(*pairs);
  if (!heads && !tails) return;
  std::vector<std::string> all;
  for (const auto& [name, description] : entities_) all.push_back(name);
  const std::vector<std::string> from = heads ? types_of(*heads, "head") : all;
  const std::vector<std::string> to = tails ? types_of(*tails, "tail") : all;
  relation.type.types.emplace();
  for (const std::string& head : from) {
    for (const std::string& tail : to) relation.type.types->emplace(head, tail);
  }
}

void Reader::read_limits(const toml::table& table, PlacedRelation& relation) const {
  const toml::node* functional = table.get("functional");
  const toml::node* most = table.get("max_per_head");
  if (functional && most) {
    refuse(place(*most),
           "'functional' says that a head has one tail, so 'max_per_head' has no "
           "place beside it. Keep one of them.");
  }
  if (functional && flag_of(*functional, "functional")) relation.type.max_per_head = 1;
  if (!most) return;
  const auto count = most->value_exact<int64_t>();
  if (!count || *count < 1) {
    refuse(place(*most),
           "'max_per_head' must be a whole number of 1 or more; leave it out to allow "
           "any number.");
  }
  relation.type.max_per_head = *count;
}

PlacedRelation Reader::read_relation(const std::string& name, const toml::table& table) const {
  PlacedRelation relation;
  relation.type.name = name;
  for (const auto& [key, node] : table) {
    const std::string each(key.str());
    if (std::find(kKeys.begin(), kKeys.end(), each) == kKeys.end()) {
      refuse(place(key), fmt::format("[relations.{}] has no key '{}'.{} Its keys are {}.",
                                     printable_start(name), printable_start(each),
                                     did_you_mean(each, kKeys), fmt::join(kKeys, ", ")));
    }
    if (each == "description") relation.type.description = text_of(node, each);
    if (each == "symmetric") relation.type.symmetric = flag_of(node, each);
    if (each == "acyclic") relation.type.acyclic = flag_of(node, each);
    if (each == "inverse") {
      relation.type.inverse = text_of(node, each);
      relation.inverse_place = place(node);
    }
  }
  read_types(table, relation);
  read_limits(table, relation);
  return relation;
}

void Reader::read(const toml::table& top) {
  for (const auto& [key, node] : top) {
    const std::string name(key.str());
    const std::vector<std::string> known = {"entities", "relations"};
    if (name != "entities" && name != "relations") {
      refuse(place(key), fmt::format("'{}' is no table of a schema.{} There are [entities] and "
                                     "[relations.NAME].",
                                     printable_start(name), did_you_mean(name, known)));
    }
    if (node.is_table()) continue;
    refuse(place(key), fmt::format("'{}' is a table: write [{}].", name, name));
  }
  if (const toml::table* table = top["entities"].as_table()) read_entities(*table);
  if (const toml::table* table = top["relations"].as_table()) read_relations(*table);
}

void Reader::read_relations(const toml::table& table) {
  std::vector<std::pair<toml::source_position, PlacedRelation>> found;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    check_name(name, place(key), "a relation");
    if (!node.is_table()) {
      refuse(place(key), fmt::format("relation '{}' is a table: write [relations.{}].",
                                     printable_start(name), printable_start(name)));
    }
    PlacedRelation relation = read_relation(name, *node.as_table());
    relation.place = place(key);
    found.emplace_back(key.source().begin, std::move(relation));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [position, relation] : found) relations.push_back(std::move(relation));
}

}  // namespace

Schema Schema::parse(std::string_view text, const std::string& place) {
  const std::string plain = io::plain_text(text, place);
  io::check_toml_keys(plain, place, "graph.schema");
  toml::table top;
  try {
    top = toml::parse(plain, place);
  } catch (const toml::parse_error& error) {
    refuse(fmt::format("{}:{}", place, error.source().begin.line),
           fmt::format("{}. Correct that line.", error.description()));
  }
  Schema schema;
  schema.text_ = text;
  Reader reader(place, schema.entities_);
  reader.read(top);
  settle_relations(reader.relations);
  for (PlacedRelation& relation : reader.relations) {
    schema.relations_.push_back(std::move(relation.type));
  }
  if (schema.empty()) refuse(place, "it names no entity type and no relation. Add one.");
  return schema;
}

}  // namespace relatum::graph
