// Filters of lists.
#include <fmt/format.h>

#include <algorithm>

#include "base/printable.h"
#include "text/jinja_builtins.h"
#include "text/jinja_texts.h"

namespace relatum::text::jinja {
namespace {

/// A value's attribute "a.b.0".
Value path_of(Value value, const Call& call, const Value& path) {
  int64_t index = 0;
  if (as_int(path, index)) return item(value, path, call.budget);
  const std::string_view all = call.text_of(path).text;
  for (size_t at = 0; at <= all.size();) {
    const size_t dot = std::min(all.find('.', at), all.size());
    const std::string_view name = all.substr(at, dot - at);
    const bool number = !name.empty() && name.size() < 10 &&
                        name.find_first_not_of("0123456789") == name.npos;
    const Value key = number ? Value(Value::Kinds(int64_t(std::stoll(std::string(name)))))
                             : Value::text(name);
    value = item(value, key, call.budget);
    at = dot + 1;
  }
  return value;
}

/// select, reject, selectattr, rejectattr: by a test of each item, or whether it counts as true.
Value chosen(const Call& call) {
  if (!call.named.empty()) call.refuse("it takes no named arguments");
  const bool by_attribute = call.name.ends_with("attr"), keeps = call.name.starts_with("select");
  const size_t first = by_attribute ? 1 : 0;
  if (call.args.size() < first) call.refuse("it names no attribute");
  std::string_view test;
  std::vector<Value> args;
  if (call.args.size() > first) {
    test = call.text_of(call.args[first]).text;
    check_known("test", test, is_test(test), call.budget.line);
    args.assign(call.args.begin() + long(first) + 1, call.args.end());
  }
  std::vector<Value> kept;
  for (const Value& each : items_of(call.subject, call.budget)) {
    const Value seen = by_attribute ? path_of(each, call, call.args[0]) : each;
    call.budget.spend(64);
    const bool holds = test.empty() ? truth(seen) : call_test({test, seen, args, {}, call.budget});
    if (holds == keeps) kept.push_back(each);
  }
  return Value::list(std::move(kept));
}

/// map(attribute="a", default=b) or map("filter", its arguments).
Value mapped(const Call& call) {
  std::vector<Value> out;
  const std::vector<Value> items = items_of(call.subject, call.budget);
  if (call.args.empty()) {
    const auto args = call.bind({"attribute", "default"});
    if (args[0].undefined()) call.refuse("it names neither an attribute nor a filter");
    for (const Value& each : items) {
      const Value value = path_of(each, call, args[0]);
      out.push_back(value.undefined() && !args[1].undefined() ? args[1] : value);
    }
    return Value::list(std::move(out));
  }
  const std::string_view filter = call.text_of(call.args[0]).text;
  check_known("filter", filter, is_filter(filter), call.budget.line);
  if (filter == "map") call.refuse("it maps by itself");
  const std::vector<Value> args(call.args.begin() + 1, call.args.end());
  for (const Value& each : items) {
    call.budget.spend(64);
    out.push_back(call_filter({filter, each, args, call.named, call.budget}));
  }
  return Value::list(std::move(out));
}

Value join(const Call& call) {
  const auto args = call.bind({"d", "attribute"});
  const MarkedText between = args[0].undefined() ? MarkedText() : call.text_of(args[0]);
  MarkedText out;
  bool first = true;
  for (const Value& each : items_of(call.subject, call.budget)) {
    const Value value = args[1].undefined() ? each : path_of(each, call, args[1]);
    call.budget.spend(8 * extent(value).size + between.memory());
    if (!first) out.append(between);
    out.append(to_text(value));
    first = false;
  }
  return Value::text(std::move(out));
}

Value unique(const Call& call) {
  call.bind({});
  std::vector<Value> kept;
  for (const Value& each : items_of(call.subject, call.budget)) {
    call.budget.spend((1 + kept.size()) * (16 + extent(each).size / 16));
    const bool old = std::ranges::any_of(kept,
                                         [&](const Value& other) { return equal(other, each); });
    if (!old) kept.push_back(each);
  }
  return Value::list(std::move(kept));
}

Value pair_list(const Call& call, bool sorted) {
  call.bind({});
  const Pairs* dict = call.subject.as_dict();
  if (!dict && !(call.subject.undefined() && !sorted)) call.refuse("its value is no dict");
  Pairs pairs = dict ? *dict : Pairs();
  call.budget.spend(128 * pairs.size());
  for (const auto& [key, value] : pairs) {
    if (sorted && !key.as_text()) call.refuse("it sorts keys that are no texts");
  }
  if (sorted) {
    std::ranges::stable_sort(pairs, {},
                             [](const auto& pair) { return lower(*pair.first.as_text()).text; });
  }
  std::vector<Value> out;
  for (const auto& [key, value] : pairs) out.push_back(Value::list({key, value}));
  return Value::list(std::move(out));
}

std::vector<Value> all_items(const Call& call) {
  call.bind({});
  return items_of(call.subject, call.budget);
}

Value reversed(const Call& call) {
  std::vector<Value> items = all_items(call);
  std::ranges::reverse(items);
  if (!call.subject.as_text()) return Value::list(std::move(items));
  MarkedText out;
  for (const Value& each : items) out.append(*each.as_text());
  return Value::text(std::move(out));
}

// "first" and "last".
Value end_of(const Call& call) {
  const std::vector<Value> items = all_items(call);
  if (items.empty()) return Value::Kinds(Undefined{fmt::format("the {} of nothing", call.name)});
  return call.name == "first" ? items.front() : items.back();
}

constexpr Filter kFilters[] = {
    {"dictsort", [](const Call& call) { return pair_list(call, true); }},
    {"first", end_of},
    {"items", [](const Call& call) { return pair_list(call, false); }},
    {"join", join},
    {"last", end_of},
    {"list", [](const Call& call) { return Value::list(all_items(call)); }},
    {"map", mapped},
    {"reject", chosen},
    {"rejectattr", chosen},
    {"reverse", reversed},
    {"select", chosen},
    {"selectattr", chosen},
    {"unique", unique}};

}  // namespace

std::span<const Filter> list_filters() { return kFilters; }

}  // namespace relatum::text::jinja
