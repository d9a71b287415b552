// Arithmetic, comparison, members and slices, by Python's rules.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/utf8.h"
#include "text/jinja_builtins.h"
#include "text/jinja_texts.h"

namespace relatum::text::jinja {
namespace {

[[noreturn]] void no_operator(std::string_view op, const Value& a, const Value& b,
                              const Budget& budget) {
  std::string names = fmt::format("'{}' of {} and {}", op, a.kind(), b.kind());
  for (const Value* value : {&a, &b}) {
    const auto* undefined = value->get_if<Undefined>();
    if (undefined) names += fmt::format("; '{}' is undefined", undefined->name);
  }
  refuse(budget.line, "computes " + names);
}

Value integers(std::string_view op, int64_t a, int64_t b, const Budget& budget) {
  int64_t result = 0;
  bool fits = true;
  if (op == "+") {
    fits = !__builtin_add_overflow(a, b, &result);
  } else if (op == "-") {
    fits = !__builtin_sub_overflow(a, b, &result);
  } else if (op == "*") {
    fits = !__builtin_mul_overflow(a, b, &result);
  } else if (b == 0) {
    refuse(budget.line, "divides by zero");
  } else if (b == -1) {
    fits = op == "%" || !__builtin_sub_overflow(int64_t{0}, a, &result);
  } else {  // rounded down, and the rest has the divisor's sign
    const int64_t rest = a % b, shift = rest != 0 && (rest < 0) != (b < 0) ? 1 : 0;
    result = op == "%" ? rest + shift * b : a / b - shift;
  }
  if (!fits) refuse(budget.line, "computes an integer that is too large");
  return Value::Kinds(result);
}

Value reals(std::string_view op, double a, double b, const Budget& budget) {
  if (op == "+") return Value::Kinds(a + b);
  if (op == "-") return Value::Kinds(a - b);
  if (op == "*") return Value::Kinds(a * b);
  if (op == "**") return Value::Kinds(std::pow(a, b));
  if (b == 0) refuse(budget.line, "divides by zero");
  if (op == "/") return Value::Kinds(a / b);
  const double down = std::floor(a / b);
  return Value::Kinds(op == "//" ? down : a - down * b);
}

/// The n-th power of an integer, n >= 0.
Value power(int64_t base, int64_t n, const Budget& budget) {
  if (n > 64 && (base > 1 || base < -1)) {
    refuse(budget.line, "computes an integer that is too large");
  }
  const int64_t odd = n % 2;
  if (n > 64) n = 64 + odd;
  Value result{Value::Kinds(int64_t{1})};
  for (; n > 0; --n) result = integers("*", *result.get_if<int64_t>(), base, budget);
  return result;
}

Value repeated(const Value& value, int64_t count, Budget& budget) {
  const uint64_t times = uint64_t(std::max<int64_t>(count, 0));
  const uint64_t each = std::min<uint64_t>(extent(value).size, uint64_t{1} << 32);
  budget.spend(std::min(times, uint64_t{1} << 31) * each);
  if (const MarkedText* text = value.as_text()) {
    MarkedText out;
    for (uint64_t i = 0; i < times; ++i) out.append(*text);
    return Value::text(std::move(out));
  }
  std::vector<Value> out;
  for (uint64_t i = 0; i < times; ++i) {
    out.insert(out.end(), value.as_list()->begin(), value.as_list()->end());
  }
  return Value::list(std::move(out));
}

Value concatenated(const MarkedText& a, const MarkedText& b, Budget& budget) {
  budget.spend(a.memory() + b.memory());
  MarkedText out = a;
  out.append(b);
  return Value::text(std::move(out));
}

Value joined(const std::vector<Value>& a, const std::vector<Value>& b, Budget& budget) {
  budget.spend((a.size() + b.size()) * sizeof(Value));
  std::vector<Value> out = a;
  out.insert(out.end(), b.begin(), b.end());
  return Value::list(std::move(out));
}

bool less(std::string_view op, const Value& a, const Value& b, const Budget& budget) {
  double left = 0, right = 0;
  int order = 0;
  if (as_number(a, left) && as_number(b, right)) {
    order = left < right ? -1 : left > right ? 1 : 0;
  } else if (a.as_text() && b.as_text()) {
    order = a.as_text()->text.compare(b.as_text()->text);
  } else {
    no_operator(op, a, b, budget);
  }
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  return op == ">" ? order > 0 : order >= 0;
}

bool contains(const Value& container, const Value& value, Budget& budget) {
  budget.spend(extent(container).size + extent(value).size);
  if (const MarkedText* text = container.as_text()) {
    const MarkedText* part = value.as_text();
    if (!part) no_operator("in", value, container, budget);
    return find_part(text->text, part->text, 0, budget) != std::string::npos;
  }
  if (const auto* list = container.as_list()) {
    return std::ranges::any_of(*list, [&](const Value& each) {
      budget.spend(std::min(extent(each).size, extent(value).size));
      return equal(each, value);
    });
  }
  if (const Pairs* dict = container.as_dict()) return find(*dict, value) != nullptr;
  if (container.undefined()) return false;
  no_operator("in", value, container, budget);
}

Value loop_member(const Loop& loop, std::string_view name) {
  const auto number = [](int64_t value) { return Value(Value::Kinds(value)); };
  if (name == "index0") return number(loop.index0);
  if (name == "index") return number(loop.index0 + 1);
  if (name == "length") return number(loop.length);
  if (name == "revindex") return number(loop.length - loop.index0);
  if (name == "revindex0") return number(loop.length - loop.index0 - 1);
  if (name == "first") return Value::Kinds(loop.index0 == 0);
  if (name == "last") return Value::Kinds(loop.index0 + 1 == loop.length);
  if (name == "depth") return number(1);  // counts recursive loops alone, which are refused
  if (name == "depth0") return number(0);
  if (name == "previtem") return loop.previous;
  if (name == "nextitem") return loop.next;
  return Value::Kinds(Undefined{"loop." + std::string(name)});
}

/// Python's slice.indices(): where a slice begins and ends in `size` items.
struct Steps {
  int64_t start, stop, step;
};

Steps steps_of(std::span<const Value> places, int64_t size, const Budget& budget) {
  const auto number = [&](const Value& value, int64_t fallback) {
    int64_t result = fallback;
    if (!value.none() && !as_int(value, result)) {
      refuse(budget.line, fmt::format("slices by a {}", value.kind()));
    }
    return result;
  };
  const int64_t step = number(places[2], 1);
  if (step == 0) refuse(budget.line, "has a slice of step 0");
  const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  const auto place = [&](const Value& value, int64_t fallback) {
    if (value.none()) return fallback;
    const int64_t at = std::clamp(number(value, 0), -size - 1, size);
    return std::clamp(at < 0 ? at + size : at, low, high);
  };
  return {place(places[0], step > 0 ? low : high), place(places[1], step > 0 ? high : low),
          std::clamp(step, -size - 1, size + 1)};
}

}  // namespace

Value binary(std::string_view op, const Value& a, const Value& b, Budget& budget) {
  if (op == "~") {
    budget.spend(8 * extent(a).size);
    budget.spend(8 * extent(b).size);
    return concatenated(to_text(a), to_text(b), budget);
  }
  int64_t i = 0, j = 0;
  const bool whole = as_int(a, i) && as_int(b, j);
  if (whole && op == "**" && j >= 0) return power(i, j, budget);
  if (whole && op != "/" && op != "**") return integers(op, i, j, budget);
  double x = 0, y = 0;
  if (as_number(a, x) && as_number(b, y)) return reals(op, x, y, budget);
  if (op == "+" && a.as_text() && b.as_text()) {
    return concatenated(*a.as_text(), *b.as_text(), budget);
  }
  if (op == "+" && a.as_list() && b.as_list()) return joined(*a.as_list(), *b.as_list(), budget);
  if (op == "*" && (a.as_text() || a.as_list()) && as_int(b, j)) return repeated(a, j, budget);
  if (op == "*" && (b.as_text() || b.as_list()) && as_int(a, i)) return repeated(b, i, budget);
  if (op == "%" && a.as_text()) refuse(budget.line, "formats a text by '%', which is not known");
  no_operator(op, a, b, budget);
}

bool compare(std::string_view op, const Value& a, const Value& b, Budget& budget) {
  if (op == "in") return contains(b, a, budget);
  if (op == "not in") return !contains(b, a, budget);
  budget.spend(std::min(extent(a).size, extent(b).size));
  if (op == "==") return equal(a, b);
  if (op == "!=") return !equal(a, b);
  return less(op, a, b, budget);
}

Value attribute(const Value& object, std::string_view name, Budget& budget) {
  if (const auto* undefined = object.get_if<Undefined>()) {
    refuse(budget.line,
           fmt::format("asks for '{}' of '{}', which is undefined", name, undefined->name));
  }
  if (const Pairs* dict = object.as_dict()) {
    budget.spend(8 * dict->size() + extent(object).size / 32);
    if (const Value* found = find(*dict, Value::text(name))) return *found;
  } else if (const auto* space = object.get_if<std::shared_ptr<Namespace>>()) {
    const auto found = (*space)->members.find(name);
    if (found != (*space)->members.end()) return found->second;
  } else if (const auto* loop = object.get_if<std::shared_ptr<const Loop>>()) {
    return loop_member(**loop, name);
  }
  return Value::Kinds(Undefined{std::string(name)});
}

Value item(const Value& object, const Value& key, Budget& budget) {
  int64_t index = 0;
  const MarkedText* text = object.as_text();
  const auto* list = object.as_list();
  if ((list || text) && as_int(key, index)) {
    const int64_t size = list ? int64_t(list->size()) : utf8_length(text->text);
    if (text) budget.spend(text->text.size() / 16);
    if (index < 0) index += size;
    if (index < 0 || index >= size) return Value::Kinds(Undefined{"an item behind the last"});
    if (list) return (*list)[size_t(index)];
    const size_t begin = utf8_offset(text->text, index);
    return Value::text(text->slice(begin, begin + utf8_at(text->text, begin).size));
  }
  if (const Pairs* dict = object.as_dict()) {
    budget.spend(8 * dict->size() + extent(object).size / 32);
    const Value* found = find(*dict, key);
    if (found) return *found;
  }
  if (const MarkedText* name = key.as_text()) {
    if (!object.as_dict()) return attribute(object, name->text, budget);
    return Value::Kinds(Undefined{name->text});
  }
  if (object.undefined()) return attribute(object, "an item", budget);
  return Value::Kinds(Undefined{"an item"});
}

Value slice(const Value& object, std::span<const Value> places, Budget& budget) {
  const MarkedText* text = object.as_text();
  if (!text && !object.as_list()) {
    refuse(budget.line, fmt::format("takes a slice of a {}", object.kind()));
  }
  if (text && (places[2].none() || equal(places[2], Value::Kinds(int64_t{1})))) {
    budget.spend(3 * text->memory());
    const Steps steps = steps_of(places, utf8_length(text->text), budget);
    const size_t begin = utf8_offset(text->text, steps.start);
    return Value::text(text->slice(begin, std::max(begin, utf8_offset(text->text, steps.stop))));
  }
  const std::vector<Value> items = items_of(object, budget);
  const Steps steps = steps_of(places, int64_t(items.size()), budget);
  std::vector<Value> taken;
  for (int64_t at = steps.start; steps.step > 0 ? at < steps.stop : at > steps.stop;
       at += steps.step) {
    taken.push_back(items[size_t(at)]);
  }
  if (!text) return Value::list(std::move(taken));
  MarkedText out;
  for (const Value& each : taken) out.append(*each.as_text());
  return Value::text(std::move(out));
}

std::vector<Value> items_of(const Value& value, Budget& budget) {
  std::vector<Value> items;
  if (const auto* list = value.as_list()) {
    budget.spend(list->size() * sizeof(Value));
    return *list;
  }
  if (const Pairs* dict = value.as_dict()) {
    budget.spend(dict->size() * sizeof(Value));
    for (const auto& [key, each] : *dict) items.push_back(key);
  } else if (const MarkedText* text = value.as_text()) {
    for (size_t at = 0; at < text->text.size();) {
      const size_t size = utf8_at(text->text, at).size;
      budget.spend(128);
      items.push_back(Value::text(text->slice(at, at + size)));
      at += size;
    }
  } else if (!value.undefined()) {
    refuse(budget.line, fmt::format("goes over a {}", value.kind()));
  }
  return items;
}

}  // namespace relatum::text::jinja
