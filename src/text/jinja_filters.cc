// Filters of single values; what a call's arguments are bound to.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/printable.h"
#include "base/utf8.h"
#include "text/jinja_builtins.h"
#include "text/jinja_texts.h"

namespace relatum::text::jinja {
namespace {

MarkedText text_of(const Call& call) {
  call.budget.spend(8 * extent(call.subject).size);
  return to_text(call.subject);
}

Value length(const Call& call) {
  call.bind({});
  const Value& value = call.subject;
  size_t size = 0;
  if (const MarkedText* text = value.as_text()) size = size_t(utf8_length(text->text));
  else if (const auto* list = value.as_list()) size = list->size();
  else if (const Pairs* dict = value.as_dict()) size = dict->size();
  else if (!value.undefined()) call.refuse(fmt::format("a {} has no length", value.kind()));
  return Value::Kinds(int64_t(size));
}

Value tojson(const Call& call) {
  const auto args = call.bind({"ensure_ascii", "indent", "separators", "sort_keys"});
  if (truth(args[0])) call.refuse("ensure_ascii is set, which is not known");
  if (truth(args[3])) call.refuse("sort_keys is set, which is not known");
  JsonStyle style;
  if (!args[1].undefined() && !args[1].none()) {
    style.indent = std::clamp<int64_t>(call.int_of(args[1]), 0, 16);
    style.item = std::string(",");
  }
  if (const auto* separators = args[2].as_list(); separators && separators->size() == 2) {
    style.item = call.text_of((*separators)[0]).text;
    style.key = call.text_of((*separators)[1]).text;
  } else if (!args[2].undefined() && !args[2].none()) {
    call.refuse("its separators are no two texts");
  }
  // An escape has ten letters at most; separators and indents stand once for each value.
  const uint64_t around = style.item.size() + style.key.size() +
                          uint64_t(std::max<int64_t>(style.indent, 0)) * 64;
  call.budget.spend(std::min(extent(call.subject).size, uint64_t{1} << 32) * (10 + around / 16));
  return Value::text(to_json(call.subject, style));
}

Value indent(const Call& call) {
  const auto args = call.bind({"width", "first", "blank"});
  const int64_t width = args[0].undefined() ? 4 : call.int_of(args[0]);
  const bool first = truth(args[1]), blank = truth(args[2]);
  const MarkedText text = text_of(call);
  const std::string space(size_t(std::clamp<int64_t>(width, 0, 64)), ' ');
  MarkedText out;
  for (size_t at = 0, line = 0; at <= text.text.size(); ++line) {
    const size_t end = std::min(text.text.find('\n', at), text.text.size());
    const bool indented = line == 0 ? first : blank || end > at;
    call.budget.spend(16 + end - at);
    if (indented) out.append(space);
    out.append(text, at, std::min(end + 1, text.text.size()));
    at = end + 1;
  }
  return Value::text(std::move(out));
}

Value to_int(const Call& call) {
  const auto args = call.bind({"default"});
  int64_t number = 0;
  double real = 0;
  if (as_int(call.subject, number)) return Value::Kinds(number);
  if (as_number(call.subject, real) && std::abs(real) < 1e18) return Value::Kinds(int64_t(real));
  const MarkedText* text = call.subject.as_text();
  if (text && !text->text.empty() && text->text.size() < 19 &&
      text->text.find_first_not_of("0123456789") == std::string::npos) {
    return Value::Kinds(int64_t(std::stoll(text->text)));
  }
  return args[0].undefined() ? Value::Kinds(int64_t{0}) : args[0];
}

Value absolute(const Call& call) {
  call.bind({});
  int64_t number = 0;
  double real = 0;
  if (as_int(call.subject, number) && number > std::numeric_limits<int64_t>::min()) {
    return Value::Kinds(std::abs(number));
  }
  if (!as_number(call.subject, real)) call.refuse("its value is no number");
  return Value::Kinds(std::abs(real));
}

Value replace(const Call& call) {
  const auto args = call.bind({"old", "new", "count"});
  const MarkedText &old = call.text_of(args[0]), &now = call.text_of(args[1]);
  const int64_t most = args[2].undefined() || args[2].none() ? -1 : call.int_of(args[2]);
  if (old.text.empty()) call.refuse("it replaces an empty text");
  return Value::text(replaced(text_of(call), old, now, most, call.budget));
}

Value trim(const Call& call) {
  const auto args = call.bind({"chars"});
  const MarkedText* chars = args[0].undefined() || args[0].none() ? nullptr
                                                                  : &call.text_of(args[0]);
  return Value::text(stripped(text_of(call), chars, {}));
}

Value or_default(const Call& call) {
  const auto args = call.bind({"default_value", "boolean"});
  const bool takes = call.subject.undefined() || (truth(args[1]) && !truth(call.subject));
  if (!takes) return call.subject;
  return args[0].undefined() && call.args.empty() ? Value::text("") : args[0];
}

// A text as another text.
template <class Change>
Value changed(const Call& call, const Change& change) {
  call.bind({});
  return Value::text(change(text_of(call)));
}

Value as_it_is(const Call& call) {
  return changed(call, [](MarkedText text) { return text; });
}

constexpr Filter kFilters[] = {
    {"abs", absolute},
    {"capitalize", [](const Call& call) { return changed(call, capitalized); }},
    {"count", length},
    {"d", or_default},
    {"default", or_default},
    {"indent", indent},
    {"int", to_int},
    {"length", length},
    {"lower", [](const Call& call) { return changed(call, lower); }},
    {"replace", replace},
    {"safe", as_it_is},
    {"string", as_it_is},
    {"tojson", tojson},
    {"trim", trim},
    {"upper", [](const Call& call) { return changed(call, upper); }}};

const Filter* find_filter(std::string_view name) {
  const Filter* found = find_named(kFilters, name);
  return found ? found : find_named(list_filters(), name);
}

}  // namespace

std::vector<Value> Call::bind(std::initializer_list<std::string_view> names) const {
  if (args.size() > names.size()) {
    refuse(fmt::format("it has {} arguments, {} at most are known", args.size(), names.size()));
  }
  std::vector<Value> bound = args;
  bound.resize(names.size());
  for (const auto& [key, value] : named) {
    const auto found = std::ranges::find(names, key);
    if (found == names.end()) refuse(fmt::format("its argument '{}' is not known", key));
    bound[size_t(found - names.begin())] = value;
  }
  return bound;
}

void Call::refuse(const std::string& what) const {
  jinja::refuse(budget.line, fmt::format("uses '{}' in a way that is not known: {}", name, what));
}

const MarkedText& Call::text_of(const Value& value) const {
  if (const MarkedText* text = value.as_text()) return *text;
  refuse(fmt::format("it takes a text, not a {}", value.kind()));
}

int64_t Call::int_of(const Value& value) const {
  int64_t number = 0;
  if (!as_int(value, number)) refuse(fmt::format("it takes an integer, not a {}", value.kind()));
  return number;
}

Value call_filter(const Call& call) { return find_filter(call.name)->run(call); }

bool is_filter(std::string_view name) { return find_filter(name) != nullptr; }

void check_known(std::string_view what, std::string_view name, bool known, size_t line) {
  if (known) return;
  refuse(line, fmt::format("uses the {} '{}', which is not known", what, printable_start(name)));
}

}  // namespace relatum::text::jinja
