// The values of chat templates: Python's, as far as templates use them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "text/marked_text.h"

namespace relatum::text::jinja {

class Value;
using Pairs = std::vector<std::pair<Value, Value>>;
/// Variables by name.
using Variables = std::map<std::string, Value, std::less<>>;

/// What a name stands for that nobody set: prints nothing, counts as false.
struct Undefined {
  std::string name;
};
struct None {};
/// One of the functions that templates may call: range, namespace, dict, raise_exception.
struct Function {
  std::string name;
};
struct List;
struct Dict;
struct Namespace;
struct Loop;

/// A value is cheap to copy: texts and containers are shared and never changed, but for
/// namespaces, whose members are set.
class Value {
 public:
  using Text = std::shared_ptr<const MarkedText>;
  using Kinds = std::variant<Undefined, None, bool, int64_t, double, Text,
                             std::shared_ptr<const List>, std::shared_ptr<const Dict>,
                             std::shared_ptr<Namespace>, std::shared_ptr<const Loop>, Function>;

  Value() = default;
  Value(Kinds value) : value_(std::move(value)) {}

  static Value text(std::string_view plain) { return text(MarkedText{std::string(plain), {}}); }
  static Value text(MarkedText text) {
    return Kinds(std::make_shared<const MarkedText>(std::move(text)));
  }
  /// Throws Error where they are nested too deep, or hold what no container may hold.
  static Value list(std::vector<Value> items);
  static Value dict(Pairs pairs);

  /// nullptr where the value is of another kind.
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&value_);
  }
  const MarkedText* as_text() const {
    const Text* text = get_if<Text>();
    return text ? text->get() : nullptr;
  }
  const std::vector<Value>* as_list() const;
  const Pairs* as_dict() const;
  bool undefined() const { return get_if<Undefined>(); }
  bool none() const { return get_if<None>(); }
  /// For messages, as Python names types: "str", "dict", …
  std::string_view kind() const;

 private:
  Kinds value_;
};

/// How deep containers lie within a value, and about how many bytes all that is in it takes when it
/// is written out: one value may stand in many places.
struct Extent {
  int depth = 0;
  uint64_t size = 16;
};
Extent extent(const Value& value);

struct List {
  std::vector<Value> items;
  Extent extent;
};
struct Dict {
  Pairs pairs;
  Extent extent;
};
struct Namespace {
  Variables members;
};
/// A loop's state in one of its rounds.
struct Loop {
  int64_t index0 = 0, length = 0;
  Value previous, next;
};

/// A number as Python sees it in sums: true counts as 1.
bool as_int(const Value& value, int64_t& number);
bool as_number(const Value& value, double& number);

/// Whether an `if` takes it.
bool truth(const Value& value);
/// Python's ==.
bool equal(const Value& a, const Value& b);
/// The member of a dict; nullptr where it has none.
const Value* find(const Pairs& dict, const Value& key);

/// What str() gives; texts keep their marks.
MarkedText to_text(const Value& value);
/// How JSON is written (Python's json.dumps with ensure_ascii off).
struct JsonStyle {
  int64_t indent = -1;  ///< negative: one line
  std::string item = ", ", key = ": ";
};
/// Throws Error for what JSON cannot hold.
MarkedText to_json(const Value& value, const JsonStyle& style);

/// Strings, numbers, lists and objects; nothing in them comes from data.
Value from_json(const nlohmann::json& json);

/// Throws Error: "the model's chat template …". `line` 0: no place in it.
[[noreturn]] void refuse(size_t line, const std::string& what);

}  // namespace relatum::text::jinja
