// Kinds of values, truth and equality.
#include "text/jinja_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace relatum::text::jinja {
namespace {

// Deeper ones would take more stack than templates are worth.
constexpr int kDeepest = 64;
constexpr uint64_t kLargest = uint64_t{1} << 60;  // the sum of two does not overflow

// A loop or a namespace within a container could come to hold itself.
void put_in(Extent& container, const Value& value) {
  if (value.get_if<std::shared_ptr<Namespace>>() || value.get_if<std::shared_ptr<const Loop>>() ||
      value.get_if<Function>()) {
    refuse(0, fmt::format("puts a {} into a container", value.kind()));
  }
  const Extent inner = extent(value);
  container.depth = std::max(container.depth, inner.depth + 1);
  container.size = std::min(container.size + inner.size, kLargest);
  if (container.depth > kDeepest) {
    refuse(0, fmt::format("nests containers more than {} deep", kDeepest));
  }
}

bool equal_lists(const std::vector<Value>& a, const std::vector<Value>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), equal);
}

bool equal_dicts(const Pairs& a, const Pairs& b) {
  return a.size() == b.size() && std::ranges::all_of(a, [&](const auto& pair) {
           const Value* other = find(b, pair.first);
           return other && equal(pair.second, *other);
         });
}

}  // namespace

Extent extent(const Value& value) {
  if (const MarkedText* text = value.as_text()) return {0, 16 + text->memory()};
  if (const auto* list = value.get_if<std::shared_ptr<const List>>()) return (*list)->extent;
  if (const auto* dict = value.get_if<std::shared_ptr<const Dict>>()) return (*dict)->extent;
  return {};
}

Value Value::list(std::vector<Value> items) {
  Extent whole;
  for (const Value& item : items) put_in(whole, item);
  return Kinds(std::make_shared<const List>(List{std::move(items), whole}));
}

Value Value::dict(Pairs pairs) {
  Extent whole;
  for (const auto& [key, value] : pairs) {
    put_in(whole, key);
    put_in(whole, value);
  }
  return Kinds(std::make_shared<const Dict>(Dict{std::move(pairs), whole}));
}

const std::vector<Value>* Value::as_list() const {
  const auto* list = get_if<std::shared_ptr<const List>>();
  return list ? &(*list)->items : nullptr;
}

const Pairs* Value::as_dict() const {
  const auto* dict = get_if<std::shared_ptr<const Dict>>();
  return dict ? &(*dict)->pairs : nullptr;
}

std::string_view Value::kind() const {
  constexpr std::string_view kNames[] = {"undefined value", "None", "bool",    "int",
                                         "float",           "str",  "list",    "dict",
                                         "namespace",       "loop", "function"};
  static_assert(std::size(kNames) == std::variant_size_v<Kinds>);
  return kNames[value_.index()];
}

bool as_int(const Value& value, int64_t& number) {
  if (const auto* integer = value.get_if<int64_t>()) number = *integer;
  else if (const auto* flag = value.get_if<bool>()) number = *flag;
  else return false;
  return true;
}

bool as_number(const Value& value, double& number) {
  int64_t integer = 0;
  if (const auto* real = value.get_if<double>()) number = *real;
  else if (as_int(value, integer)) number = double(integer);
  else return false;
  return true;
}

bool truth(const Value& value) {
  double number = 0;
  if (value.undefined() || value.none()) return false;
  if (as_number(value, number)) return number != 0;
  if (const MarkedText* text = value.as_text()) return !text->text.empty();
  if (const auto* list = value.as_list()) return !list->empty();
  if (const Pairs* dict = value.as_dict()) return !dict->empty();
  return true;
}

bool equal(const Value& a, const Value& b) {
  double left = 0, right = 0;
  if (as_number(a, left) && as_number(b, right)) return left == right;
  if (a.as_text() && b.as_text()) return a.as_text()->text == b.as_text()->text;
  if (a.as_list() && b.as_list()) return equal_lists(*a.as_list(), *b.as_list());
  if (a.as_dict() && b.as_dict()) return equal_dicts(*a.as_dict(), *b.as_dict());
  return (a.none() && b.none()) || (a.undefined() && b.undefined());
}

const Value* find(const Pairs& dict, const Value& key) {
  const auto found = std::ranges::find_if(dict,
                                          [&](const auto& pair) { return equal(pair.first, key); });
  return found == dict.end() ? nullptr : &found->second;
}

Value from_json(const nlohmann::json& json) {
  if (json.is_null()) return Value::Kinds(None{});
  if (json.is_boolean()) return Value::Kinds(json.get<bool>());
  if (json.is_number_integer()) return Value::Kinds(json.get<int64_t>());
  if (json.is_number()) return Value::Kinds(json.get<double>());
  if (json.is_string()) return Value::text(json.get_ref<const std::string&>());
  if (json.is_array()) {
    std::vector<Value> items;
    for (const nlohmann::json& item : json) items.push_back(from_json(item));
    return Value::list(std::move(items));
  }
  Pairs pairs;
  for (const auto& [key, value] : json.items()) {
    pairs.emplace_back(Value::text(key), from_json(value));
  }
  return Value::dict(std::move(pairs));
}

void refuse(size_t line, const std::string& what) {
  const std::string place = line ? fmt::format(", line {},", line) : "";
  fail("text.chat", fmt::format("the model's chat template{} {}. Leave --chat out, or give the "
                                "tokenizer another template.",
                                place, what));
}

}  // namespace relatum::text::jinja
