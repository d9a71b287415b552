// What chat templates may call: filters, tests, methods and functions, and what that may cost.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja_value.h"

namespace relatum::text::jinja {

/// What a template may still do, about in bytes moved: a stranger's template neither hangs nor
/// takes memory without end.
class Budget {
 public:
  explicit Budget(uint64_t most) : left_(most) {}
  /// Throws Error where nothing is left.
  void spend(uint64_t cost) {
    if (cost > left_) refuse(line, "does more than a prompt is worth");
    left_ -= cost;
  }
  size_t line = 0;  ///< where the template is being rendered

 private:
  uint64_t left_;
};

/// One call: of `subject | name(args)`, `subject.name(args)` or `subject is name(args)`.
struct Call {
  std::string_view name;
  Value subject;
  std::vector<Value> args;
  std::vector<std::pair<std::string_view, Value>> named;
  Budget& budget;

  /// The arguments in the order of `names`, undefined where absent. Throws Error for others.
  std::vector<Value> bind(std::initializer_list<std::string_view> names) const;
  [[noreturn]] void refuse(const std::string& what) const;
  /// The texts that a call needs; throws Error where they are none.
  const MarkedText& text_of(const Value& value) const;
  int64_t int_of(const Value& value) const;
};

/// Of known names.
Value call_filter(const Call& call);
Value call_method(const Call& call);
bool call_test(const Call& call);

bool is_filter(std::string_view name);
bool is_method(std::string_view name);
bool is_test(std::string_view name);
bool is_function(std::string_view name);
/// Throws Error "uses the filter 'xyz', which is not known" where it is not.
void check_known(std::string_view what, std::string_view name, bool known, size_t line);

/// What a name calls; a table of them is all there is of its kind.
template <class Function>
struct Named {
  std::string_view name;
  Function* run;
};
using Filter = Named<Value(const Call&)>;
/// nullptr where the table has no such name.
template <class Function>
const Named<Function>* find_named(std::span<const Named<Function>> table, std::string_view name) {
  for (const Named<Function>& one : table) {
    if (one.name == name) return &one;
  }
  return nullptr;
}
template <class Function, size_t N>
const Named<Function>* find_named(const Named<Function> (&table)[N], std::string_view name) {
  return find_named(std::span<const Named<Function>>(table), name);
}
/// Those of lists: first, last, list, join, map, select …
std::span<const Filter> list_filters();

/// "+", "-", "*", "/", "//", "%", "**" and "~".
Value binary(std::string_view op, const Value& a, const Value& b, Budget& budget);
/// "==", "!=", "<", "<=", ">", ">=", "in" and "not in".
bool compare(std::string_view op, const Value& a, const Value& b, Budget& budget);
/// Object.name, and object[key]; undefined where there is none, Error where the object is.
Value attribute(const Value& object, std::string_view name, Budget& budget);
Value item(const Value& object, const Value& key, Budget& budget);
/// object[start:stop:step], each None where left out.
Value slice(const Value& object, std::span<const Value> places, Budget& budget);
/// What a loop goes over: a list's items, a dict's keys, a text's characters.
std::vector<Value> items_of(const Value& value, Budget& budget);

}  // namespace relatum::text::jinja
