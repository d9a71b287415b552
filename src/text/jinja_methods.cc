// Methods of texts, dicts and loops, and tests.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "text/jinja_builtins.h"
#include "text/jinja_texts.h"

namespace relatum::text::jinja {
namespace {

constexpr std::string_view kFunctions[] = {"dict", "namespace", "raise_exception", "range",
                                           "strftime_now"};

bool at_end(const std::string& text, const Value& part, const Call& call) {
  const std::string& other = call.text_of(part).text;
  return call.name == "startswith" ? text.starts_with(other) : text.ends_with(other);
}

Value ends_with(const MarkedText& text, const Call& call) {
  const auto args = call.bind({"part"});
  const auto* several = args[0].as_list();
  if (!several) return Value::Kinds(at_end(text.text, args[0], call));
  return Value::Kinds(std::ranges::any_of(
      *several, [&](const Value& part) { return at_end(text.text, part, call); }));
}

Value without_end(const MarkedText& text, const Call& call) {
  const auto args = call.bind({"part"});
  const std::string& part = call.text_of(args[0]).text;
  const size_t size = text.text.size();
  if (call.name == "removeprefix") {
    return Value::text(text.slice(text.text.starts_with(part) ? part.size() : 0, size));
  }
  return Value::text(text.slice(0, size - (text.text.ends_with(part) ? part.size() : 0)));
}

Value split_text(const MarkedText& text, const Call& call) {
  const auto args = call.bind({"sep", "maxsplit"});
  const bool spaces = args[0].undefined() || args[0].none();
  const MarkedText* separator = spaces ? nullptr : &call.text_of(args[0]);
  if (separator && separator->text.empty()) call.refuse("its separator is empty");
  const int64_t most = args[1].undefined() ? -1 : call.int_of(args[1]);
  return Value::list(split(text, separator, most, call.budget));
}

Value find_in(const MarkedText& text, const Call& call) {
  const auto args = call.bind({"part"});
  const size_t found = find_part(text.text, call.text_of(args[0]).text, 0, call.budget);
  if (found == std::string::npos) return Value::Kinds(int64_t{-1});
  return Value::Kinds(utf8_length(std::string_view(text.text).substr(0, found)));
}

Value strip_text(const MarkedText& text, const Call& call) {
  const auto args = call.bind({"chars"});
  const bool spaces = args[0].undefined() || args[0].none();
  const Ends ends{call.name != "rstrip", call.name != "lstrip"};
  return Value::text(stripped(text, spaces ? nullptr : &call.text_of(args[0]), ends));
}

Value title(const MarkedText& text, const Call& call) {
  call.bind({});
  call.budget.spend(64 * text.text.size());
  return Value::text(titled(text));
}

Value replace_in(const MarkedText&, const Call& call) {
  return call_filter({call.name, call.subject, call.args, {}, call.budget});
}

Value join_by(const MarkedText&, const Call& call) {
  const auto args = call.bind({"items"});
  return call_filter({call.name, args[0], {call.subject}, {}, call.budget});
}

// A method that is a filter of that name.
template <class Subject>
Value as_filter(const Subject&, const Call& call) {
  return call_filter(call);
}

using TextMethod = Named<Value(const MarkedText&, const Call&)>;
constexpr TextMethod kTextMethods[] = {{"capitalize", as_filter},
                                       {"endswith", ends_with},
                                       {"find", find_in},
                                       {"join", join_by},
                                       {"lower", as_filter},
                                       {"lstrip", strip_text},
                                       {"removeprefix", without_end},
                                       {"removesuffix", without_end},
                                       {"replace", replace_in},
                                       {"rstrip", strip_text},
                                       {"split", split_text},
                                       {"startswith", ends_with},
                                       {"strip", strip_text},
                                       {"title", title},
                                       {"upper", as_filter}};

Value get(const Pairs& dict, const Call& call) {
  const auto args = call.bind({"key", "default"});
  if (const Value* found = find(dict, args[0])) return *found;
  return args[1].undefined() ? Value::Kinds(None{}) : args[1];
}

// "keys" and "values".
Value half(const Pairs& dict, const Call& call) {
  call.bind({});
  std::vector<Value> out;
  for (const auto& [key, value] : dict) out.push_back(call.name == "keys" ? key : value);
  return Value::list(std::move(out));
}

using DictMethod = Named<Value(const Pairs&, const Call&)>;
constexpr DictMethod kDictMethods[] = {
    {"get", get}, {"items", as_filter}, {"keys", half}, {"values", half}};

Value cycle(const Loop& loop, const Call& call) {
  if (call.args.empty()) call.refuse("it has nothing to choose from");
  return call.args[size_t(loop.index0) % call.args.size()];
}

using LoopMethod = Named<Value(const Loop&, const Call&)>;
constexpr LoopMethod kLoopMethods[] = {{"cycle", cycle}};

// Runs a method of a subject of that kind.
template <class Subject, class Table>
Value run_method(const Subject& subject, const Table& table, const Call& call, uint64_t cost) {
  call.budget.spend(cost);
  if (const auto* method = find_named(table, call.name)) return method->run(subject, call);
  call.refuse(fmt::format("a {} has no such method", call.subject.kind()));
}

bool is_flag(const Value& value) { return value.get_if<bool>(); }
bool is_sequence(const Value& value) {
  return value.as_list() || value.as_dict() || value.as_text() || value.undefined();
}

using KindTest = Named<bool(const Value&)>;
constexpr KindTest
    kKindTests[] = {{"boolean", is_flag},
                    {"callable", [](const Value& v) -> bool { return v.get_if<Function>(); }},
                    {"defined", [](const Value& v) { return !v.undefined(); }},
                    {"false", [](const Value& v) { return is_flag(v) && !truth(v); }},
                    {"float", [](const Value& v) -> bool { return v.get_if<double>(); }},
                    {"integer",
                     [](const Value& v) {
  int64_t number = 0;
  return !is_flag(v) && as_int(v, number);
                     }},
                    {"iterable", is_sequence},
                    {"mapping", [](const Value& v) -> bool { return v.as_dict(); }},
                    {"none", [](const Value& v) { return v.none(); }},
                    {"number",
                     [](const Value& v) {
  double number = 0;
  return as_number(v, number);
                     }},
    {"sequence", is_sequence}, {"string", [](const Value& v) -> bool { return v.as_text(); }},
    {"true", [](const Value& v) { return is_flag(v) && truth(v); }},
    {"undefined", [](const Value& v) { return v.undefined(); }}};

bool divides(const Call& call) {
  const auto args = call.bind({"number"});
  const Value two{Value::Kinds(int64_t{2})};
  const Value rest = binary("%", call.subject, call.name == "divisibleby" ? args[0] : two,
                            call.budget);
  return truth(rest) == (call.name == "odd");
}

constexpr std::string_view kDivisions[] = {"divisibleby", "even", "odd"};

// Tests of two values, and the operators that they stand for.
constexpr std::pair<std::string_view, std::string_view> kComparisons[] = {
    {"eq", "=="}, {"equalto", "=="}, {"==", "=="},      {"ne", "!="},
    {"!=", "!="}, {"lt", "<"},       {"lessthan", "<"}, {"<", "<"},
    {"le", "<="}, {"<=", "<="},      {"gt", ">"},       {"greaterthan", ">"},
    {">", ">"},   {"ge", ">="},      {">=", ">="},      {"in", "in"}};

std::string_view operator_of(std::string_view test) {
  for (const auto& [name, op] : kComparisons) {
    if (name == test) return op;
  }
  return "";
}

bool is_division(std::string_view test) {
  return std::ranges::find(kDivisions, test) != std::end(kDivisions);
}

}  // namespace

Value call_method(const Call& call) {
  if (const MarkedText* text = call.subject.as_text()) {
    return run_method(*text, kTextMethods, call, 4 * text->memory());
  }
  if (const Pairs* dict = call.subject.as_dict()) {
    return run_method(*dict, kDictMethods, call, 128 * dict->size() + 8);
  }
  if (const auto* loop = call.subject.get_if<std::shared_ptr<const Loop>>()) {
    return run_method(**loop, kLoopMethods, call, 8);
  }
  if (call.subject.undefined()) return attribute(call.subject, call.name, call.budget);
  call.refuse(fmt::format("a {} has no such method", call.subject.kind()));
}

bool call_test(const Call& call) {
  if (const std::string_view op = operator_of(call.name); !op.empty()) {
    const auto args = call.bind({"other"});
    return compare(op, call.subject, args[0], call.budget);
  }
  if (is_division(call.name)) return divides(call);
  call.bind({});
  return find_named(kKindTests, call.name)->run(call.subject);
}

bool is_method(std::string_view name) {
  return find_named(kTextMethods, name) || find_named(kDictMethods, name) ||
         find_named(kLoopMethods, name);
}
bool is_test(std::string_view name) {
  return !operator_of(name).empty() || is_division(name) || find_named(kKindTests, name);
}
bool is_function(std::string_view name) {
  return std::ranges::find(kFunctions, name) != std::end(kFunctions);
}

}  // namespace relatum::text::jinja
