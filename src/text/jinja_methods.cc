// Methods of texts, dicts and loops, and tests.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "text/jinja_builtins.h"
#include "text/jinja_texts.h"

namespace relatum::text::jinja {
namespace {

constexpr std::string_view kMethods[] = {
    "capitalize", "cycle", "endswith", "find",         "get",   "items",        "join",
    "keys",       "lower", "lstrip",   "replace",      "split", "removeprefix", "rstrip",
    "startswith", "strip", "title",    "removesuffix", "upper", "values"};
constexpr std::string_view kTests[] = {
    "boolean",  "callable", "defined",  "divisibleby", "eq",      "equalto",   "even",
    "false",    "float",    "ge",       "greaterthan", "gt",      "in",        "integer",
    "iterable", "le",       "lessthan", "lt",          "mapping", "ne",        "none",
    "number",   "odd",      "sequence", "string",      "true",    "undefined", "==",
    "!=",       "<",        "<=",       ">",           ">="};
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

Value text_method(const MarkedText& text, const Call& call) {
  const std::string_view name = call.name;
  call.budget.spend(4 * text.memory());
  if (name.ends_with("strip")) {
    const auto args = call.bind({"chars"});
    const bool spaces = args[0].undefined() || args[0].none();
    const Ends ends{name != "rstrip", name != "lstrip"};
    return Value::text(stripped(text, spaces ? nullptr : &call.text_of(args[0]), ends));
  }
  if (name == "startswith" || name == "endswith") return ends_with(text, call);
  if (name.starts_with("remove")) return without_end(text, call);
  if (name == "split") return split_text(text, call);
  if (name == "find") return find_in(text, call);
  if (name == "title") {
    call.bind({});
    call.budget.spend(64 * text.text.size());
    return Value::text(titled(text));
  }
  if (name == "replace") return call_filter({name, call.subject, call.args, {}, call.budget});
  if (name == "join") {
    const auto args = call.bind({"items"});
    return call_filter({name, args[0], {call.subject}, {}, call.budget});
  }
  if (name == "upper" || name == "lower" || name == "capitalize") return call_filter(call);
  call.refuse("a str has no such method");
}

Value dict_method(const Pairs& dict, const Call& call) {
  call.budget.spend(128 * dict.size() + 8);
  if (call.name == "items") return call_filter(call);
  if (call.name == "get") {
    const auto args = call.bind({"key", "default"});
    if (const Value* found = find(dict, args[0])) return *found;
    return args[1].undefined() ? Value::Kinds(None{}) : args[1];
  }
  if (call.name != "keys" && call.name != "values") call.refuse("a dict has no such method");
  call.bind({});
  std::vector<Value> out;
  for (const auto& [key, value] : dict) out.push_back(call.name == "keys" ? key : value);
  return Value::list(std::move(out));
}

bool is_kind(const Value& value, std::string_view name) {
  int64_t integer = 0;
  double number = 0;
  const bool flag = value.get_if<bool>(), list = value.as_list(), dict = value.as_dict();
  if (name == "defined") return !value.undefined();
  if (name == "undefined") return value.undefined();
  if (name == "none") return value.none();
  if (name == "boolean") return flag;
  if (name == "true" || name == "false") return flag && truth(value) == (name == "true");
  if (name == "string") return value.as_text();
  if (name == "number") return as_number(value, number);
  if (name == "integer") return !flag && as_int(value, integer);
  if (name == "float") return value.get_if<double>();
  if (name == "mapping") return dict;
  if (name == "callable") return value.get_if<Function>();
  return list || dict || value.as_text() || value.undefined();  // iterable, sequence
}

/// The operator that a test of two values stands for; empty for other tests.
std::string_view operator_of(std::string_view test) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"eq", "=="}, {"equalto", "=="},    {"ne", "!="}, {"lt", "<"},  {"lessthan", "<"},
      {"le", "<="}, {"greaterthan", ">"}, {"gt", ">"},  {"ge", ">="}, {"in", "in"}};
  for (const auto& [name, op] : kNames) {
    if (name == test) return op;
  }
  return test.find_first_of("=<>") == test.npos ? "" : test;
}

}  // namespace

Value call_method(const Call& call) {
  if (const MarkedText* text = call.subject.as_text()) return text_method(*text, call);
  if (const Pairs* dict = call.subject.as_dict()) return dict_method(*dict, call);
  const auto* loop = call.subject.get_if<std::shared_ptr<const Loop>>();
  if (loop && call.name == "cycle" && !call.args.empty()) {
    return call.args[size_t((*loop)->index0) % call.args.size()];
  }
  if (call.subject.undefined()) return attribute(call.subject, call.name, call.budget);
  call.refuse(fmt::format("a {} has no such method", call.subject.kind()));
}

bool call_test(const Call& call) {
  if (const std::string_view op = operator_of(call.name); !op.empty()) {
    const auto args = call.bind({"other"});
    return compare(op, call.subject, args[0], call.budget);
  }
  if (call.name == "odd" || call.name == "even" || call.name == "divisibleby") {
    const auto args = call.bind({"number"});
    const Value two{Value::Kinds(int64_t{2})};
    const Value rest = binary("%", call.subject, call.name == "divisibleby" ? args[0] : two,
                              call.budget);
    return truth(rest) == (call.name == "odd");
  }
  call.bind({});
  return is_kind(call.subject, call.name);
}

std::span<const std::string_view> method_names() { return kMethods; }
std::span<const std::string_view> test_names() { return kTests; }
std::span<const std::string_view> function_names() { return kFunctions; }

}  // namespace relatum::text::jinja
